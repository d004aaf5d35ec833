"""Independent engines must agree: the reference interpreter, the compiled form that services run, and xlcalculator."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.findings import Finding
from mergecells.formula import Value, compile_formula, to_serial
from mergecells.transforms.formula_engines import Answer, Calculation, EngineCount, EngineRun, Recompute
from mergecells.transforms.formula_results import Result, shown, shown_inputs
from mergecells.transforms.formula_sites import FormulaSites
from mergecells.transforms.xlcalculator_support import known_weakness, rewrite

RELATIVE_TOLERANCE = 1e-9
"""Engines may order additions differently; anything a person typed is far coarser."""

_NO_ANSWER = "the engine did not finish"


@dataclass(frozen=True, slots=True)
class SiteResult:
    """A result together with the rule set that it belongs to."""

    sites: FormulaSites
    result: Result


def same_result(one: Value, other: Value) -> bool:
    """Equal within the tolerance; TRUE is not 1, and a blank result is the 0 that a cell shows."""
    one, other = (0.0 if value is None else value for value in (one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12)
    return one == other


def check_compiled(results: Sequence[SiteResult]) -> tuple[list[Finding], EngineCount]:
    """The compiled form against the reference interpreter, for every result."""
    findings = []
    for item in results:
        assert item.result.site.formula
        compiled = compile_formula(item.result.site.formula)
        value = compiled(item.result.inputs, float(to_serial(item.result.scenario.date)))
        if not same_result(value, item.result.value):
            findings.append(_mismatch(item, "the compiled form", value))
    count = len(results)
    return findings, EngineCount(asked=count, computed=count, compared=count, mismatches=len(findings))


def check_independent(results: Sequence[SiteResult], recompute: Recompute | None) -> tuple[list[Finding], EngineCount]:
    """xlcalculator against the reference interpreter, where its answer counts; one run for everything.

    `recompute` None: switched off in the manifest, which the counts show.
    """
    if recompute is None:
        switched_off = {"switched off": len(results)} if results else {}
        return [], EngineCount(asked=len(results), not_compared=switched_off)
    batch = _Batch()
    for item in results:
        batch.add(item)
    run = recompute(batch.calculations)
    found = list(_unavailable(run, len(batch.groups)))
    found += batch.compare(run.answers)
    return found, batch.count(len(results))


class _Batch:
    """What the engine is asked, each calculation once, and how its answers compare."""

    def __init__(self) -> None:
        self.calculations: list[Calculation] = []
        self.groups: dict[str, list[SiteResult]] = {}
        self.reasons: Counter[str] = Counter()
        self.computed = self.compared = self.mismatches = 0

    def add(self, item: SiteResult) -> None:
        calculation = rewrite(item.result)
        if isinstance(calculation, str):
            self.reasons[calculation] += 1
            return
        # As text: 1 and TRUE are equal to Python and not to a spreadsheet.
        group = self.groups.setdefault(repr(calculation), [])
        if not group:
            self.calculations.append(calculation)
        group.append(item)

    def compare(self, answers: Sequence[Answer]) -> Iterator[Finding]:
        """A finding for each result that the engine computes differently where its answer counts."""
        for group, answer in zip_longest(self.groups.values(), answers, fillvalue=Answer(unable=_NO_ANSWER)):
            assert not isinstance(group, Answer)
            for item in group:
                yield from self._compare_one(item, answer)

    def _compare_one(self, item: SiteResult, answer: Answer) -> Iterator[Finding]:
        if answer.unable:
            self.reasons[answer.unable if answer.unable == _NO_ANSWER else "the engine cannot compute it"] += 1
            return
        self.computed += 1
        agrees = same_result(answer.value, item.result.value)
        weakness = "" if agrees else known_weakness(item.result)
        if weakness:
            self.reasons[weakness] += 1
            return
        self.compared += 1
        if not agrees:
            self.mismatches += 1
            yield _mismatch(item, "xlcalculator", answer.value)

    def count(self, asked: int) -> EngineCount:
        return EngineCount(
            asked=asked,
            computed=self.computed,
            compared=self.compared,
            mismatches=self.mismatches,
            not_compared=dict(sorted(self.reasons.items())),
        )


def _unavailable(run: EngineRun, asked: int) -> Iterator[Finding]:
    if run.failure:
        missing = asked - len(run.answers)
        yield Finding(
            code="formula.engine-unavailable",
            severity="warning",
            message=f"xlcalculator did not finish: {run.failure}. {missing} of {asked} results are not compared.",
            hint='Install it with `pip install "mergecells[check]"`, or set checks.xlcalculator to false.',
            file=RULES_FILE,
        )


def _mismatch(item: SiteResult, engine: str, value: Value) -> Finding:
    result = item.result
    inputs = shown_inputs(result.inputs)
    return item.sites.view.finding(
        "formula.engine-mismatch",
        f"For {result.scenario.label}, the formula of {result.site.label} gives {shown(result.value)} here and "
        f"{shown(value)} in {engine}{f' (where {inputs})' if inputs else ''}.",
        "Write it in a simpler way, and report the formula with these inputs.",
        result.site.path,
    )
