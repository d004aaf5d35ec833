"""Calls over lists and constant arrays, and averages, as generated code with the work done ahead where it can be."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from mergecells.formula.codegen import Generator
from mergecells.formula.codegen_parts import Code, checked, holds
from mergecells.formula.nodes import ArrayLiteral, Call, Name, Node, Number, Omitted
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import Array, ErrorValue


def lookup(writer: Generator, node: Call) -> Code:
    """`LOOKUP(x,{0,10,50},{0.1,0.4,1})`: bisection among the smallest floats that count as equal to each key."""
    general = writer.plain_call(node)
    value, *tables = node.arguments
    steps = _steps(tables)
    if steps is None or type(value) is not Name:
        return general
    lows, results = steps
    name, index = writer.variable(value), writer.temporary()
    found = f"({index} := bisect({writer.constant(lows)}, {name}))"
    quick = f"{writer.constant(results)}[{index} - 1] if {found} else missing()"
    kind = "F" if all(type(result) is float for result in results) else "V"
    otherwise = f"num({general.source})" if kind == "F" else general.source
    return Code(f"(({quick}) if type({name}) is float else {otherwise})", kind)


def _steps(tables: list[Node]) -> tuple[list[float], tuple[object, ...]] | None:
    """Lower bounds of sorted number keys, and the results, when both are constants in one line of equal length."""
    if len(tables) != 2 or not all(type(table) is ArrayLiteral for table in tables):
        return None
    keys, results = (cast(ArrayLiteral, table).value for table in tables)
    if not (_is_line(keys) and _is_line(results) and keys.all_numbers and len(keys) == len(results)):
        return None
    lows = [equality_bounds(key)[0] for key in keys.numbers]
    if any(one >= other for one, other in pairwise(lows)) or any(type(cell) is ErrorValue for cell in results):
        return None
    return lows, results.cells


def _is_line(table: Array) -> bool:
    return min(table.height, table.width) == 1


def countif(writer: Generator, node: Call) -> Code:
    """`COUNTIF(list,field)`: the usual membership test."""
    table, condition = node.arguments
    if type(table) is not Name or type(condition) is not Name:
        return writer.plain_call(node)
    return Code(f"count_in({writer.variable(table)}, {writer.variable(condition)})", "F")


def average(writer: Generator, node: Call) -> Code:
    """Names and numbers are added in place while all names hold numbers; what is skipped otherwise is not counted."""
    general = writer.plain_call(node)
    names = [writer.variable(part) for part in node.arguments if type(part) is Name]
    if not names or len(node.arguments) > 8 or not all(type(part) in (Name, Number) for part in node.arguments):
        return general
    guard = " is ".join(f"type({name})" for name in names)
    added = " + ".join(writer.code(part).source for part in node.arguments)
    return Code(f"(fin({added}) / {float(len(node.arguments))} if {guard} is float else {general.source})", "F")


def median(writer: Generator, node: Call) -> Code:
    """`MEDIAN(0,1,x)`: how a sheet clips to a range."""
    if len(node.arguments) != 3 or any(holds(part) or type(part) in (ArrayLiteral, Omitted) for part in node.arguments):
        return writer.plain_call(node)
    return Code(f"sorted(({', '.join(checked(*writer.counted(part)) for part in node.arguments)}))[1]", "F")
