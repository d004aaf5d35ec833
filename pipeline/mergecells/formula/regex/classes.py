"""Sets of characters: `[a-z]`, `\\d`, `[[:alpha:]]`, `\\p{Lu}`, with or without regard to case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

Ranges: TypeAlias = "tuple[tuple[int, int], ...]"
LAST: Final = 0x10FFFF


def ranges_of(text: str) -> Ranges:
    """`"09AZ"` → the ranges 0-9 and A-Z."""
    return tuple((ord(text[index]), ord(text[index + 1])) for index in range(0, len(text), 2))


DIGITS: Final = ranges_of("09")
WORD: Final = ranges_of("09AZ__az")
SPACE: Final = ranges_of("\t\n\f\r  ")
POSIX: Final = {
    "alnum": ranges_of("09AZaz"),
    "alpha": ranges_of("AZaz"),
    "ascii": ranges_of("\x00\x7f"),
    "blank": ranges_of("\t\t  "),
    "cntrl": ranges_of("\x00\x1f\x7f\x7f"),
    "digit": DIGITS,
    "graph": ranges_of("!~"),
    "lower": ranges_of("az"),
    "print": ranges_of(" ~"),
    "punct": ranges_of("!/:@[`{~"),
    "space": ranges_of("\t\r  "),
    "upper": ranges_of("AZ"),
    "word": WORD,
    "xdigit": ranges_of("09AFaf"),
}
CATEGORIES: Final = frozenset(
    re.findall(r"[A-Z][a-z]?", "LLuLlLtLmLoMMnMcMeNNdNlNoPPcPdPsPePiPfPoSSmScSkSoZZsZlZpCCcCfCsCo")
)

# Characters that are one letter in more than two shapes; Python's lower() and upper() do not lead to all of them.
_ORBITS: Final = (
    "kK\u212a", "sS\u017f", "\xe5\xc5\u212b", "\xb5\u039c\u03bc", "\u0398\u03b8\u03d1\u03f4", "\u03a9\u03c9\u2126",
    "\u0392\u03b2\u03d0", "\u0395\u03b5\u03f5", "\u0399\u03b9\u0345\u1fbe", "\u039a\u03ba\u03f0", "\u03a0\u03c0\u03d6",
    "\u03a1\u03c1\u03f1", "\u03a3\u03c2\u03c3", "\u03a6\u03c6\u03d5", "\xdf\u1e9e", "\u1e60\u1e61\u1e9b",
    "\u01c4\u01c5\u01c6", "\u01c7\u01c8\u01c9", "\u01ca\u01cb\u01cc", "\u01f1\u01f2\u01f3",
)  # fmt: skip
_SHAPES: Final = {character: orbit for orbit in _ORBITS for character in orbit}


@lru_cache(maxsize=4096)
def shapes(character: str) -> tuple[int, ...]:
    """The code points that count as this character where case does not matter (simple folding, as in RE2)."""
    if character in _SHAPES:
        return tuple(map(ord, _SHAPES[character]))
    found = {character, *(form for form in (character.lower(), character.upper()) if len(form) == 1)}
    # The dotless and the dotted i keep apart: they fold only to themselves.
    return (ord(character),) if character in "\u0130\u0131" else tuple(map(ord, found))


class Item(NamedTuple):
    """A part of a set: ranges, or a Unicode category; `negated` for what is not in it."""

    ranges: Ranges
    category: str = ""
    negated: bool = False

    def holds(self, code: int) -> bool:
        if self.category:
            inside = unicodedata.category(chr(code)).startswith(self.category)
        else:
            inside = any(low <= code <= high for low, high in self.ranges)
        return inside != self.negated


class CharSet(NamedTuple):
    """What one character of a text may be."""

    items: tuple[Item, ...]
    negated: bool = False
    fold: bool = False

    def holds(self, character: str) -> bool:
        """Whether the character is in the set."""
        codes: Iterable[int] = shapes(character) if self.fold else (ord(character),)
        return any(item.holds(code) for code in codes for item in self.items) != self.negated


def single(character: str, fold: bool) -> CharSet:
    """The set of one character."""
    return CharSet((Item(((ord(character), ord(character)),)),), False, fold)
