"""References inside formulas: what happens to them when a cell is repeated, or when rows and columns move."""

from __future__ import annotations

import re
from collections.abc import Callable

REFERENCE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?"""
    r"""(?<![\w.$])(?P<first>\$?[A-Za-z]{1,3}\$?[0-9]+)(?::(?P<last>\$?[A-Za-z]{1,3}\$?[0-9]+))?(?![\w.(!])"""
)
_CELL = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([0-9]+)")

Span = tuple[int, int]
Adjust = Callable[[Span], Span | None]
"""Rows (or columns) `start` to `end`, end exclusive, zero-based → where they are now; None when all are gone."""


def column_index(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_name(index: int) -> str:
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def sheet_of(prefix: str | None) -> str | None:
    return None if not prefix else prefix[:-1].strip("'").replace("''", "'")


def shift_formula(formula: str, rows: int, columns: int) -> str:
    """Relative references move along, as when a formula is copied."""

    def moved(cell: str) -> str:
        found = _CELL.fullmatch(cell)
        assert found
        row = int(found[4]) - 1 + (0 if found[3] else rows)
        column = column_index(found[2]) + (0 if found[1] else columns)
        if row < 0 or column < 0:
            return "#REF!"
        return f"{found[1]}{column_name(column)}{found[3]}{row + 1}"

    def replaced(match: re.Match[str]) -> str:
        if match["text"]:
            return match["text"]
        last = f":{moved(match['last'])}" if match["last"] else ""
        return f"{match['sheet'] or ''}{moved(match['first'])}{last}"

    return REFERENCE.sub(replaced, formula)


def adjust_formula(formula: str, own: str, tab: str, rows: bool, adjust: Adjust) -> str:
    """References to `tab` after its rows (or columns) went where `adjust` says; the formula stands in the tab `own`."""

    def replaced(match: re.Match[str]) -> str:
        if match["text"] or (sheet_of(match["sheet"]) or own) != tab:
            return match[0]
        first, last = _CELL.fullmatch(match["first"]), _CELL.fullmatch(match["last"] or match["first"])
        assert first
        assert last
        ends = [(int(c[4]) - 1 if rows else column_index(c[2])) for c in (first, last)]
        span = adjust((min(ends), max(ends) + 1))
        if span is None:
            return "#REF!"
        start, end = _put(first, span[0], rows), _put(last, span[1] - 1, rows)
        return f"{match['sheet'] or ''}{start}" + (f":{end}" if match["last"] else "")

    return REFERENCE.sub(replaced, formula)


def _put(cell: re.Match[str], index: int, rows: bool) -> str:
    if rows:
        return f"{cell[1]}{cell[2]}{cell[3]}{index + 1}"
    return f"{cell[1]}{column_name(index)}{cell[3]}{cell[4]}"
