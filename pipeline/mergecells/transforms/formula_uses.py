"""What a formula does with its inputs, part by part: the vocabulary in which defects of engines are described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from mergecells.formula import Array, ErrorValue, Formula, Value, evaluate
from mergecells.formula.arguments import BROADCAST_KINDS
from mergecells.formula.nodes import Binary, Call, Let, Name, Node, Number, Omitted, Percent, Unary, walk
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import spec_of
from mergecells.formula.values import MAX_TEXT
from mergecells.transforms.formula_inline import inline, is_closed
from mergecells.transforms.formula_results import Result

Values = Sequence[Value]
Condition = Callable[["Use"], bool]
ARITHMETIC = "+-*/^"
COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")


class Use:
    """One result, with the value of each part of its formula, computed when it is asked for."""

    def __init__(self, result: Result) -> None:
        assert result.site.formula
        self.result = result
        self.formula: Formula = result.site.formula
        self.nodes = tuple(walk(inline(self.formula.root)))
        self._values: dict[int, Value] = {}

    def values(self, nodes: Sequence[Node]) -> list[Value] | None:
        """The value of each; None when a part has none by itself, inside of a LAMBDA that runs for each cell."""
        return [self.value(node) for node in nodes] if all(map(is_closed, nodes)) else None

    def value(self, node: Node) -> Value:
        """The reference interpreter's value of one part."""
        if isinstance(node, Name):
            return self.result.inputs.get(node.key)  # a blank stays one
        if id(node) not in self._values:
            part = Formula("", node, False, self.formula.dialect)
            found = evaluate(part, self.result.inputs, self.result.scenario.date)
            self._values[id(node)] = None if found == 0.0 and self._is_blank(node) else found
        return self._values[id(node)]

    def _is_blank(self, node: Node) -> bool:
        """As a whole result, a blank is 0."""
        asked = Call("ISBLANK", (node,), 0, 0, 0)
        return evaluate(Formula("", asked, False), self.result.inputs, self.result.scenario.date) is True


def calls(*names: str, when: Callable[[list[Value]], bool] = lambda _: True) -> Condition:
    """A call of one of the functions whose arguments' values meet a condition."""
    wanted = frozenset(names)

    def condition(use: Use) -> bool:
        return any(_met(use, node.arguments, when) for node in _calls(use, wanted))

    return condition


def gives(*names: str, when: Callable[[Value], bool]) -> Condition:
    """A call of one of the functions whose own value, ours, meets a condition."""
    wanted = frozenset(names)
    return lambda use: any(is_closed(node) and when(use.value(node)) for node in _calls(use, wanted))


def calls_with(*names: str, part: type[Node] | tuple[type, ...]) -> Condition:
    """A call of one of the functions with an argument of a kind written into the formula."""
    wanted = frozenset(names)
    return lambda use: any(isinstance(each, part) for node in _calls(use, wanted) for each in node.arguments)


def special_fails(use: Use) -> bool:
    """A special function whose result is an error: which one, engines see differently."""
    return any(
        isinstance(node, Call) and node.name not in EVERYDAY and (not is_closed(node) or is_error(use.value(node)))
        for node in use.nodes
    )


def special_takes(when: Callable[[list[Value]], bool]) -> Condition:
    """A special function whose arguments' values meet a condition."""
    return lambda use: any(
        isinstance(node, Call) and node.name not in EVERYDAY and _met(use, node.arguments, when) for node in use.nodes
    )


def special_spreads(use: Use) -> bool:
    """A special function that is computed for each cell of a list: one stands where a single value is due."""
    return any(
        isinstance(node, Call) and node.name not in EVERYDAY and any(_spreads(use, node, at) for at in _single(node))
        for node in use.nodes
    )


def _single(node: Call) -> Iterator[int]:
    """The places of arguments that are single values."""
    spec = spec_of(node.name)
    return (at for at in range(len(node.arguments)) if spec and spec.kind_of(at) in BROADCAST_KINDS)


def _spreads(use: Use, node: Call, at: int) -> bool:
    return _met(use, (node.arguments[at],), any_array)


