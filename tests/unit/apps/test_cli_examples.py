"""The examples in the commands' help."""

from __future__ import annotations

import shlex

import pytest
import typer

from mergecells.apps.cli.examples import EXAMPLES
from mergecells.apps.cli.main import build_app, run


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_example_of_a_command_is_one_that_the_command_line_takes(line: str) -> None:
    """Every option and argument of an example exists and has a value of the right kind."""
    program, name, *arguments = shlex.split(line)
    assert program == "mergecells"
    group = typer.main.get_command(build_app())
    context = group.commands[name].make_context(name, arguments, parent=typer.Context(group))  # type: ignore[attr-defined]
    assert context.info_name == name


def test_every_command_without_parts_of_its_own_shows_an_example() -> None:
    """A group's commands explain themselves; a plain command shows how it is typed."""
    plain = {info.name or info.callback.__name__ for info in build_app().registered_commands if info.callback}
    assert plain <= EXAMPLES.keys()


def test_traceback_is_shown_for_v_among_the_global_options_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A `v` in an option of a command is no wish for a traceback."""
    assert run(["--config-root", "/nonexistent", "check", "--kind", "rules"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert run(["-v", "--config-root", "/nonexistent", "check"]) == 2
    assert "Traceback" in capsys.readouterr().err
