"""Functions that generated code runs inline, or must not run at all until they are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from mergecells.formula.codegen import CallWriter, Generator
from mergecells.formula.codegen_lists import average, countif, lookup, median, vlookup
from mergecells.formula.codegen_parts import Code, checked, either, holds, refuse_held
from mergecells.formula.nodes import Boolean, Call, Name, Node, Number, Omitted, Text
from mergecells.formula.values import MAX_TEXT, fold
from mergecells.formula.wildcards import has_wildcards

_TYPES: Final = {"ISNUMBER": "type({0}) is float", "ISTEXT": "type({0}) is str", "ISBLANK": "{0} is None"}


def _if(writer: Generator, node: Call) -> Code:
    return writer.choice(node, writer.plain)


def _ifs(writer: Generator, node: Call) -> Code:
    branches, otherwise = [], Code("missing()", "")
    for condition, value in zip(node.arguments[::2], node.arguments[1::2], strict=True):
        if type(condition) is Boolean and condition.value:
            otherwise = writer.plain(value)
            break
        branches.append((writer.condition(condition), writer.plain(value)))
    return either(branches, otherwise)


def _switch(writer: Generator, node: Call) -> Code:
    value, *rest = node.arguments
    if not all(type(case) is Text for case in rest[: len(rest) // 2 * 2 : 2]):
        return _switch_any(writer, node)
    folded = f"folded({checked(*writer.code(value))})"
    results = [*rest[1::2], *(rest[-1:] if len(rest) % 2 else ())]
    if len(rest) % 2 and all(type(result) is Number for result in results):
        return _number_by_text(writer, folded, rest)
    name = writer.temporary()
    subject = f"({name} := {folded})"
    branches = []
    for case, result in zip(rest[::2], rest[1::2], strict=False):
        branches.append((f"{subject} == {writer.constant(fold(case.value))}", writer.plain(result)))  # type: ignore[union-attr, arg-type]
        subject = name
    return either(branches, writer.plain(rest[-1]) if len(rest) % 2 else Code("missing()", ""))


def _number_by_text(writer: Generator, folded: str, rest: list[Node]) -> Code:
    """Numbers by constant texts, with one for all others: a dictionary. The first of two equal cases counts."""
    numbers: dict[str, float] = {}
    for case, result in zip(rest[::2], rest[1::2], strict=False):
        numbers.setdefault(fold(cast(Text, case).value), cast(Number, result).value)
    return Code(f"pick({writer.constant(numbers)}, {folded}, {writer.constant(cast(Number, rest[-1]).value)})", "F")


def _switch_any(writer: Generator, node: Call) -> Code:
    value, *rest = node.arguments
    name = writer.temporary()
    subject = f"({name} := {writer.scalar(value)})"
    branches = []
    for case, result in zip(rest[::2], rest[1::2], strict=False):
        branches.append((f"eq({subject}, {writer.scalar(case)})", writer.plain(result)))
        subject = name
    return either(branches, writer.plain(rest[-1]) if len(rest) % 2 else Code("missing()", ""))


def _choose(writer: Generator, node: Call) -> Code:
    """The index is cut to a whole number: 1.9 chooses the first."""
    name = writer.temporary()
    subject = f"({name} := {writer.finite(node.arguments[0])})"
    branches = []
    for index, value in enumerate(node.arguments[1:], 1):
        branches.append((f"{index}.0 <= {subject} < {index + 1}.0", writer.plain(value)))
        subject = name
    return either(branches, Code("outside()", ""))


def _iferror(writer: Generator, node: Call) -> Code:
    value, otherwise = writer.plain(node.arguments[0]), writer.plain(node.arguments[1])
    kind = value.kind if value.kind == otherwise.kind and value.kind in "BT" else "V"
    if value.kind in "FX" and otherwise.kind in "FX":
        kind = "F"
    function = "if_error" if node.name == "IFERROR" else "if_missing"
    names = writer.spread(node.arguments[0])
    return Code(f"{function}(lambda: {checked(*value)}, lambda: {checked(*otherwise)}{names})", kind)


def _and_or(writer: Generator, node: Call) -> Code:
    operator = " & " if node.name == "AND" else " | "
    return Code(f"({operator.join(_held_condition(writer, part) for part in node.arguments)})", "B")


def _held_condition(writer: Generator, node: Node) -> str:
    if type(node) is Name:
        name = writer.variable(node)
        return f"({name} if {name} is True or {name} is False else held({name}))"
    refuse_held(node)
    return writer.counted_condition(node)


def _not(writer: Generator, node: Call) -> Code:
    return Code(f"(not {writer.condition(node.arguments[0])})", "B")


def _sum(writer: Generator, node: Call) -> Code:
    parts = [_aggregated(writer, part, "summand") for part in node.arguments]
    return Code(f"({' + '.join(part.source for part in parts)})", parts[0].kind if len(parts) == 1 else "X")


def _aggregated(writer: Generator, node: Node, otherwise: str) -> Code:
    """An argument of SUM, MAX or MIN: a name that holds no number does not count."""
    if type(node) is Name:
        name = writer.variable(node)
        return Code(f"({name} if type({name}) is float else {otherwise}({name}))", "F")
    if type(node) is Call and node.name == "IF" and holds(node):
        return writer.choice(node, lambda branch: _aggregated(writer, branch, otherwise))
    refuse_held(node)
    return writer.number(node) if otherwise == "summand" or type(node) is Omitted else writer.counted(node)


def _extreme(writer: Generator, node: Call) -> Code:
    """MAX and MIN."""
    otherwise, operator = ("or_least", ">=") if node.name == "MAX" else ("or_most", "<=")
    parts = [writer.sure(_aggregated(writer, part, otherwise)) for part in node.arguments]
    if len(parts) == 2:
        # A conditional expression takes half the time of a call.
        one, other = writer.temporary(), writer.temporary()
        source = f"({one} if ({one} := {parts[0]}) {operator} ({other} := {parts[1]}) else {other})"
    else:
        source = parts[0] if len(parts) == 1 else f"{node.name.lower()}({', '.join(parts)})"
    unsure = all(holds(part) for part in node.arguments)
    return Code(f"or_zero({source})" if unsure else source, "F")


def _abs(writer: Generator, node: Call) -> Code:
    source, kind = writer.number(node.arguments[0])
    return Code(f"abs({source})", kind)


def _len(writer: Generator, node: Call) -> Code:
    return Code(f"float(len({writer.text(node.arguments[0])}))", "F")


def _int(writer: Generator, node: Call) -> Code:
    return Code(f"float(floor({writer.finite(node.arguments[0])}))", "F")


def _left(writer: Generator, node: Call) -> Code:
    """So many characters; a number that is no constant may be below 0."""
    count = node.arguments[1] if len(node.arguments) > 1 else Number(1.0, 0, 0)
    if type(count) is not Number or not 0.0 <= count.value <= MAX_TEXT:
        return writer.plain_call(node)
    return Code(f"{writer.text(node.arguments[0])}[:{writer.constant(int(count.value))}]", "T")


def _sqrt(writer: Generator, node: Call) -> Code:
    name = writer.temporary()
    return Code(f"(sqrt({name}) if ({name} := {writer.finite(node.arguments[0])}) >= 0.0 else f_SQRT({name}))", "F")


def _power(writer: Generator, node: Call) -> Code:
    return Code(f"power({', '.join(map(writer.finite, node.arguments))})", "F")


def _type_test(writer: Generator, node: Call) -> Code:
    argument = node.arguments[0]
    if node.name == "ISNUMBER" and type(argument) is Call and argument.name in ("SEARCH", "FIND"):
        return _contains(writer, argument)
    if type(argument) is not Name:
        return Code(f"f_{node.name}({writer.caught(argument)})", "B")
    name = writer.variable(argument)
    return Code(f"({_TYPES[node.name].format(name)} or (type({name}) is Array and needs()))", "B")


def _contains(writer: Generator, search: Call) -> Code:
    """`ISNUMBER(SEARCH("word",text))` is how a sheet asks whether a text contains a word."""
    wanted, *rest = search.arguments
    if type(wanted) is not Text or len(rest) != 1 or "~" in wanted.value or has_wildcards(wanted.value):
        return Code(f"f_ISNUMBER({writer.caught(search)})", "B")
    if search.name == "FIND":
        return Code(f"({writer.constant(wanted.value)} in {writer.text(rest[0])})", "B")
    return Code(f"({writer.constant(fold(wanted.value))} in {writer.text(rest[0])}.lower())", "B")


def _is_error(writer: Generator, node: Call) -> Code:
    argument = node.arguments[0]
    if type(argument) is Call and argument.name in ("SEARCH", "FIND") and type(argument.arguments[0]) is Text:
        found = _contains(writer, argument)
        if "f_ISNUMBER" not in found.source:
            # An error value in place of the text is one too: that is for the reference interpreter, as any error.
            return Code(f"(not {found.source})", "B")
    return writer.plain_call(node)


def _today(_writer: Generator, _node: Call) -> Code:
    return Code("D", "F")


SPECIAL_CALLS: Final[Mapping[str, CallWriter]] = {
    "IF": _if,
    "IFS": _ifs,
    "SWITCH": _switch,
    "CHOOSE": _choose,
    "IFERROR": _iferror,
    "IFNA": _iferror,
    "AND": _and_or,
    "OR": _and_or,
    "NOT": _not,
    "SUM": _sum,
    "MAX": _extreme,
    "MIN": _extreme,
    "AVERAGE": average,
    "MEDIAN": median,
    "COUNTIF": countif,
    "LOOKUP": lookup,
    "VLOOKUP": vlookup,
    "ABS": _abs,
    "LEFT": _left,
    "LEN": _len,
    "INT": _int,
    "POWER": _power,
    "SQRT": _sqrt,
    "ISBLANK": _type_test,
    "ISNUMBER": _type_test,
    "ISTEXT": _type_test,
    "ISERROR": _is_error,
    "TODAY": _today,
}
