"""`mergecells smoke`: labelled cases asked of what runs; any wrong answer is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog
from mergecells.apps.cli.whole_config import whole_config
from mergecells.domain.errors import MergecellsError, UsageError

if TYPE_CHECKING:
    from mergecells.domain.configset import ConfigSet
    from mergecells.domain.smoke import Observed, Smoke, SmokeCase, Verdict

    Ask = Callable[[SmokeCase, Mapping[str, Any]], Observed]

_FILE = "prompts/smoke.yaml"


def register(app: typer.Typer) -> None:
    app.command("smoke", epilog=epilog("smoke"))(smoke)


def smoke(
    ctx: typer.Context,
    *,
    url: Annotated[
        str | None, typer.Option("--url", help="A running service. Without it the models are asked from here.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Tell intents by the rules alone: nothing is spent.")
    ] = False,
    cases: Annotated[Path | None, typer.Option("--cases", metavar="FILE", help=f"The cases. Default: {_FILE}.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--case", metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    cache: Annotated[bool, typer.Option("--cache", help="Take answers from the cache too.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML as well.")] = None,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Ask every labelled case and compare intent, status and shape. Exit status 1 when one of them is wrong.

    A service that wants a token gets that of MERGECELLS_LLM_TOKEN. Without --url the models are called from here, with
    the keys of the environment, within the config's budgets.
    """
    from mergecells.apps.cli.smoke_output import smoke_json, smoke_junit, smoke_table
    from mergecells.transforms.smoke_judge import gaps, judge_offline

    context: CliContext = ctx.obj
    if offline and (url or cache):
        raise UsageError("--offline asks nobody.", "Leave --url and --cache out.")
    config = whole_config(context)
    wanted = _only(_cases(cases or context.config_root / _FILE), only or [])
    if offline:
        verdicts = judge_offline(config, wanted)
    elif url is not None:
        from mergecells.adapters.smoke_service import SmokeService

        verdicts = _ask_all(context, config, wanted, SmokeService(url, _token(), cache=cache).ask)
    else:
        verdicts = _ask_from_here(context, config, wanted, cache)
    missing = gaps(config, wanted) if not only else []
    if junit is not None:
        from mergecells.adapters.durable_files import replace_file

        replace_file(junit, smoke_junit(verdicts).encode())
    if output is Output.JSON:
        print_json(smoke_json(verdicts, missing))
    else:
        print("\n".join(smoke_table(verdicts, missing)))
    if not verdicts:
        raise MergecellsError("No case was tried.", "Add one to the file; --offline tries those with an intent.")
    if any(each.problems for each in verdicts):
        raise typer.Exit(1)


def _ask_all(context: CliContext, config: ConfigSet, wanted: Smoke, ask: Ask) -> list[Verdict]:
    from mergecells.apps.cli.progress import Progress
    from mergecells.transforms.prompt_inputs import sample_inputs
    from mergecells.transforms.smoke_judge import judge

    verdicts = []
    with Progress(wanted=not context.quiet) as progress:
        for number, (name, case) in enumerate(wanted.cases.items()):
            progress.show(number / len(wanted.cases), name)
            prompt = config.prompts.get(case.prompt) if case.prompt else None
            inputs = sample_inputs(prompt, case.inputs) if prompt else case.inputs
            verdicts.append(judge(name, case, ask(case, inputs)))
    return verdicts


def _ask_from_here(context: CliContext, config: ConfigSet, wanted: Smoke, cache: bool) -> list[Verdict]:
    from mergecells.apps.prompting import open_llm
    from mergecells.apps.smoke_client import SmokeClient

    with open_llm(context.config_root) as llm:
        return _ask_all(context, config, wanted, SmokeClient(llm, cache=cache).ask)


def _cases(file: Path) -> Smoke:
    from mergecells.domain.smoke import Smoke
    from mergecells.transforms.yaml_shape import validate_document
    from mergecells.transforms.yaml_to_config import parse_yaml

    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", "Name a file of cases with --cases.") from error
    document, findings = parse_yaml(file.name, content)
    found = None
    if document is not None:
        found, shape = validate_document(document, Smoke)
        findings = [*findings, *shape]
    if found is None:
        raise UsageError("\n".join(map(str, findings)), "Mend the cases.")
    for name, case in found.cases.items():
        if case.problem:
            raise UsageError(f"{file.name}, case {name!r}: {case.problem}", "Mend the case.")
    return found


def _only(smoke: Smoke, names: list[str]) -> Smoke:
    unknown = [name for name in names if name not in smoke.cases]
    if unknown:
        raise UsageError(f"There is no case {unknown[0]!r}.", f"There are: {', '.join(smoke.cases)}.")
    return smoke if not names else type(smoke)(cases={name: smoke.cases[name] for name in names})


def _token() -> str:
    return os.environ.get("MERGECELLS_LLM_TOKEN", "").strip()
