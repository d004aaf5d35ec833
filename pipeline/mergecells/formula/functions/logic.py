"""Conditions. Functions that must not evaluate what they do not choose are entries only: the interpreter and the
compiler each know how to run them.
"""

from __future__ import annotations

from mergecells.formula.registry import add, function

add("IF(condition, then, [else])", "b**", "v", "logic", "One of two values; FALSE without an else.", None, optional=1)
add(
    "IFS(condition, value, …)", "b*", "v", "logic", "The value of the first true condition, else #N/A.", None, repeats=2
)
add("IFERROR(value, otherwise)", "**", "v", "logic", "The value, or the other one if it is an error.", None)
add("IFNA(value, otherwise)", "**", "v", "logic", "The value, or the other one if it is #N/A.", None)
add(
    "SWITCH(value, case, result, …, [default])",
    "v**",
    "v",
    "logic",
    "The result of the first case that equals the value, else the default or #N/A.",
    None,
    repeats=1,
)
add("CHOOSE(index, value, …)", "n*", "v", "lookup", "The value at a position; #VALUE! outside.", None, repeats=1)


@function("NOT(condition)", "b", "b", "logic", "The opposite.")
def _not(condition: bool) -> bool:
    return not condition


@function("TRUE()", "", "b", "logic", "TRUE.")
def _true() -> bool:
    return True


@function("FALSE()", "", "b", "logic", "FALSE.")
def _false() -> bool:
    return False
