"""The smallest lead on which engines differ, and the finding that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mergecells.domain.findings import Finding
from mergecells.formula import Value, compile_formula, to_serial
from mergecells.transforms.engine_blame import blame
from mergecells.transforms.engine_cases import EngineCase
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.formula_engines import Answer, Calculation, EngineName, Recompute, same_result
from mergecells.transforms.formula_results import Result, shown, shown_inputs
from mergecells.transforms.formula_rewrite import rewrite_formula
from mergecells.transforms.lead_inputs import shown_lead

_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A case that `engine` (`compiled` or an outside one) computes differently."""

    case: EngineCase
    engine: str
    value: Value


Answers = Mapping[str, Value]
"""Engine → what it computes for the lead that is shown; engines without an answer are left out."""


def smallest(
    groups: Sequence[list[Mismatch]], recompute: Recompute | None, engines: Sequence[EngineName]
) -> Iterator[tuple[list[Mismatch], Answers]]:
    """Each group with its smallest mismatch first, made smaller in bounded steps, and all answers."""
    best = [min(group, key=lambda each: _size(each.case.lead)) for group in groups]
    for _ in range(_ROUNDS):
        smaller = _smaller(best, recompute)
        if smaller == best:
            break
        best = smaller
    answers = _all_answers([each.case.result for each in best], recompute, engines)
    for group, first, values in zip(groups, best, answers, strict=True):
        yield [first, *group], {**values, first.engine: first.value}


def _smaller(best: Sequence[Mismatch], recompute: Recompute | None) -> list[Mismatch]:
    """One step: for each mismatch the smallest of some simpler leads on which the same engine still differs."""
    tries = [(index, case) for index, each in enumerate(best) for case in _simpler(each.case)]
    found = list(best)
    for engine in sorted({each.engine for each in best}):
        own = [(index, case) for index, case in tries if best[index].engine == engine]
        values = _values(engine, [case.result for _, case in own], recompute)
        differing = [
            (index, Mismatch(case, engine, answer.value))
            for (index, case), answer in zip(own, values, strict=True)
            if _differs(engine, case.result, answer)
        ]
        for index, each in _without_blamed(engine, differing, recompute):
            if _size(each.case.lead) < _size(found[index].case.lead):
                found[index] = each
    return found


def _without_blamed(
    engine: str, differing: Sequence[tuple[int, Mismatch]], recompute: Recompute | None
) -> Iterator[tuple[int, Mismatch]]:
    """Those that no known defect in a part of the formula explains."""
    if engine == "compiled" or recompute is None or not differing:
        yield from differing
        return
    rows = blame(engine, [each.case.result for _, each in differing], recompute)  # type: ignore[arg-type]
    yield from (pair for pair, row in zip(differing, rows, strict=True) if row is None)


def _differs(engine: str, result: Result, answer: Answer) -> bool:
    if answer.unable or same_result(answer.value, result.value):
        return False
    return engine == "compiled" or explain(engine, result, answer.value) is None  # type: ignore[arg-type]


def _values(engine: str, results: Sequence[Result], recompute: Recompute | None) -> Sequence[Answer]:
    if engine == "compiled":
        return [Answer(_compiled(result)) for result in results]
    if recompute is None or not results:
        return [Answer(unable="not asked")] * len(results)
    calculations = [_calculation(engine, result) for result in results]
    answers = iter(recompute({engine: [each for each in calculations if each]})[engine].answers)  # type: ignore[dict-item,index]
    return [next(answers) if each else Answer(unable="too long") for each in calculations]


def _compiled(result: Result) -> Value:
    assert result.site.formula
    return compile_formula(result.site.formula)(result.inputs, float(to_serial(result.scenario.date)))


def _calculation(engine: str, result: Result) -> Calculation | None:
    assert result.site.formula
    serial = float(to_serial(result.scenario.date))
    return rewrite_formula(result.site.formula, result.inputs, serial, plain=engine == "xlcalculator")


def _all_answers(
    results: Sequence[Result], recompute: Recompute | None, engines: Sequence[EngineName]
) -> list[dict[str, Value]]:
    values: list[dict[str, Value]] = [{} for _ in results]
    for engine in engines:
        for index, answer in enumerate(_values(engine, results, recompute)):
            if not answer.unable:
                values[index][engine] = answer.value
    return values


def _simpler(case: EngineCase) -> Iterator[EngineCase]:
    """The case with one value of its lead left out or made simpler."""
    if case.inputs is None:
        return
    date = case.result.scenario.date
    for name, value in case.lead.items():
        for simple in _simpler_values(value):
            lead = {**case.lead, name: simple}
            yield replace(case, lead=lead, result=case.inputs.result(lead, date), rank=0)


def _simpler_values(value: Value) -> Iterator[Value]:
    if value is None:
        return
    yield None
    if isinstance(value, bool):
        return
    if isinstance(value, float):
        yield from (each for each in (0.0, 1.0, float(int(value)), float(f"{value:.3g}")) if each != value)
    elif isinstance(value, str) and value:
        yield from ("", value[: len(value) // 2], value[len(value) // 2 :], value.strip())


def _size(lead: Mapping[str, Value]) -> tuple[int, int]:
    """How many values are not blank, and how much there is to read."""
    stated = [value for value in lead.values() if value is not None]
    return len(stated), sum(len(repr(value)) for value in stated)


def mismatch_finding(group: Sequence[Mismatch], answers: Answers) -> Finding:
    """`formula.engine-mismatch` for one formula; the first of `group` is shown, the others are counted."""
    first = group[0]
    result = first.case.result
    inputs = shown_inputs(shown_lead(first.case.lead) if first.case.lead else result.inputs)
    given = f"where {inputs}" if inputs else "where every field is blank"
    names = {"compiled": "the compiled form"}
    others = " and ".join(f"{shown(value)} in {names.get(engine, engine)}" for engine, value in answers.items())
    leads = {repr(each.case.lead) for each in group}
    more = f" They differ on {len(leads) - 1} more of the leads tried." if len(leads) > 1 else ""
    return first.case.sites.view.finding(
        "formula.engine-mismatch",
        f"Engines differ on the formula of {result.site.label}: it gives {shown(result.value)} here, {others}, "
        f"for the smallest lead found ({given}).{more}",
        "Write it in a simpler way, and report the formula with these inputs.",
        result.site.path,
    )