def operates(operators: str | tuple[str, ...], when: Callable[[list[Value]], bool] = lambda _: True) -> Condition:
    """An operation whose operands' values meet a condition."""
    return lambda use: any(
        isinstance(node, Binary) and node.op in operators and _met(use, (node.left, node.right), when)
        for node in use.nodes
    )


def signs(when: Callable[[Value], bool]) -> Condition:
    """A sign or percent sign whose operand's value meets a condition."""
    return lambda use: any(
        isinstance(node, Unary | Percent) and _met(use, (node.operand,), lambda values: when(values[0]))
        for node in use.nodes
    )


def percent_of_value(use: Use) -> bool:
    """A percent sign after anything but a number that is written there."""
    return any(isinstance(node, Percent) and not isinstance(node.operand, Number) for node in use.nodes)


def written(part: type[Node]) -> Condition:
    """A part of a kind anywhere in the formula."""
    return lambda use: any(isinstance(node, part) for node in use.nodes)


def has_value(when: Callable[[Value], bool]) -> Condition:
    """A part of the formula, or the whole, whose value meets a condition."""
    return lambda use: any(
        when(item)
        for node in use.nodes
        if not isinstance(node, Omitted) and is_closed(node)
        for item in _items(use.value(node))
    )


def hands_on_text(use: Use) -> bool:
    """A text in a cell that reaches an aggregate through LET, a sign, IF or CHOOSE: as the cell, or as the text?"""
    handed = any(map(_hands_on, (part for call in _calls(use, AGGREGATES) for part in call.arguments)))
    named = any(isinstance(node, Let) for node in walk(use.formula.root))
    return (handed or named) and any_text(tuple(use.result.inputs.values()))


def _hands_on(node: Node) -> bool:
    return (isinstance(node, Unary) and node.op == "+") or (isinstance(node, Call) and node.name in ("IF", "CHOOSE"))


def unknown_name(use: Use) -> bool:
    """A name without a value: #NAME?."""
    return any(isinstance(node, Name) and node.key not in use.result.inputs for node in use.nodes)


def either(*conditions: Condition) -> Condition:
    """One of several conditions."""
    return lambda use: any(condition(use) for condition in conditions)


def _met(use: Use, nodes: Sequence[Node], when: Callable[[list[Value]], bool]) -> bool:
    """Whether the values meet the condition. Values that cannot be told may: a difference is then no finding."""
    values = use.values(nodes)
    return values is None or when(values)


def _calls(use: Use, names: frozenset[str]) -> Iterator[Call]:
    return (node for node in use.nodes if isinstance(node, Call) and (node.name in names or not names))


def _items(value: Value) -> Sequence[Value]:
    return value.cells if isinstance(value, Array) else (value,)


# Conditions on values.


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: Value) -> bool:
    return isinstance(value, str)


def is_error(value: Value) -> bool:
    return isinstance(value, ErrorValue)


def any_error(values: Values) -> bool:
    return any(is_error(item) for value in values for item in _items(value))


def any_array(values: Values) -> bool:
    return any(isinstance(value, Array) for value in values)


def any_text(values: Values) -> bool:
    return any(is_text(item) for value in values for item in _items(value))


def any_truth(values: Values) -> bool:
    return any(isinstance(item, bool) for value in values for item in _items(value))


def mixed_kinds(values: Values) -> bool:
    return len({type(value) for value in values}) > 1


def almost_equal(values: Values) -> bool:
    """Numbers that differ in their last digits only."""
    numbers = [item for value in values for item in _items(value) if is_number(item)]
    return any(
        one != other and abs(one - other) <= 1e-12 * max(abs(one), abs(other))  # type: ignore[operator,arg-type]
        for index, one in enumerate(numbers)
        for other in numbers[index + 1 :]
    )


def rich_format(values: Values) -> bool:
    """TEXT: a code of more than digits, commas, a point, a percent sign and plain dates."""
    code = values[1] if len(values) > 1 else None
    return not isinstance(code, str) or not code or not (set(code) <= set("0#,.%") or set(code) <= set("yYmMdD-/ "))


def almost_half(number: float) -> bool:
    """A number that shows a half at some decimal, which its binary digits are a little above or below of."""
    shown = Decimal(f"{number:.15g}")
    digit = shown.normalize().as_tuple()
    return digit.digits[-1] == 5 and isinstance(digit.exponent, int) and digit.exponent < 0 and Decimal(number) != shown


