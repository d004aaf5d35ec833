"""Rounds of random formulas until the time is up, and what came of them, for people and for programs."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from mergecells.formula import Array, ErrorValue, Value
from mergecells.transforms.formula_engines import EngineName, Recompute
from mergecells.transforms.formula_fuzz import DATE, fuzz_cases
from mergecells.transforms.formula_fuzz_check import Disagreement, FuzzTally, fuzz_round, shrink
from mergecells.transforms.formula_results import shown

ROUND = 1_000
"""Formulas between two looks at the clock."""


def fuzz(
    seconds: float, seed: int, engines: Sequence[EngineName], recompute: Recompute, say: Callable[[str], None]
) -> FuzzTally:
    """At least one round. Unexplained disagreements come back in their smallest form found, equal ones once."""
    tally = FuzzTally()
    cases = fuzz_cases(seed)
    found: list[Disagreement] = []
    started = time.monotonic()
    while not tally.formulas or time.monotonic() - started < seconds:
        found += fuzz_round(list(itertools.islice(cases, ROUND)), engines, recompute, tally)
        say(f"{tally.formulas:,} formulas, {len(found)} unexplained")
    tally.disagreements = shrink(found, recompute)
    return tally


def as_json(tally: FuzzTally, engines: Sequence[str]) -> dict[str, Any]:
    """Counts by engine and every unexplained disagreement, with what reproduces it."""
    return {
        "date": DATE.isoformat(),
        "formulas": tally.formulas,
        "engines": {
            name: {
                "agreements": tally.agreements[name],
                "known_defects": dict(tally.explained.get(name, {})),
                "not_compared": dict(tally.not_compared.get(name, {})),
                "failure": tally.failures.get(name, ""),
            }
            for name in ("compiled", *engines)
        },
        "disagreements": [
            {
                "engine": each.engine,
                "formula": each.case.formula.text,
                "inputs": {name: _json(value) for name, value in each.case.inputs.items()},
                "ours": _json(each.ours),
                "theirs": _json(each.theirs.value),
                "raises": each.theirs.unable,
            }
            for each in tally.disagreements
        ],
    }


def render(tally: FuzzTally, engines: Sequence[str], source: str) -> str:
    """A line for each unexplained disagreement, one for each engine, and the count with where the formulas are from."""
    lines = [_line(each) for each in tally.disagreements]
    for name in ("compiled", *engines):
        known = sum(tally.explained.get(name, {}).values())
        others = sum(tally.not_compared.get(name, {}).values())
        failure = f"; {tally.failures[name]}" if name in tally.failures else ""
        lines.append(
            f"{name}: {tally.agreements[name]:,} agree, {known:,} known defects, {others:,} not compared{failure}"
        )
    unexplained = len(tally.disagreements)
    return "\n".join([*lines, f"{tally.formulas:,} formulas, {source}: {unexplained:,} unexplained disagreements."])


def causes(tally: FuzzTally, engines: Sequence[str]) -> str:
    """For each engine, what it does otherwise and why it was not asked, the most frequent first."""
    lines = []
    for name in engines:
        for counted in (tally.explained, tally.not_compared):
            lines += [f"  {count:5,}  {name}: {words}" for words, count in counted.get(name, Counter()).most_common()]
    return "\n".join(lines)


def _line(each: Disagreement) -> str:
    inputs = ", ".join(f"{name} = {_written(value)}" for name, value in each.case.inputs.items())
    given = f" where {inputs}" if inputs else ""
    if each.theirs.unable:
        return f"{each.case.formula.text}{given}: {each.engine} {each.theirs.unable}"
    return f"{each.case.formula.text}{given}: {shown(each.ours)} here, {shown(each.theirs.value)} in {each.engine}"


def _written(value: Value) -> str:
    if isinstance(value, Array):
        return "{" + ";".join(",".join(map(shown, row)) for row in value.rows) + "}"
    return shown(value)


def _json(value: Value) -> Any:
    if isinstance(value, Array):
        return [[_json(cell) for cell in row] for row in value.rows]
    return {"error": value.code} if isinstance(value, ErrorValue) else value
