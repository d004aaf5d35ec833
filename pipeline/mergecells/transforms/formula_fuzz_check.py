"""One round of fuzzing: the compiled form and the outside engines against the reference interpreter.

What differs and no known defect explains is made smaller, step by step, while it still differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mergecells.formula import (
    FUNCTIONS,
    Array,
    Formula,
    FormulaSyntaxError,
    Value,
    compile_formula,
    evaluate,
    names_used,
    parse,
    to_serial,
    unsupported,
)
from mergecells.formula.nodes import Binary, Boolean, Call, Node, Number, Percent, Text, Unary, walk
from mergecells.formula.unparse import unparse
from mergecells.transforms.engine_blame import blame, with_part
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.engine_functions import has_function, lacks
from mergecells.transforms.formula_engines import NO_ANSWER, Answer, EngineName, Recompute, same_result
from mergecells.transforms.formula_fuzz import DATE, FuzzCase, sample_calls
from mergecells.transforms.formula_inline import inline, is_closed
from mergecells.transforms.formula_results import Result, Scenario
from mergecells.transforms.formula_rewrite import rewrite_formula
from mergecells.transforms.formula_sites import Site

SERIAL = float(to_serial(DATE))
_MOST_SHRUNK = 40
_ROUNDS = 14
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A formula with its inputs, what we compute, and what `engine` computes; `engine` may be the compiled form."""

    engine: str
    case: FuzzCase
    ours: Value
    theirs: Answer


