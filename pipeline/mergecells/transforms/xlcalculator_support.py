"""What xlcalculator 0.5 is asked, and when its answer counts: the one place that knows its weaknesses.

It is one independent engine where it is able, never the only one. Each entry was found by comparing it with the
reference interpreter and Excel's documentation on thousands of formulas; `tests/unit/transforms/test_engine_check.py`
holds a case for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mergecells.formula import Array, ErrorValue, Formula, Value, evaluate, functions_used
from mergecells.formula.nodes import ArrayLiteral, Binary, Call, ErrorLiteral, Node, Number, Omitted, Percent, walk
from mergecells.formula.registry import GOOGLE
from mergecells.transforms.formula_engines import Calculation
from mergecells.transforms.formula_results import Result
from mergecells.transforms.xlcalculator_rewrite import DEFINITIONS, rewrite_formula

_SOUND = tuple(
    """
    ABS AND AVERAGE CEILING CHOOSE CONCAT CONCATENATE COUNT COUNTA COUNTIF COUNTIFS DAY DAYS EOMONTH EXACT EXP FALSE
    FIND FLOOR IF INT ISBLANK ISERR ISERROR ISEVEN ISNA ISNUMBER ISODD ISTEXT LEFT LEN LN LOG LOG10 LOWER MAX MID MIN
    MOD MONTH NOT OR PI POWER ROUND ROUNDDOWN ROUNDUP SIGN SQRT SUM SUMIF SUMIFS SUMPRODUCT TRUE TRUNC UPPER WEEKDAY
    YEAR
    """.split()  # noqa: SIM905 - a table that people read and edit
)

FUNCTION_SUPPORT: Mapping[str, str] = {
    **dict.fromkeys((*_SOUND, *DEFINITIONS), ""),
    "DATE": "it gives a date object where a number is due",
    "DATEDIF": "it counts months and the remaining days wrongly",
    "EDATE": "it gives a date object where a number is due",
    "MATCH": "it finds nothing unless the match is exact",
    "NA": "it loses error values on the way",
    "REPLACE": "it replaces every occurrence",
    "RIGHT": "it returns the whole text for 0 characters",
    "TODAY": "it reads the clock",
    "TRIM": "it keeps repeated blanks inside",
    "VLOOKUP": "it ignores the column index",
}
"""Function → "" when xlcalculator's answer counts, else why it does not."""

_ARITHMETIC = frozenset("+-*/^")
_COMPARISONS = frozenset(("=", "<>", "<", ">", "<=", ">="))
_CRITERIA = frozenset(("COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS"))
_AGGREGATES = frozenset(("SUM", "AVERAGE", "MAX", "MIN", "COUNT", "COUNTA", "SUMPRODUCT"))
_TEXT_FUNCTIONS = frozenset(("LEN", "LEFT", "MID", "LOWER", "UPPER", "FIND", "EXACT", "CONCAT", "CONCATENATE"))


def function_support(name: str) -> str:
    """Why xlcalculator's answer for a function does not count; empty when it does."""
    return FUNCTION_SUPPORT.get(name.upper(), "xlcalculator does not have it")


def rewrite(result: Result) -> Calculation | str:
    """The calculation to ask for, or why the engine is not asked."""
    formula = result.site.formula
    assert formula
    reason = _refusal(formula, result.inputs, result.value)
    return reason or rewrite_formula(formula, result.inputs) or "a formula that grows too long when it is rewritten"


def _refusal(formula: Formula, inputs: Mapping[str, Value], value: Value) -> str:
    for name, _, _ in functions_used(formula):
        reason = function_support(name)
        if reason:
            return f"{name.upper()}: {reason}"
    for node in walk(formula.root):
        if isinstance(node, ArrayLiteral | ErrorLiteral | Omitted):
            return "an inline array, an error value or an argument left out"
        if isinstance(node, Call) and node.name in GOOGLE:
            return "a function with the meaning of Google Sheets"
        if isinstance(node, Percent) and not isinstance(node.operand, Number):
            return "a percent sign after anything but a number"
    if isinstance(value, ErrorValue | Array):
        return "an error value or array as the result"
    return next((reason for item in inputs.values() if (reason := _refused_input(item))), "")


def _refused_input(value: Value) -> str:
    if isinstance(value, ErrorValue):
        return "an error value as an input"
    if isinstance(value, str) and (not value or value.startswith("=")):
        return "an input that is an empty text or reads like a formula"
    if isinstance(value, Array):
        return next((reason for item in value.cells if (reason := _refused_input(item))), "")
    return ""


def known_weakness(result: Result) -> str:
    """Why an answer that differs does not count: an operation in the formula that the engine is known to get wrong.

    Only asked about differences, so that what agrees is compared, whatever it uses.
    """
    formula = result.site.formula
    assert formula
    if any(value is None for value in result.inputs.values()):
        return "a blank input"
    for node in walk(formula.root):
        reason = ""
        if isinstance(node, Binary):
            reason = _weak_operation(node, list(_values((node.left, node.right), result)))
        elif isinstance(node, Call):
            reason = _weak_call(node, list(_values(node.arguments, result)))
        if reason:
            return reason
    return ""


def _values(nodes: Sequence[Node], result: Result) -> Iterator[Value]:
    for node in nodes:
        yield evaluate(Formula("", node, False), result.inputs, result.scenario.date)


def _weak_operation(node: Binary, operands: list[Value]) -> str:
    if any(isinstance(value, ErrorValue) for value in operands):
        return "an error value inside the formula"
    if any(isinstance(value, Array) for value in operands):
        return "an operation on a list"
    numbers = all(_is_number(value) for value in operands)
    if node.op in _ARITHMETIC and not numbers:
        return "arithmetic on something other than numbers"
    if node.op == "&" and not all(isinstance(value, str) for value in operands):
        return "a number or truth value joined to a text"
    if node.op in _COMPARISONS and type(operands[0]) is not type(operands[1]):
        return "a comparison of different kinds of values"
    if node.op in _COMPARISONS and numbers and _almost_equal(*operands):
        return "a comparison of numbers that differ by rounding only"
    return ""


def _weak_call(node: Call, arguments: list[Value]) -> str:
    if any(isinstance(value, ErrorValue) for value in arguments):
        return "an error value inside the formula"
    if node.name in _CRITERIA and any(isinstance(value, str) and set("*?~") & set(value) for value in arguments):
        return "wildcards"
    if node.name in _AGGREGATES and any(isinstance(value, bool | str) for value in arguments):
        return "truth values or texts among numbers"
    if node.name in _TEXT_FUNCTIONS and arguments and not isinstance(arguments[0], str):
        return "a text function of something other than a text"
    if node.name == "ROUND" and _is_tie(arguments):
        return "rounding exactly in the middle"
    return ""


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _almost_equal(one: Value, other: Value) -> bool:
    assert isinstance(one, int | float)
    assert isinstance(other, int | float)
    return one != other and abs(one - other) <= 1e-12 * max(abs(one), abs(other))


def _is_tie(arguments: list[Value]) -> bool:
    """Such as 3.015 to two digits, which Excel rounds as typed and binary arithmetic as stored."""
    if len(arguments) != 2 or not all(_is_number(value) for value in arguments):
        return False
    number, digits = arguments
    assert isinstance(number, int | float)
    assert isinstance(digits, int | float)
    scaled = abs(number) * 10.0 ** max(min(digits, 15), -15)
    return abs(scaled % 1 - 0.5) < 1e-6
