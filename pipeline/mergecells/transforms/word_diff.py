"""Two texts compared by words, for people who read prose and not lines."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

_PIECE = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_MAX_PIECES = 4_000
"""Comparing is quadratic; longer texts are compared by lines."""


class Piece(NamedTuple):
    """A run of text that stays, goes or comes."""

    kind: Literal["same", "gone", "new"]
    text: str


def diff_words(old: str, new: str) -> list[Piece]:
    """The pieces in order: all that is `same` or `gone` makes the old text, all that is `same` or `new` the new one."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    if max(len(before), len(after)) > _MAX_PIECES:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    pieces: list[Piece] = []
    for tag, i, j, m, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[i:j])))
            continue
        if i < j:
            pieces.append(Piece("gone", "".join(before[i:j])))
        if m < n:
            pieces.append(Piece("new", "".join(after[m:n])))
    return pieces


def show_words(pieces: list[Piece], colour: bool = False, around: int = 80) -> str:
    """`Be [-brief-]{+plain+} …`: as git's word diff; what stays far from a change is cut to `around` characters."""
    shown = []
    for index, piece in enumerate(pieces):
        if piece.kind == "same":
            shown.append(_cut(piece.text, around, index == 0, index == len(pieces) - 1))
        elif piece.kind == "gone":
            shown.append(f"\x1b[31m[-{piece.text}-]\x1b[0m" if colour else f"[-{piece.text}-]")
        else:
            shown.append(f"\x1b[32m{{+{piece.text}+}}\x1b[0m" if colour else f"{{+{piece.text}+}}")
    return "".join(shown)


def _cut(text: str, around: int, first: bool, last: bool) -> str:
    if first and last:
        return ""
    if first:
        return text if len(text) <= around else "…" + text[-around:]
    if last:
        return text if len(text) <= around else text[:around] + "…"
    return text if len(text) <= 2 * around else text[:around] + " … " + text[-around:]