def far_out(values: Values) -> bool:
    """A distribution: far from its middle, or of lists, so that nobody can tell."""
    return isinstance(values[0], Array) or (isinstance(values[0], float) and abs(values[0]) > 5)


def exact_half(number: float) -> bool:
    """A number with a half as its last decimal, in binary digits too: 2.5."""
    return number != int(number) and (2.0 * number) == int(2.0 * number)


def many_digits(value: Value) -> bool:
    """A number that 15 digits do not hold, or that is shown with an exponent."""
    return isinstance(value, float) and (float(f"{value:.15g}") != value or "E" in f"{value:G}" or abs(value) >= 1e15)


def too_long(value: Value) -> bool:
    """A text of as many characters as a cell may hold."""
    return isinstance(value, str) and len(value) >= MAX_TEXT


def tiny(value: Value) -> bool:
    """A number next to nothing, or exactly that where it stands for one beyond the range of numbers."""
    return isinstance(value, float) and 0.0 < abs(value) < 1e-9


def negative_first(values: Values) -> bool:
    """A number below 0 in the first argument."""
    return number_among(lambda n: n < 0)(values[:1])


def falls(values: Values) -> bool:
    """The first value is a number above the second, or one of them is none."""
    one, other = (parse_number(each) if isinstance(each, str) else each for each in values[:2])
    return not isinstance(one, float) or not isinstance(other, float) or one > other


def has_digit(text: str) -> bool:
    """A text with a digit in it."""
    return any(map(str.isdigit, text))


def behind_end(values: Values) -> bool:
    """REPLACE: from behind the last character of the text, or a text that cannot be told."""
    text, start = values[:2]
    return not isinstance(text, str) or not isinstance(start, float) or start > len(text)


def far_apart(values: Values) -> bool:
    """A number that is a million million times another, or cannot be told."""
    one, other = values[:2]
    return not isinstance(one, float) or not isinstance(other, float) or abs(one) >= 1e12 * abs(other)


def number_text(values: Values) -> bool:
    """A text that is read as a number."""
    return text_among(lambda s: parse_number(s) is not None)(values)


def wild(value: Value) -> bool:
    """A text with a wildcard or an escape of one."""
    return isinstance(value, str) and bool(set("*?~") & set(value))


def first_early(values: Values) -> bool:
    """The first value is a date before March 1900, around the day that never was, or blank, which is day 0."""
    day = parse_number(values[0]) if isinstance(values[0], str) else values[0]
    return day is None or (isinstance(day, float) and day < 61)


def one_of_two_early(values: Values) -> bool:
    """`first_early`, or so is the second value."""
    return first_early(values) or first_early(values[1:])


def year_early(values: Values) -> bool:
    """DATE: a year up to 1900, or one that cannot be told."""
    return not isinstance(values[0], float) or values[0] <= 1900


def other_kind(values: Values) -> bool:
    """A look-up: the value is of a kind that the list does not hold, or blank."""
    if len(values) < 2 or not isinstance(values[1], Array):
        return True
    rows = values[1].rows
    return any(
        type(values[0]) not in kinds for kinds in ({type(row[0]) for row in rows}, {type(cell) for cell in rows[0]})
    )


def shapes_differ(values: Values) -> bool:
    """Criteria: lists of different sizes, or a single value where a list is due, as in `SUMIFS(list, 1, ">0")`."""
    shapes = [(value.height, value.width) for value in values if isinstance(value, Array)]
    return len(set(shapes)) != 1 or len(shapes) < (len(values) + 1) // 2


def number_among(test: Callable[[float], bool]) -> Callable[[Values], bool]:
    """One of the values is a number that meets a condition."""
    return lambda values: any(test(item) for value in values for item in _items(value) if isinstance(item, float))


def text_among(test: Callable[[str], bool]) -> Callable[[Values], bool]:
    """One of the values is a text that meets a condition."""
    return lambda values: any(test(item) for value in values for item in _items(value) if isinstance(item, str))


def unusual_number_text(text: str) -> bool:
    """A text that is read as a number, but for plain digits with a point and a sign."""
    return parse_number(text) is not None and not text.strip().lstrip("+-").replace(".", "", 1).isdigit()


