"""Who else computes what tests/conformance/formula expects: LibreOffice, IronCalc, formualizer, xlcalculator.

    python tools/case_agreement.py [--check]

Writes into each case, under `agree`, the programs that give the expected result when they compute it anew, and prints
how many cases have how many witnesses. LibreOffice computes all of them in one workbook. What it computes otherwise
stands with the reason in tests/conformance/formula/libreoffice_differences.json; a difference without a reason, or a
reason without a difference, is printed, and the exit status is 1. With `--check` nothing is written, and exit status 1
says that a case states other witnesses than it has.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from libreoffice_cases import Asked, libreoffice_answers, libreoffice_version
from mergecells.adapters.engine_process import EngineProcesses
from mergecells.apps.cli.formula_cases import input_value, parse_date
from mergecells.formula import (
    Array,
    ErrorValue,
    Formula,
    FormulaSyntaxError,
    Value,
    functions_used,
    needs_array,
    unsupported,
)
from mergecells.formula import parse as parse_formula
from mergecells.formula.values import ERRORS
from mergecells.transforms.engine_functions import lacks
from mergecells.transforms.formula_engines import ENGINES, Calculation, EngineName, same_result
from mergecells.transforms.formula_fuzz import FuzzCase
from mergecells.transforms.formula_fuzz_check import SERIAL, answers_of
from mergecells.transforms.formula_rewrite import rewrite_formula

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "conformance" / "formula"
DIFFERENCES = FOLDER / "libreoffice_differences.json"
VERSIONS: Mapping[EngineName, str] = {
    "ironcalc": "IronCalc 0.9.1",
    "formualizer": "formualizer 0.13",
    "xlcalculator": "xlcalculator 0.5",
}


@dataclass(slots=True)
class Expectation:
    """A case that other programs can compute, what it expects, and who agrees."""

    id: str
    case: FuzzCase
    wanted: Value
    serial: float
    agree: list[str] = field(default_factory=list)


def expectations(lines: Sequence[Mapping[str, Any]]) -> Iterator[Expectation]:
    """All cases but refused formulas, and Google Sheets' own meanings, which no other program has."""
    for line in lines:
        formula = _formula(line)
        if formula is not None:
            inputs = {name.lower(): input_value(value) for name, value in (line.get("inputs") or {}).items()}
            serial = parse_date(line.get("date")) or SERIAL
            yield Expectation(line["id"], FuzzCase(formula, inputs), _wanted(line), serial)


def _formula(line: Mapping[str, Any]) -> Formula | None:
    if line.get("dialect", "excel") != "excel" or "unsupported" in line:
        return None
    try:
        formula = parse_formula(line["formula"])
    except FormulaSyntaxError:
        return None
    return None if unsupported(formula) else formula


def _wanted(line: Mapping[str, Any]) -> Value:
    if "error" in line:
        return ERRORS[line["error"]]
    value = line["value"]
    return (
        Array([[input_value(cell) for cell in row] for row in value]) if isinstance(value, list) else input_value(value)
    )


def ask_libreoffice(found: Sequence[Expectation]) -> dict[str, str]:
    """Notes who agrees; returns what differs: the id of a case → what LibreOffice gives."""
    name = libreoffice_version()
    names = sorted({use.name for each in found for use in functions_used(each.case.formula)})
    probes = [Asked(Calculation(f"={function}()", ())) for function in names]
    answers = libreoffice_answers([*map(_asked, found), *probes])
    unknown = {
        function
        for function, answer in zip(names, answers[len(found) :], strict=True)
        if answer.value == ERRORS["#NAME?"]
    }
    differences = {}
    for each, answer in zip(found, answers, strict=False):
        if unknown & {use.name for use in functions_used(each.case.formula)}:
            continue
        theirs = "" if answer.value is None and each.wanted == "" else answer.value
        if _same(theirs, each.wanted):
            each.agree.append(name)
        elif isinstance(each.wanted, ErrorValue) and theirs == ERRORS["#VALUE!"]:
            each.agree.append(f"{name} (an error)")  # its own errors, such as Err:502, are #VALUE! in a file
        else:
            differences[each.id] = str(theirs)
    return differences


