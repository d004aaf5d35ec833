"""docs/formulas.md says what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mergecells.apps.cli import main
from mergecells.formula.parser import MAX_ARGUMENTS, MAX_ARRAY_CELLS, MAX_NESTING
from mergecells.formula.reference import MAX_WORK
from mergecells.formula.tokens import MAX_LENGTH
from mergecells.formula.values import MAX_CELLS, MAX_TEXT
from mergecells.formula.wildcards import MAX_PATTERN

PAGE = (Path(__file__).parents[3] / "docs" / "formulas.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("characters in a formula", MAX_LENGTH),
        ("nested parentheses and calls", MAX_NESTING),
        ("arguments of a function", MAX_ARGUMENTS),
        ("cells of an inline array", MAX_ARRAY_CELLS),
        ("cells of a list or computed array", MAX_CELLS),
        ("array cells computed in one evaluation", MAX_WORK),
        ("characters in a text", MAX_TEXT),
        ("characters in a wildcard pattern or criterion", MAX_PATTERN),
    ],
)
def test_docs_limits_are_those_of_the_code(what: str, limit: int) -> None:
    """A limit changes in both places or in none."""
    assert f"| {what} | {limit:,} |" in PAGE


def test_docs_example_prints_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """The console block, run as it stands."""
    block = re.search(r"```console\n\$ mergecells (formula eval [^\n]*)\n([^\n]*)\n", PAGE)
    assert block is not None
    assert main.run(shlex.split(block[1])) == 0
    assert capsys.readouterr().out == block[2] + "\n"