# Functions that share a defect in more than one engine.

EVERYDAY = frozenset(
    """
    ABS ACOS AND ASIN ATAN ATAN2 AVERAGE AVERAGEA AVERAGEIF AVERAGEIFS CEILING CHAR CHOOSE CLEAN CODE COLUMNS CONCAT
    CONCATENATE COS COUNT COUNTA COUNTBLANK COUNTIF COUNTIFS DATE DATEDIF DAY DAYS DEGREES EDATE EOMONTH ERROR.TYPE
    EVEN EXACT EXP FALSE FILTER FIND FIXED FLOOR GCD HLOOKUP IF IFERROR IFNA IFS INDEX INT ISBLANK ISERR ISERROR
    ISEVEN ISLOGICAL ISNA ISNONTEXT ISNUMBER ISODD ISOWEEKNUM ISTEXT LARGE LCM LEFT LEN LN LOG LOG10 LOOKUP LOWER
    MATCH MAX MAXA MAXIFS MEDIAN MID MIN MINA MINIFS MOD MONTH MROUND N NA NETWORKDAYS NOT ODD OR PERCENTILE
    PERCENTILE.EXC PERCENTILE.INC PI POWER PRODUCT PROPER QUARTILE QUARTILE.EXC QUARTILE.INC QUOTIENT RADIANS RANK
    RANK.AVG RANK.EQ REPLACE REPT RIGHT ROUND ROUNDDOWN ROUNDUP ROWS SEARCH SEQUENCE SIGN SIN SMALL SORT SQRT STDEV
    STDEV.P STDEV.S STDEVP SUBSTITUTE SUM SUMIF SUMIFS SUMPRODUCT SUMSQ SWITCH T TAN TANH TEXT TEXTJOIN TODAY
    TRANSPOSE TRIM TRUE TRUNC TYPE UNICHAR UNICODE UNIQUE UPPER VALUE VAR VAR.P VAR.S VARP VLOOKUP WEEKDAY WEEKNUM
    WORKDAY XLOOKUP XMATCH XOR YEAR
    """.split()  # noqa: SIM905 - a table that people read and edit
)
"""Functions of rules; any other, of finance, distributions or number systems, counts as special."""

AGGREGATES = frozenset(("SUM", "PRODUCT", "MAX", "MIN", "COUNT", "AVERAGE", "MEDIAN", "AND", "OR", "XOR"))
CRITERIA = ("COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS", "MAXIFS", "MINIFS")
LOOKUPS = ("LOOKUP", "MATCH", "XMATCH", "VLOOKUP", "HLOOKUP", "XLOOKUP")
QUANTILES = tuple(
    """
    QUARTILE QUARTILE.EXC QUARTILE.INC PERCENTILE PERCENTILE.EXC PERCENTILE.INC LARGE SMALL RANK RANK.EQ RANK.AVG
    """.split()  # noqa: SIM905
)
SPREADS = ("STDEV", "STDEV.S", "STDEV.P", "STDEVP", "VAR", "VAR.S", "VAR.P", "VARP", "AVERAGEA", "MAXA", "MINA")
SPREADS_OF_ALL = ("STDEVA", "STDEVPA", "VARA", "VARPA")
TEXT_FUNCTIONS = tuple(
    """
    CONCAT CONCATENATE TEXTJOIN LEN LEFT RIGHT MID FIND SEARCH SUBSTITUTE REPLACE REPT UPPER LOWER PROPER TRIM EXACT
    CLEAN CODE UNICODE VALUETOTEXT ARRAYTOTEXT TEXTBEFORE TEXTAFTER ENCODEURL
    """.split()  # noqa: SIM905 - a table that people read and edit
)
FROM_DAY = ("YEAR", "MONTH", "DAY", "WEEKDAY", "WEEKNUM", "ISOWEEKNUM", "EDATE", "EOMONTH", "WORKDAY", "WORKDAY.INTL")
BETWEEN_DAYS = ("DATEDIF", "NETWORKDAYS", "NETWORKDAYS.INTL", "DAYS", "DAYS360", "YEARFRAC")
EARLY = either(
    calls(*FROM_DAY, when=first_early), calls(*BETWEEN_DAYS, when=one_of_two_early), calls("DATE", when=year_early)
)
