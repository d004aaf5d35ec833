"""What a workbook's file writes differently inside of a formula, told from the tree: the names of LET and LAMBDA carry
`_xlpm.`, and `@x` is `_xlfn.SINGLE(x)` (ECMA-376 names neither; Excel 365 writes and reads them so).

A formula that does not parse stays as it is.
"""

from __future__ import annotations

import re
from contextlib import suppress

from mergecells.formula import Formula, FormulaSyntaxError, parse
from mergecells.formula.analysis import local_names
from mergecells.formula.nodes import Call, Name, walk
from mergecells.formula.registry import Dialect

_DEFINES = re.compile(r"\b(?:LET|LAMBDA)\s*\(", re.IGNORECASE)
_SINGLE = re.compile(r"\bSINGLE\s*\(", re.IGNORECASE)


def names_inside(formula: str) -> frozenset[int]:
    """Where names stand that LET or LAMBDA define: characters from 0."""
    tree = _tree(formula) if _DEFINES.search(formula) else None
    return frozenset(use.start for use in local_names(tree)) if tree else frozenset()


def with_marked_names(formula: str) -> str:
    """As a file has it: `LET(_xlpm.a,1,_xlpm.a)`, and SINGLE for @."""
    edits = [(start, start, "_xlpm.") for start in names_inside(formula)]
    if "@" in formula:
        for call in _intersections(formula):
            edits += [(call.start, call.start + 1, "SINGLE("), (call.end, call.end, ")")]
    return _edited(formula, edits)


def with_at_signs(formula: str) -> str:
    """As a person types it: `@x` for `SINGLE(x)`."""
    if not _SINGLE.search(formula):
        return formula
    edits = [
        edit
        for call in _intersections(formula)
        for edit in ((call.start, call.arguments[0].start, "@"), (call.end - 1, call.end, ""))
    ]
    return _edited(formula, edits)


def _tree(formula: str) -> Formula | None:
    dialects: tuple[Dialect, ...] = ("excel", "google")
    for dialect in dialects:
        with suppress(FormulaSyntaxError):
            return parse(formula, dialect)
    return None


def _intersections(formula: str) -> list[Call]:
    """Those of a name or a call, which need no parentheses, written in the one way or in the other."""
    tree = _tree(formula)
    if tree is None:
        return []
    return [
        node
        for node in walk(tree.root)
        if type(node) is Call and node.name == "SINGLE" and type(node.arguments[0]) in (Name, Call)
    ]


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
