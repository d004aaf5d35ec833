"""Differences that one part of a formula explains: the engine is known to err in the part, and is right about the rest.

`IFERROR(TBILLEQ(…),0)` differs because of TBILLEQ alone. A row of the table says how answers of TBILLEQ differ, not how
those of whatever stands around it do. So the part is asked by itself, and the whole with our value in its place: when
the engine then agrees about the whole, and a row explains the part, the row explains the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mergecells.formula import FormulaSyntaxError, Value, evaluate, parse, to_serial
from mergecells.formula.nodes import Binary, Call, Name, Node, Percent, Unary, walk
from mergecells.formula.unparse import unparse
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.formula_engines import Answer, Calculation, EngineName, Recompute, same_result
from mergecells.transforms.formula_inline import inline, is_closed
from mergecells.transforms.formula_results import Result
from mergecells.transforms.formula_rewrite import rewrite_formula

MOST_PARTS = 12
"""Parts of one formula that are tried, the smallest first."""
MOST_BLAMED = 400
"""Results that are looked into in one go."""
_PART = "value_of_part"


LAST_BITS = Defect(
    "computes other last bits, which the rest of the formula shows",
    "=CEILING.MATH(1,F.INV(x,2,2))",
    {"formualizer": 4.0 / 3.0},
    lambda _: False,
    {"x": 0.25},
)
"""No defect: a part agrees within the tolerance, and the rest rounds it, compares it or writes it out."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """One part of a result's formula by itself, and the whole with our value in its place."""

    index: int
    part: Result
    rest: Result


def blame(engine: EngineName, results: Sequence[Result], recompute: Recompute) -> list[Defect | None]:
    """For each result that the engine computes otherwise: the row that explains one of its parts, and so the whole."""
    suspects = [each for index, result in enumerate(results[:MOST_BLAMED]) for each in _suspects(index, result)]
    parts = _ask(engine, [each.part for each in suspects], recompute)
    rests = _ask(engine, [each.rest for each in suspects], recompute)
    found: list[Defect | None] = [None] * len(results)
    for suspect, part, rest in zip(suspects, parts, rests, strict=True):
        if found[suspect.index] is None and not part.unable and not rest.unable:
            found[suspect.index] = _row(engine, suspect, part.value, rest.value)
    return found


def _row(engine: EngineName, suspect: _Suspect, part: Value, rest: Value) -> Defect | None:
    if part == suspect.part.value or not same_result(rest, suspect.rest.value):
        return None
    return explain(engine, suspect.part, part) or (LAST_BITS if same_result(part, suspect.part.value) else None)


def _suspects(index: int, result: Result) -> Iterator[_Suspect]:
    assert result.site.formula
    root = inline(result.site.formula.root)
    parts = [node for node in walk(root) if isinstance(node, Call | Binary | Unary | Percent) and is_closed(node)]
    for node in sorted((part for part in parts if part is not root), key=lambda part: len(unparse(part)))[:MOST_PARTS]:
        part = _result(result, unparse(node))
        rest = _result(result, unparse(with_part(root, node, Name(_PART, _PART, 0, 0))), part)
        if part and rest:
            yield _Suspect(index, part, rest)


def _result(result: Result, text: str, part: Result | None = None) -> Result | None:
    """The formula with our value for it; None where it cannot be written."""
    assert result.site.formula
    try:
        formula = parse("=" + text, result.site.formula.dialect)
    except FormulaSyntaxError:
        return None
    inputs = {**result.inputs, _PART: part.value} if part else result.inputs
    value = evaluate(formula, inputs, result.scenario.date)
    return replace(result, site=replace(result.site, text=formula.text, formula=formula), inputs=inputs, value=value)


def _ask(engine: EngineName, results: Sequence[Result], recompute: Recompute) -> list[Answer]:
    calculations = [_calculation(engine, result) for result in results]
    asked = [each for each in calculations if each]
    answers = iter(recompute({engine: asked})[engine].answers if asked else ())
    return [next(answers) if each else Answer(unable="too long") for each in calculations]


def _calculation(engine: EngineName, result: Result) -> Calculation | None:
    assert result.site.formula
    serial = float(to_serial(result.scenario.date))
    return rewrite_formula(result.site.formula, result.inputs, serial, plain=engine == "xlcalculator")


def with_part(root: Node, old: Node, new: Node) -> Node:
    """The tree with one node replaced."""
    if root is old:
        return new
    if isinstance(root, Binary):
        return root._replace(left=with_part(root.left, old, new), right=with_part(root.right, old, new))
    if isinstance(root, Unary | Percent):
        return root._replace(operand=with_part(root.operand, old, new))
    if isinstance(root, Call):
        return root._replace(arguments=tuple(with_part(each, old, new) for each in root.arguments))
    return root