def _asked(each: Expectation) -> Asked:
    calculation = rewrite_formula(each.case.formula, each.case.inputs, each.serial)
    assert calculation
    shape = (each.wanted.height, each.wanted.width) if isinstance(each.wanted, Array) else (1, 1)
    lists = [name for name, value in each.case.inputs.items() if isinstance(value, Array)]
    return Asked(calculation, *shape, as_array=shape != (1, 1) or needs_array(each.case.formula, lists))


def ask_engine(engine: EngineName, found: Sequence[Expectation]) -> None:
    """Notes where it agrees: of an array, in each cell."""
    cells = [
        (each, case, wanted) for each in found if not lacks(engine, each.case.formula) for case, wanted in _cells(each)
    ]
    answers = answers_of(engine, [case for _, case, _ in cells], EngineProcesses())
    right: dict[str, bool] = {}
    for (each, _, wanted), answer in zip(cells, answers, strict=True):
        right[each.id] = right.get(each.id, True) and not answer.unable and same_result(answer.value, wanted)
    for each in found:
        if right.get(each.id):
            each.agree.append(VERSIONS[engine])


def _cells(each: Expectation) -> list[tuple[FuzzCase, Value]]:
    if not isinstance(each.wanted, Array):
        return [(each.case, each.wanted)]
    text = each.case.formula.text[1:]
    return [
        (FuzzCase(parse_formula(f"=INDEX({text},{row},{column})"), each.case.inputs), value)
        for row, cells in enumerate(each.wanted.rows, 1)
        for column, value in enumerate(cells, 1)
    ]


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, Array) and isinstance(other, Array):
        return all(map(same_result, one.cells, other.cells))
    return same_result(one, other)


def unexplained(differences: Mapping[str, str]) -> list[str]:
    """Differences without a reason, and reasons without a difference."""
    reasons: Mapping[str, Sequence[str]] = json.loads(DIFFERENCES.read_text("utf-8"))
    explained = Counter(each for cases in reasons.values() for each in cases)
    return [
        *(f"{each}: LibreOffice gives {theirs}" for each, theirs in differences.items() if each not in explained),
        *(f"{each}: LibreOffice agrees now" for each in explained if each not in differences),
        *(f"{each}: has several reasons" for each, count in explained.items() if count > 1),
    ]


def main(check: bool) -> int:
    """Exit status 1 for what is unexplained or, with `check`, out of date."""
    tables = {
        path: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in sorted(FOLDER.glob("*.jsonl"))
    }
    found = list(expectations([line for lines in tables.values() for line in lines]))
    faults = unexplained(ask_libreoffice(found))
    for engine in ENGINES:
        ask_engine(engine, found)
    witnesses = {each.id: each.agree for each in found}
    for path, lines in tables.items():
        changed = [_with_witnesses(line, witnesses.get(line["id"], [])) for line in lines]
        if check:
            faults += [
                f"{line['id']}: agree is {line.get('agree')}"
                for line, new in zip(lines, changed, strict=True)
                if line != new
            ]
        else:
            path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in changed), "utf-8")
    print("\n".join([*summary(found), *faults]))
    return 1 if faults else 0


def _with_witnesses(line: Mapping[str, Any], agree: Sequence[str]) -> dict[str, Any]:
    kept = {key: value for key, value in line.items() if key != "agree"}
    return {**kept, "agree": list(agree)} if agree else kept


def summary(found: Sequence[Expectation]) -> Iterator[str]:
    """A line for each number of witnesses, then for each of them."""
    counts = Counter(len(each.agree) for each in found)
    yield f"{len(found)} cases that other programs can be asked about."
    for number in sorted(counts):
        yield f"  {counts[number]:5}  agree with {number} of them"
    for name, count in sorted(Counter(name for each in found for name in each.agree).items()):
        yield f"  {count:5}  {name}"


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