@dataclass(slots=True)
class FuzzTally:
    """What the rounds so far came to. `explained`: engine → words of a known defect → count."""

    formulas: int = 0
    agreements: Counter[str] = field(default_factory=Counter)
    not_compared: dict[str, Counter[str]] = field(default_factory=dict)
    explained: dict[str, Counter[str]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Engine → why it was stopped, and on which formula."""
    disagreements: list[Disagreement] = field(default_factory=list)


def as_result(case: FuzzCase) -> Result:
    """The case with what the reference interpreter computes for it."""
    site = Site("intermediate", ("fuzz",), (), case.formula.text, case.formula)
    value = evaluate(case.formula, case.inputs, DATE)
    return Result(site, Scenario(None, {}, DATE, generated=True), case.inputs, value)


def fuzz_round(
    cases: Sequence[FuzzCase], engines: Sequence[EngineName], recompute: Recompute, tally: FuzzTally
) -> list[Disagreement]:
    """Compare every case, count in `tally`, and return what is not explained, as it was found."""
    tally.formulas += len(cases)
    broken = [each for case in cases if (each := _raising(case))]
    cases = [case for case in cases if not any(case is each.case for each in broken)] if broken else cases
    results = [as_result(case) for case in cases]
    found = broken + [each for case, result in zip(cases, results, strict=True) if (each := _compiled(case, result))]
    tally.agreements["compiled"] += len(cases) - len(found)
    single = [pair for pair in zip(cases, results, strict=True) if not isinstance(pair[1].value, Array)]
    for engine in engines:
        others = tally.not_compared.setdefault(engine, Counter())
        others["an array as the result"] += len(cases) - len(single)
        able = [pair for pair in single if not lacks(engine, pair[0].formula)]
        others["a function that it does not have"] += len(single) - len(able)
        answers = answers_of(engine, [case for case, _ in able], recompute, tally)
        differing = []
        for (case, result), answer in zip(able, answers, strict=True):
            if answer.unable:
                others["it cannot compute it"] += 1
            elif same_result(answer.value, result.value):
                tally.agreements[engine] += 1
            else:
                differing.append((case, result, answer))
        rows = _rows(engine, [(result, answer) for _, result, answer in differing], recompute)
        for (case, result, answer), defect in zip(differing, rows, strict=True):
            if defect:
                tally.explained.setdefault(engine, Counter())[defect.what] += 1
            else:
                found.append(Disagreement(engine, case, result.value, answer))
    return found


def _rows(engine: EngineName, differing: Sequence[tuple[Result, Answer]], recompute: Recompute) -> list[Defect | None]:
    """The row that explains each difference, as a whole or by one part of the formula."""
    rows = [explain(engine, result, answer.value) for result, answer in differing]
    left = [result for (result, _), row in zip(differing, rows, strict=True) if row is None]
    by_part = iter(blame(engine, left, recompute))
    return [row or next(by_part) for row in rows]


def raises(case: FuzzCase) -> bool:
    """Whether computing it is an exception in place of a value."""
    return _raising(case) is not None


def _raising(case: FuzzCase) -> Disagreement | None:
    """Whatever a formula holds, its result is a value: an exception is a bug of ours."""
    try:
        evaluate(case.formula, case.inputs, DATE)
        compile_formula(case.formula)(case.inputs, SERIAL)
    except Exception as error:  # noqa: BLE001 - every one of them is what is looked for
        return Disagreement("raises", case, None, Answer(unable=f"{type(error).__name__}: {error}"))
    return None


def _compiled(case: FuzzCase, result: Result) -> Disagreement | None:
    value = compile_formula(case.formula)(case.inputs, SERIAL)
    # To the bit, and arrays too: both are ours.
    same = value == result.value and type(value) is type(result.value)
    return None if same else Disagreement("compiled", case, result.value, Answer(value))


def answers_of(
    engine: EngineName, cases: Sequence[FuzzCase], recompute: Recompute, tally: FuzzTally | None = None
) -> Sequence[Answer]:
    """What the engine gives for each case; a batch that it could not finish is told to the tally."""
    plain = engine == "xlcalculator"
    calculations = [rewrite_formula(case.formula, case.inputs, SERIAL, plain=plain) for case in cases]
    asked = [each for each in calculations if each is not None]
    run = recompute({engine: asked})[engine]
    answers = list(run.answers)
    if run.failure and tally is not None:
        stopped = (case for case, answer in zip(cases, answers, strict=False) if answer.unable == NO_ANSWER)
        first = next((f" on {case.formula.text} {dict(case.inputs)}" for case in stopped), "")
        tally.failures.setdefault(engine, f"{run.failure}{first}")
    rest = iter(answers)
    return [Answer(unable="too long") if each is None else next(rest) for each in calculations]


def shrink(found: Sequence[Disagreement], recompute: Recompute) -> list[Disagreement]:
    """The smallest forms found in a bounded number of steps; equal ones once. Beyond a number, as they are."""
    best = list(found[:_MOST_SHRUNK])
    for _ in range(_ROUNDS):
        smaller = _smaller_ones(best, recompute)
        if smaller == best:
            break
        best = smaller
    kept = {(each.engine, each.case.formula.text, repr(each.case.inputs)): each for each in best}
    return [*kept.values(), *found[_MOST_SHRUNK:]]


def _smaller_ones(best: Sequence[Disagreement], recompute: Recompute) -> list[Disagreement]:
    tries = [(index, case) for index, each in enumerate(best) for case in _simpler(each.case)]
    smaller = list(best)
    for engine in {each.engine for each in best}:
        own = [(index, case) for index, case in tries if best[index].engine == engine]
        for index, disagreement in _still_different(engine, own, recompute):
            if size(disagreement.case) < size(smaller[index].case):
                smaller[index] = disagreement
    return smaller


def _still_different(
    engine: str, tries: Sequence[tuple[int, FuzzCase]], recompute: Recompute
) -> Iterator[tuple[int, Disagreement]]:
    if engine == "raises":
        yield from ((index, found) for index, case in tries if (found := _raising(case)))
        return
    tries = [(index, case) for index, case in tries if not _raising(case)]
    results = [as_result(case) for _, case in tries]
    if engine == "compiled":
        for (index, case), result in zip(tries, results, strict=True):
            if found := _compiled(case, result):
                yield index, found
        return
    answers = answers_of(engine, [case for _, case in tries], recompute)  # type: ignore[arg-type]
    differing = [
        (index, case, result, answer)
        for (index, case), result, answer in zip(tries, results, answers, strict=True)
        if not (isinstance(result.value, Array) or answer.unable or same_result(answer.value, result.value))
    ]
    rows = _rows(engine, [(result, answer) for _, _, result, answer in differing], recompute)  # type: ignore[arg-type]
    for (index, case, result, answer), row in zip(differing, rows, strict=True):
        if row is None:
            yield index, Disagreement(engine, case, result.value, answer)


def size(case: FuzzCase) -> int:
    """How much there is to read."""
    return len(case.formula.text) + sum(len(repr(value)) for value in case.inputs.values())


def _simpler(case: FuzzCase) -> list[FuzzCase]:
    """Smaller cases, the smallest first: a part in place of the whole, a value in place of a part, simpler inputs."""
    found: dict[tuple[str, str], FuzzCase] = {}
    for text in _texts(case):
        try:
            formula = parse(text)
        except FormulaSyntaxError:
            continue
        if not unsupported(formula):
            used = {use.name.lower() for use in names_used(formula)}
            inputs = {name: value for name, value in case.inputs.items() if name in used}
            found[text, repr(inputs)] = FuzzCase(formula, inputs)
    for inputs in _inputs(case.inputs):
        found[case.formula.text, repr(inputs)] = replace(case, inputs=inputs)
    smaller = [each for each in found.values() if size(each) < size(case)]
    return sorted(smaller, key=size)[:_TRIES]


def _texts(case: FuzzCase) -> Iterator[str]:
    root = inline(case.formula.root)
    for node in filter(is_closed, walk(root)):
        for part in _children(node):
            yield "=" + unparse(with_part(root, node, part))
        if isinstance(node, Call) and len(node.arguments) > 1:
            yield "=" + unparse(with_part(root, node, node._replace(arguments=node.arguments[:-1])))
        value = _constant(_value(node, case.inputs))
        if value is not None and not isinstance(node, Number | Text | Boolean):
            yield "=" + unparse(with_part(root, node, value))
        if isinstance(node, Number) and node.value not in (0.0, 1.0):
            yield from ("=" + unparse(with_part(root, node, node._replace(value=simple))) for simple in (1.0, 2.0))


def _value(node: Node, inputs: Mapping[str, Value]) -> Value:
    try:
        return evaluate(Formula("", node, False), inputs, DATE)
    except Exception:  # noqa: BLE001 - the very thing that is being made smaller
        return None


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Unary | Percent):
        return (node.operand,)
    return node.arguments if isinstance(node, Call) else ()


def _constant(value: Value) -> Node | None:
    if isinstance(value, bool):
        return Boolean(value, 0, 0)
    if isinstance(value, float):
        return Number(value, 0, 0)
    return Text(value, 0, 0) if isinstance(value, str) else None


def _inputs(inputs: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    for name, value in inputs.items():
        if isinstance(value, Array):
            if value.height > 1:
                yield {**inputs, name: Array(value.rows[1:])}
                yield {**inputs, name: Array(value.rows[:-1])}
        elif value is not None:
            simpler: tuple[Value, ...] = (
                (None, 1.0, 0.0, float(int(value))) if isinstance(value, float) else (None, "", "a")
            )
            yield from ({**inputs, name: each} for each in simpler)


def unsupported_functions(engine: EngineName, recompute: Recompute) -> set[str]:
    """Measured: the functions of which the engine computes no plain call as we do.

    Where the table says that it computes them, more calls are tried.
    """
    calls = [
        (name, _single(case))
        for name, spec in FUNCTIONS.items()
        for case in sample_calls(spec, 6 if has_function(engine, name) else 2)
    ]
    answers = answers_of(engine, [case for _, case in calls], recompute)
    computed = {
        name
        for (name, case), answer in zip(calls, answers, strict=True)
        if not answer.unable and same_result(answer.value, as_result(case).value)
    }
    return set(FUNCTIONS) - computed


def _single(case: FuzzCase) -> FuzzCase:
    """An array as the result is counted, as engines give it in many cells."""
    if not isinstance(as_result(case).value, Array):
        return case
    return FuzzCase(parse(f"=SUM({case.formula.text[1:]})"), case.inputs)
