"""Conditions. Functions that must not evaluate what they do not choose are entries only: the interpreter and the
compiler each know how to run them.
"""

from __future__ import annotations

from mergecells.formula.registry import add, function

add("IF(condition, then, [else])", "b**", "v", "logic", "One of two values; FALSE without an else.", optional=1)
add("IFS(condition, value, …)", "b*", "v", "logic", "The first value whose condition is true, else #N/A.", repeats=2)
add("IFERROR(value, otherwise)", "**", "v", "logic", "The value, or the other one if it is an error.")
add("IFNA(value, otherwise)", "**", "v", "logic", "The value, or the other one if it is #N/A.")
add(
    "SWITCH(value, case, result, …, [default])",
    "v**",
    "v",
    "logic",
    "The result of the first case that equals the value, else the default or #N/A.",
    repeats=1,
)
add("CHOOSE(index, value, …)", "n*", "v", "lookup", "The value at a position; #VALUE! outside.", repeats=1)


@function("NOT(condition)", "b", "b", "logic", "The opposite.")
def _not(condition: bool) -> bool:
    return not condition


@function("TRUE()", "", "b", "logic", "TRUE.")
def _true() -> bool:
    return True


@function("FALSE()", "", "b", "logic", "FALSE.")
def _false() -> bool:
    return False
