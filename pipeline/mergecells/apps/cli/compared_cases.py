"""Cases of a file as formulas with inputs, for the engines to be compared on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mergecells.apps.cli.formula_cases import UnusableCaseError, check_case, input_value, read_case
from mergecells.domain.errors import UsageError
from mergecells.formula import FormulaSyntaxError, parse, unsupported
from mergecells.transforms.formula_fuzz import FuzzCase


def compared_cases(path: Path) -> Iterator[FuzzCase]:
    """All but formulas that are refused, and Google Sheets' meanings, which no outside engine has.

    Raises UsageError for a file that cannot be read, or a line that is no case.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}.", "Give JSONL files that can be read.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _case(line)
        except UnusableCaseError as error:
            raise UsageError(f"{path}:{number}: {error}.", "A case is one JSON object with a formula.") from None
        if case:
            yield case


def _case(line: str) -> FuzzCase | None:
    case = read_case(line)
    check_case(case)
    try:
        formula = parse(case["formula"])
    except FormulaSyntaxError:
        return None
    if unsupported(formula) or case.get("dialect", "excel") != "excel":
        return None
    inputs = case.get("inputs") or {}
    return FuzzCase(formula, {name.lower(): input_value(value) for name, value in inputs.items()})
