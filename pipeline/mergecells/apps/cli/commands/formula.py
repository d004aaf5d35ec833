"""`mergecells formula eval|functions|fuzz|compare`: try formulas, print the table of functions, compare engines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from mergecells.apps.cli.choices import DialectChoice, Engine
from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.domain.errors import MergecellsError, UsageError

if TYPE_CHECKING:
    # Models and formulas are not for a start that only prints help.
    from mergecells.domain.scoring import Dialect

group = typer.Typer(no_args_is_help=True, help="Evaluate spreadsheet formulas; list the functions they may use.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="formula")


@group.command("eval")
def evaluate(
    formula: Annotated[str | None, typer.Argument(help='A formula, such as "=IF(years>=10,1,years/10)".')] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help='A value by name: years=12, consent=true, code="007", phone= (blank).'
        ),
    ] = None,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="A JSONL file of cases, - for standard input; one answer per line.")
    ] = None,
    engine: Annotated[Engine, typer.Option("--engine", help="Which of our engines answers.")] = Engine.COMPILED,
    date: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The evaluation date, for TODAY().")
    ] = None,
    dialect: Annotated[
        DialectChoice | None,
        typer.Option("--dialect", help="Whose meaning holds where Excel and Google Sheets differ (default: excel)."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="How to print one formula's result.")] = Output.TEXT,
) -> None:
    """Evaluate one formula, or every case of a file.

    A case is {"id": …, "formula": "=…", "inputs": {"name": value}}, its answer {"id": …, "value": …}, {"id": …,
    "error": "#DIV/0!"} or {"id": …, "unsupported": "why"}. Exit status 1: a line that is no case, engines that
    disagree, or a formula that is not supported.
    """
    from mergecells.apps.cli import formula_cases

    if (formula is None) == (cases is None):
        raise UsageError("Give either a formula or --cases FILE.", 'Example: mergecells formula eval "=1+2"')
    try:
        day = formula_cases.parse_date(date)
    except formula_cases.UnusableCaseError as error:
        raise UsageError(str(error), "Write it as 2026-02-28.") from None
    chosen: Dialect = dialect.value if dialect else "excel"
    if cases is not None:
        raise typer.Exit(_run_cases(cases, engine, day, chosen))
    _run_one(formula or "", assignments or [], engine, day, output, chosen)


def _run_cases(path: Path, engine: Engine, day: float | None, dialect: Dialect) -> int:
    from mergecells.apps.cli import formula_cases

    all_good = True
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the terminal's locale
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                answer, good = formula_cases.answer_line(line, number, engine, day, dialect)
                sys.stdout.write(answer + "\n")
                all_good = all_good and good
    sys.stdout.flush()
    return 0 if all_good else 1


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Lines of the file as they come; bytes that are no UTF-8 spoil their own line only."""
    if str(path) == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield sys.stdin
        return
    try:
        opened = path.open(encoding="utf-8-sig", errors="replace", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.", "Give --cases a JSONL file that can be read.") from None
    with opened:
        yield opened


def _run_one(
    formula: str, assignments: list[str], engine: Engine, day: float | None, output: Output, dialect: Dialect
) -> None:
    from mergecells.apps.cli import formula_cases

    try:
        inputs = dict(map(formula_cases.parse_assignment, assignments))
        answer, good = formula_cases.answer_case(formula, inputs, engine, day, dialect)
    except formula_cases.UnusableCaseError as error:
        raise UsageError(str(error)) from None
    if output is Output.JSON:
        print_json(answer)
    elif "unsupported" in answer:
        raise MergecellsError(str(answer["unsupported"]), "`mergecells formula functions` lists what is supported.")
    else:
        print(formula_cases.shown(answer))
    if not good or "unsupported" in answer:
        raise typer.Exit(1)


@group.command("functions")
def functions(
    output: Annotated[Output, typer.Option("--output", help="text, or json for programs.")] = Output.TEXT,
) -> None:
    """The table of functions: arguments, what each does, and which engines support it."""
    from mergecells.apps.cli.formula_table import function_rows, render_table

    rows = function_rows()
    if output is Output.JSON:
        print_json(rows)
    else:
        print(render_table(rows))


@group.command("fuzz")
def fuzz(
    ctx: typer.Context,
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="How long to go on; 0 is one round.")] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same formulas.")] = 1,
    output: Annotated[Output, typer.Option("--output", help="text, or json for programs.")] = Output.TEXT,
) -> None:
    """Compare the engines on random formulas: ours with each other and with IronCalc and formualizer.

    What differs is a known defect of an engine, or is printed in the smallest form found. Exit status 1: differences
    that nothing explains.
    """
    from mergecells.adapters.engine_process import EngineProcesses
    from mergecells.apps.cli import fuzz_run
    from mergecells.transforms.formula_engines import EngineName

    context: CliContext = ctx.obj
    engines: tuple[EngineName, ...] = ("ironcalc", "formualizer")
    tally = fuzz_run.fuzz(seconds, seed, engines, EngineProcesses(), context.say if context.verbose else lambda _: None)
    if output is Output.JSON:
        print_json({"seed": seed, **fuzz_run.as_json(tally, engines)})
    else:
        print(fuzz_run.render(tally, engines, f"seed {seed}"))
    if tally.disagreements or not all(tally.agreements[engine] for engine in engines):
        raise typer.Exit(1)


@group.command("compare")
def compare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="JSONL files, as `formula eval` reads them.")],
    output: Annotated[Output, typer.Option("--output", help="text, or json for programs.")] = Output.TEXT,
) -> None:
    """Compare all engines on the cases of files: ours with each other and with IronCalc, formualizer and xlcalculator.

    Each difference is counted under the known defect that explains it, or printed. What a case says that the result
    should be is not looked at: `formula eval --cases` tells what we give. Exit status 1: differences that nothing
    explains.
    """
    from mergecells.adapters.engine_process import EngineProcesses
    from mergecells.apps.cli import fuzz_run
    from mergecells.apps.cli.compared_cases import compared_cases
    from mergecells.transforms.formula_engines import ENGINES
    from mergecells.transforms.formula_fuzz_check import FuzzTally, fuzz_round

    tally = FuzzTally()
    cases = [case for path in files for case in compared_cases(path)]
    tally.disagreements = fuzz_round(cases, ENGINES, EngineProcesses(), tally)
    if output is Output.JSON:
        print_json(fuzz_run.as_json(tally, ENGINES))
    else:
        print(fuzz_run.causes(tally, ENGINES))
        print(fuzz_run.render(tally, ENGINES, f"{len(files)} files"))
    if tally.disagreements:
        raise typer.Exit(1)
