"""Names inside a formula, and functions that call a LAMBDA for each cell. The interpreter runs them; a LAMBDA is no
value, so that every call and its cost is known before it runs.
"""

from __future__ import annotations

from mergecells.formula.registry import add

add("LET(name, value, …, result)", "**", "v", "logic", "The result, with names for values or LAMBDAs in it.", repeats=2)
add(
    "LAMBDA(name, …, result)",
    "*",
    "v",
    "logic",
    "A function of one's own.",
    repeats=1,
)
add("MAP(list, …, lambda)", "**", "v", "logic", "The LAMBDA's result for each cell.", repeats=1)
add("REDUCE([start], list, lambda)", "***", "v", "logic", "The LAMBDA called with the result so far and each cell.")
add("SCAN([start], list, lambda)", "***", "v", "logic", "As REDUCE, with every result on the way.")
add("BYROW(list, lambda)", "**", "v", "logic", "The LAMBDA's result for each row.")
add("BYCOL(list, lambda)", "**", "v", "logic", "The LAMBDA's result for each column.")
add("MAKEARRAY(rows, columns, lambda)", "***", "v", "logic", "The LAMBDA's result for each row and column number.")
