"""A text with a mark under one of its characters, as compilers show the place of a mistake."""

from __future__ import annotations

import unicodedata
from typing import Final

WIDTH: Final = 96
"""Columns of a terminal that the text may take."""
_BEFORE: Final = 60
_MARGIN: Final = "    "
_CUT: Final = "…"


def pointed(text: str, offset: int) -> list[str]:
    """Two lines: the part of `text` around the character at `offset` (from 0), and a caret below that character."""
    start = max(0, offset - _BEFORE) if len(text) > WIDTH else 0
    end = min(len(text), start + WIDTH)
    start = max(0, min(start, end - WIDTH))
    before = (_CUT if start else "") + "".join(map(_shown, text[start:offset]))
    after = "".join(map(_shown, text[offset:end])) + (_CUT if end < len(text) else "")
    return [f"{_MARGIN}{before}{after}", f"{_MARGIN}{' ' * sum(map(_columns, before))}^"]


def _shown(character: str) -> str:
    """What has no shape of its own, or would move the rest, stands as a box."""
    return "\u25a1" if unicodedata.category(character)[0] in "CZ" and character != " " else character


def _columns(character: str) -> int:
    """Columns in a terminal: 2 for full-width and East Asian characters, 0 for accents that stand on another."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
