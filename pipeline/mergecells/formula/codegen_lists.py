"""Calls over lists and constant arrays, and averages, as generated code with the work done ahead where it can be."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from mergecells.formula.codegen import Generator
from mergecells.formula.codegen_parts import Code, checked, holds, refuse_held
from mergecells.formula.nodes import ArrayLiteral, Boolean, Call, Name, Node, Number, Omitted
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import Array, ErrorValue


def lookup(writer: Generator, node: Call) -> Code:
    """`LOOKUP(x,{0,10,50},{0.1,0.4,1})`: bisection among the smallest floats that count as equal to each key."""
    value, *tables = node.arguments
    steps = _steps(tables)
    if steps is None:
        return writer.plain_call(node)
    lows, results = steps
    kind = "F" if all(type(result) is float for result in results) else "V"
    index = writer.temporary()

    def quick_with(source: str) -> str:
        found = f"({index} := bisect({writer.constant(lows)}, {source}))"
        return f"{writer.constant(results)}[{index} - 1] if {found} else missing()"

    if type(value) is not Name:
        code = writer.code(value)
        return Code(f"({quick_with(checked(*code))})", kind) if code.kind in "FX" else writer.plain_call(node)
    general, name = writer.plain_call(node), writer.variable(value)
    quick = quick_with(name)
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
    if type(table) is not Name:
        return writer.plain_call(node)
    if type(condition) is not Name:
        refuse_held(condition)
        code = writer.code(condition)
        if code.kind != "T":
            return writer.plain_call(node)
        return Code(f"count_in({writer.variable(table)}, {code.source})", "F")
    return Code(f"count_in({writer.variable(table)}, {writer.variable(condition)})", "F")


def vlookup(writer: Generator, node: Call) -> Code:
    """`VLOOKUP(text,table,3,FALSE)`: how a sheet reads from a table."""
    if len(node.arguments) == 4:
        wanted, table, column, is_sorted = node.arguments
        exact = (type(is_sorted) is Boolean and not is_sorted.value) or (
            type(is_sorted) is Number and is_sorted.value == 0.0
        )
        if type(table) is Name and type(column) is Number and exact and type(wanted) is not Name:
            code = writer.code(wanted)
            if code.kind == "T":
                source = f"vlookup_text({code.source}, {writer.variable(table)}, {writer.constant(column.value)})"
                return Code(f"val({source})", "V")
    return writer.plain_call(node)


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
