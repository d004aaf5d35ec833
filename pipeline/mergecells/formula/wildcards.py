"""`*`, `?` and `~` in texts to look for. Nothing backtracks: time is linear in the text for each part."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from mergecells.formula.values import VALUE, Fault, fold

MAX_PATTERN: Final = 255
"""Characters in a pattern or criterion, Excel's limit; a longer one is #VALUE!."""

_PART: Final = re.compile(r"~([*?~])|(\*)|(\?)|([^*?~]+|~)", re.DOTALL)


def has_wildcards(pattern: str) -> bool:
    """Whether a `*` or `?` stands in it that no `~` makes literal."""
    if "*" not in pattern and "?" not in pattern:
        return False
    return any(match[2] or match[3] for match in _PART.finditer(pattern))


def unescape(pattern: str) -> str:
    """The literal text of a pattern without wildcards."""
    return "".join(match[1] or match[4] or "" for match in _PART.finditer(pattern))


@lru_cache(maxsize=1024)
def _pieces(pattern: str) -> tuple[re.Pattern[str], ...]:
    """What stands between the stars, each a regular expression without repetition. Raises Fault beyond the limit."""
    if len(pattern) > MAX_PATTERN:
        raise Fault(VALUE)
    pieces = [""]
    for match in _PART.finditer(fold(pattern)):
        if match[2]:
            pieces.append("")
        else:
            pieces[-1] += "." if match[3] else re.escape(match[1] or match[4])
    return tuple(re.compile(piece, re.DOTALL) for piece in pieces)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches, without regard to case."""
    text = fold(text)
    first, *rest = _pieces(pattern)
    if not rest:
        return first.fullmatch(text) is not None
    opening = first.match(text)
    if opening is None:
        return False
    position = opening.end()
    for piece in rest[:-1]:
        found = piece.search(text, position)
        if found is None:
            return False
        position = found.end()
    last = rest[-1]
    return _ends_with(last, text, position)


def _ends_with(piece: re.Pattern[str], text: str, position: int) -> bool:
    # A piece matches one length of text only, so where it would have to start is known.
    length = _length(piece.pattern)
    return len(text) - length >= position and piece.fullmatch(text, len(text) - length) is not None


@lru_cache(maxsize=1024)
def _length(pattern: str) -> int:
    return len(re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL))


def search(pattern: str, text: str, start: int) -> int:
    """The first position from `start` where the pattern matches, or -1. A star at the end matches the shortest."""
    text = fold(text)
    first, *rest = _pieces(pattern)
    found = first.search(text, start)
    if found is None:
        return -1
    position = found.end()
    for piece in rest:
        following = piece.search(text, position)
        if following is None:
            # Leftmost pieces leave the most room to the right: a later start cannot help.
            return -1
        position = following.end()
    return found.start()
