"""Independent engines must agree: the reference interpreter, the compiled form that services run, outside ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.findings import Finding
from mergecells.formula import Array, compile_formula, to_serial
from mergecells.transforms.engine_blame import blame
from mergecells.transforms.engine_cases import EngineCase, in_order
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.engine_functions import lacks
from mergecells.transforms.engine_shrink import Mismatch, mismatch_finding, smallest
from mergecells.transforms.formula_engines import (
    ENGINES,
    NO_ANSWER,
    Answer,
    Calculation,
    EngineCount,
    EngineName,
    EngineRun,
    Recompute,
    same_result,
)
from mergecells.transforms.formula_results import Result
from mergecells.transforms.formula_rewrite import rewrite_formula
from mergecells.transforms.generated_leads import SEED

MOST_ASKED: Mapping[EngineName, int] = {"ironcalc": 20_000, "formualizer": 8_000, "xlcalculator": 400}
"""Calculations of one run, each for about a second: 40 µs, 0.1 to 0.4 ms and 2.5 ms each."""
MOST_CELLS: Mapping[EngineName, int] = {"ironcalc": 400_000, "formualizer": 150_000, "xlcalculator": 20_000}
"""Cells of one run: each lead brings the whole of a lookup table along."""
_MOST_FINDINGS = 40


def check_engines(
    cases: Sequence[EngineCase], recompute: Recompute | None, wanted: Collection[EngineName]
) -> tuple[list[Finding], dict[str, EngineCount]]:
    """Every engine against the reference interpreter: what differs without a known defect is a finding, one a formula.

    Engines outside `wanted`, and all outside ones when `recompute` is None, are switched off, which the counts show.
    """
    found, compiled = _check_compiled(cases)
    counts: dict[str, EngineCount] = {"reference": _counted(cases, len(cases)), "compiled": compiled}
    batches = {engine: _Batch(engine, cases) for engine in ENGINES if recompute and engine in wanted}
    runs = recompute({engine: batch.calculations for engine, batch in batches.items()}) if recompute else {}
    findings: list[Finding] = []
    for engine in ENGINES:
        batch = batches.get(engine)
        if batch is None:
            counts[engine] = EngineCount(asked=len(cases), not_compared={"switched off": len(cases)} if cases else {})
            continue
        assert recompute
        found += batch.settle(batch.compare(runs[engine].answers), recompute)
        findings += _unavailable(engine, runs[engine])
        counts[engine] = batch.count(len(cases))
    return [*findings, *_explained_to_people(found, recompute, tuple(batches))], counts


def _explained_to_people(
    found: Sequence[Mismatch], recompute: Recompute | None, engines: Sequence[EngineName]
) -> Iterator[Finding]:
    """One finding for each formula, with the smallest lead on which engines differ."""
    by_site: dict[object, list[Mismatch]] = {}
    for each in found:
        by_site.setdefault((id(each.case.sites), each.case.result.site.path), []).append(each)
    groups = list(by_site.values())
    for group, answers in smallest(groups[:_MOST_FINDINGS], recompute, engines):
        yield mismatch_finding(group, answers)
    for rest in groups[_MOST_FINDINGS:]:
        yield mismatch_finding(rest, {rest[0].engine: rest[0].value})


def _check_compiled(cases: Sequence[EngineCase]) -> tuple[list[Mismatch], EngineCount]:
    found = []
    for case in cases:
        result = case.result
        assert result.site.formula
        value = compile_formula(result.site.formula)(result.inputs, float(to_serial(result.scenario.date)))
        if not same_result(value, result.value):
            found.append(Mismatch(case, "compiled", value))
    counted = _counted(cases, len(cases))
    return found, counted.model_copy(update={"compared": len(cases), "mismatches": len(found)})


def _counted(cases: Sequence[EngineCase], computed: int) -> EngineCount:
    return EngineCount(asked=len(cases), formulas=len({case.result.site.text for case in cases}), computed=computed)


def ask(engine: EngineName, result: Result) -> Calculation | str:
    """The calculation to ask for, or why the engine is not asked."""
    formula = result.site.formula
    assert formula
    missing = lacks(engine, formula)
    if missing:
        return f"it cannot compute {missing}"
    if isinstance(result.value, Array):
        return "an array as the result"
    serial = float(to_serial(result.scenario.date))
    calculation = rewrite_formula(formula, result.inputs, serial, plain=engine == "xlcalculator")
    return calculation or "a formula that grows too long when it is rewritten"


def _same(result: Result) -> object:
    """Equal for results that make the same calculation: 1 and TRUE are equal to Python and not to a spreadsheet."""
    inputs = (
        (name, type(value), id(value) if isinstance(value, Array) else value) for name, value in result.inputs.items()
    )
    return (result.site.text, result.scenario.date, *inputs)


class _Batch:
    """What one engine is asked, each calculation once, and how its answers compare."""

    def __init__(self, engine: EngineName, cases: Sequence[EngineCase]) -> None:
        self.engine = engine
        self.reasons: Counter[str] = Counter()
        self.computed = self.compared = self.mismatches = 0
        self._cells = 0
        self._formulas: set[str] = set()
        self._known: dict[object, list[EngineCase]] = {}
        self._full = False
        groups: dict[object, tuple[Calculation, list[EngineCase]]] = {}
        for case in in_order(cases):
            self._add(case, groups)
        # Calculations of one formula beside one another: an engine then need not parse it again.
        ordered = sorted(groups.values(), key=lambda group: group[0].formula)
        self.calculations = [calculation for calculation, _ in ordered]
        self._groups = [group for _, group in ordered]

    def _add(self, case: EngineCase, groups: dict[object, tuple[Calculation, list[EngineCase]]]) -> None:
        same = _same(case.result)
        if same in self._known:
            self._known[same].append(case)
            return
        if self._full:
            self.reasons[f"outside the sample (seed {SEED})"] += 1
            return
        calculation = ask(self.engine, case.result)
        if isinstance(calculation, str):
            self.reasons[calculation] += 1
            return
        # With types: 1 and TRUE are equal to Python and not to a spreadsheet.
        key = (calculation, tuple(type(value) for _, value in calculation.cells))
        if key not in groups:
            self._cells += len(calculation.cells)
            if len(groups) >= MOST_ASKED[self.engine] or self._cells > MOST_CELLS[self.engine]:
                self._full = True
                self.reasons[f"outside the sample (seed {SEED})"] += 1
                return
        found = groups.setdefault(key, (calculation, []))[1]
        found.append(case)
        self._known[same] = found

    def settle(self, differing: Iterator[Mismatch], recompute: Recompute) -> Iterator[Mismatch]:
        """Those that no part of their formula explains; each is counted."""
        found = list(differing)
        rows = blame(self.engine, [each.case.result for each in found], recompute) if found else []
        for each, row in zip(found, rows, strict=True):
            if row:
                self.reasons[f"known defect: it {row.what}"] += 1
                continue
            self.mismatches += 1
            self._count(each.case)
            yield each

    def compare(self, answers: Sequence[Answer]) -> Iterator[Mismatch]:
        """What the engine computes differently, but for what a known defect says of the whole formula."""
        for group, answer in zip(self._groups, answers, strict=True):
            for case in group:
                yield from self._compare_one(case, answer)

    def _compare_one(self, case: EngineCase, answer: Answer) -> Iterator[Mismatch]:
        if answer.unable:
            self.reasons[answer.unable if answer.unable == NO_ANSWER else "it cannot compute the formula"] += 1
            return
        self.computed += 1
        if not same_result(answer.value, case.result.value):
            defect = explain(self.engine, case.result, answer.value)
            if defect:
                self.reasons[f"known defect: it {defect.what}"] += 1
            else:
                yield Mismatch(case, self.engine, answer.value)
            return
        self._count(case)

    def _count(self, case: EngineCase) -> None:
        self.compared += 1
        self._formulas.add(case.result.site.text)

    def count(self, asked: int) -> EngineCount:
        """Everything asked is either compared or counted under a reason."""
        return EngineCount(
            asked=asked,
            formulas=len(self._formulas),
            computed=self.computed,
            compared=self.compared,
            mismatches=self.mismatches,
            not_compared=dict(sorted(self.reasons.items())),
        )


def _unavailable(engine: EngineName, run: EngineRun) -> Iterator[Finding]:
    if run.failure:
        missing = f"{sum(answer.unable == NO_ANSWER for answer in run.answers)} of {len(run.answers)}"
        yield Finding(
            code="formula.engine-unavailable",
            severity="warning",
            message=f"{engine} did not finish: {run.failure}. {missing} results are not compared.",
            hint=f'Install it with `pip install "mergecells[check]"`, or set checks.{engine} to false.',
            file=RULES_FILE,
        )
