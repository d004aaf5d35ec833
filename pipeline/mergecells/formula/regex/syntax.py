"""Pattern text → tree, in RE2's syntax. What needs backtracking (back-references, look-around) is refused by name."""

from __future__ import annotations

from typing import Final, NamedTuple

from mergecells.formula.regex.classes import (
    CATEGORIES,
    DIGITS,
    LAST,
    POSIX,
    SPACE,
    WORD,
    CharSet,
    Item,
    single,
)
from mergecells.formula.regex.limits import MAX_DEPTH, MAX_GROUPS, MAX_PATTERN, MAX_REPEAT
from mergecells.formula.regex.tree import (
    Alternatives,
    Assertion,
    Group,
    One,
    Pattern,
    RegexError,
    Repeat,
    Sequence,
    Tree,
)

_NO_BACKTRACKING: Final = "is not supported: it cannot be matched in linear time"
_LOOK_AROUND: Final = {"?=": "look-ahead", "?!": "look-ahead", "?<=": "look-behind", "?<!": "look-behind"}
_CONTROLS: Final = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_PERL: Final = {"d": DIGITS, "w": WORD, "s": SPACE}
_ANCHORS: Final = {"A": "text-start", "z": "text-end", "b": "boundary", "B": "no-boundary"}
_OCTAL: Final = "01234567"
_HEX: Final = "0123456789abcdefABCDEF"


class _Flags(NamedTuple):
    fold: bool = False
    many_lines: bool = False
    dot_all: bool = False
    swapped: bool = False


def parse_pattern(text: str, fold: bool = False) -> Pattern:
    """The tree of a pattern; `fold` as `(?i)` in front. Raises RegexError with the position."""
    if len(text) > MAX_PATTERN:
        raise RegexError(f"a pattern of {len(text)} characters, {MAX_PATTERN} at most", MAX_PATTERN)
    reader = _Reader(text, _Flags(fold=fold))
    tree = reader.alternatives(0)
    if reader.at < len(text):
        raise RegexError("a `)` without its `(`", reader.at)
    return Pattern(tree, reader.groups, reader.names)


class _Reader:
    def __init__(self, text: str, flags: _Flags) -> None:
        self.text = text
        self.at = 0
        self.flags = flags
        self.groups = 0
        self.names: dict[str, int] = {}

    def next_is(self, wanted: str) -> bool:
        return self.text.startswith(wanted, self.at)

    def alternatives(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise RegexError(f"groups nested more than {MAX_DEPTH} deep", self.at)
        flags = self.flags
        parts = [self.sequence(depth)]
        while self.next_is("|"):
            self.at += 1
            parts.append(self.sequence(depth))
        self.flags = flags
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.next_is("\\Q"):
                parts += self.quoted()
                continue
            start = self.at
            part = self.atom(depth)
            if part is not None:
                parts.append(self.repeated(part, start))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quoted(self) -> list[Tree]:
        end = self.text.find("\\E", self.at)
        body = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
        self.at = end + 2 if end >= 0 else len(self.text)
        letters: list[Tree] = [One(single(letter, self.flags.fold)) for letter in body]
        if letters:
            letters[-1] = self.repeated(letters[-1], self.at)
        return letters

    # Repetition

    def repeated(self, part: Tree, start: int) -> Tree:
        counts = self.counts()
        if counts is None:
            return part
        greedy = not self.flags.swapped
        if self.next_is("?"):
            self.at += 1
            greedy = not greedy
        mark = self.at
        if self.next_is("+") and self.text[mark - 1] in "*+?}":
            raise RegexError(f"a possessive repetition, which {_NO_BACKTRACKING}", mark)
        if self.counts() is not None:
            raise RegexError(f"one repetition after another: {self.text[start : self.at]}", mark)
        return Repeat(part, *counts, greedy)

    def counts(self) -> tuple[int, int | None] | None:
        """What `* + ? {n} {n,} {n,m}` ask for; None, and nothing read, where none of them stands."""
        sign = self.text[self.at : self.at + 1]
        if sign in ("*", "+", "?") and sign:
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        return self.braces() if sign == "{" else None

    def braces(self) -> tuple[int, int | None] | None:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end if end >= 0 else self.at + 1].partition(",")
        if not _is_count(low) or (high and not _is_count(high)):
            return None  # RE2 takes such a brace as it stands.
        least, most = int(low[:5]), int(high[:5]) if high else None if comma else int(low[:5])
        if least > MAX_REPEAT or (most or 0) > MAX_REPEAT:
            raise RegexError(f"a repetition of more than {MAX_REPEAT}", self.at)
        if most is not None and most < least:
            raise RegexError("a repetition whose end comes before its start", self.at)
        self.at = end + 1
        return least, most

    # One piece

    def atom(self, depth: int) -> Tree | None:
        position, sign = self.at, self.text[self.at]
        if sign == "(":
            return self.group(depth)
        if sign == "[":
            return One(self.bracket())
        if sign == "\\":
            return self.escape()
        if sign in "*+?" or (sign == "{" and self.braces() is not None):
            raise RegexError(f"`{sign}` without anything to repeat", position)
        self.at += 1
        if sign == ".":
            return One(CharSet(() if self.flags.dot_all else (Item(((10, 10),)),), negated=True))
        if sign == "^":
            return Assertion("line-start" if self.flags.many_lines else "text-start")
        if sign == "$":
            return Assertion("line-end" if self.flags.many_lines else "text-end")
        return One(single(sign, self.flags.fold))

    def group(self, depth: int) -> Tree | None:
        opening = self.at
        self.at += 1
        number = None
        flags = self.flags
        if self.next_is("?"):
            if self._named(opening):
                number = self.groups
            elif not self.group_flags(opening):
                return None
        else:
            number = self._new_group(opening)
        inner = self.alternatives(depth + 1)
        if not self.next_is(")"):
            raise RegexError("this `(` is not closed", opening)
        self.at += 1
        self.flags = flags
        return inner if number is None else Group(inner, number)

    def _new_group(self, position: int) -> int:
        self.groups += 1
        if self.groups > MAX_GROUPS:
            raise RegexError(f"more than {MAX_GROUPS} groups", position)
        return self.groups

    def _named(self, opening: int) -> bool:
        for start in sorted(_LOOK_AROUND, key=len, reverse=True):
            if self.next_is(start):
                raise RegexError(f"({start} is {_LOOK_AROUND[start]}, which {_NO_BACKTRACKING}", opening)
        if self.next_is("?>"):
            raise RegexError(f"(?> is an atomic group, which {_NO_BACKTRACKING}", opening)
        if self.next_is("?P=") or self.next_is("?P>") or self.next_is("?("):
            raise RegexError(f"a reference to a group or a condition, which {_NO_BACKTRACKING}", opening)
        length = 3 if self.next_is("?P<") else 2 if self.next_is("?<") else 0
        if not length:
            return False
        end = self.text.find(">", self.at)
        name = self.text[self.at + length : end if end >= 0 else self.at]
        if not name or not all(letter.isalnum() or letter == "_" for letter in name):
            raise RegexError("a group's name has letters, digits and _ between < and >", opening)
        if name in self.names:
            raise RegexError(f"a second group with the name {name}", opening)
        self.names[name] = self._new_group(opening)
        self.at = end + 1
        return True

    def group_flags(self, opening: int) -> bool:
        """`(?i)` sets flags for the rest of the group around it (False); `(?i:` opens a group (True)."""
        self.at += 1
        value, flags = True, self.flags._asdict()
        names = {"i": "fold", "m": "many_lines", "s": "dot_all", "U": "swapped"}
        while self.at < len(self.text):
            sign = self.text[self.at]
            self.at += 1
            if sign in names:
                flags[names[sign]] = value
            elif sign == "-" and value:
                value = False
            elif sign in ":)" and (value or self.text[self.at - 2] != "-"):
                self.flags = _Flags(**flags)
                return sign == ":"
            else:
                break
        raise RegexError(f"{self.text[opening : self.at]} is no group that is known", opening)

    # Escapes

    def escape(self) -> Tree:
        position = self.at
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in _ANCHORS and letter:
            self.at += 2
            return Assertion(_ANCHORS[letter])
        found = self.class_escape()
        if found is not None:
            return One(CharSet((found,), False, self.flags.fold))
        if letter and letter in "kgG":
            raise RegexError(f"\\{letter} is a reference, which {_NO_BACKTRACKING}", position)
        return One(single(self.character_escape(), self.flags.fold))

    def class_escape(self) -> Item | None:
        """`\\d \\w \\s`, their opposites, and `\\p{…}`; None, and nothing read, for any other."""
        letter = self.text[self.at + 1 : self.at + 2]
        if letter and letter.lower() in _PERL:
            self.at += 2
            return Item(_PERL[letter.lower()], "", letter.isupper())
        return self.property(letter == "P") if letter and letter in "pP" else None

    def property(self, negated: bool) -> Item:
        position = self.at
        self.at += 2
        name = self.text[self.at : self.at + 1]
        self.at += 1
        if name == "{":
            end = self.text.find("}", self.at)
            name = self.text[self.at : end if end >= 0 else self.at]
            self.at = end + 1 if end >= 0 else self.at
        if name.startswith("^"):
            name, negated = name[1:], not negated
        if name == "Any":
            return Item(((0, LAST),), "", negated)
        if name not in CATEGORIES:
            raise RegexError(
                f"the class of characters {name or 'without a name'}; known are L, Lu, Nd, P and so on", position
            )
        return Item((), name, negated)

    def character_escape(self) -> str:
        """The character that `\\n`, `\\.`, `\\x41`, `\\x{20AC}` or `\\101` stands for."""
        position = self.at
        letter = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if not letter:
            raise RegexError("a `\\` at the end", position)
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            return self.hexadecimal(position)
        following = self.text[self.at : self.at + 1]
        if letter == "0" or (letter in _OCTAL and following and following in _OCTAL):
            return self.octal(letter)
        if letter.isascii() and letter.isdigit():
            raise RegexError(f"\\{letter} refers back to a group, which {_NO_BACKTRACKING}", position)
        if letter.isascii() and not letter.isalnum():
            return letter
        raise RegexError(f"\\{letter} has no meaning here", position)

    def octal(self, digits: str) -> str:
        while len(digits) < 3 and self.at < len(self.text) and self.text[self.at] in _OCTAL:
            digits += self.text[self.at]
            self.at += 1
        return chr(int(digits, 8))

    def hexadecimal(self, position: int) -> str:
        if self.next_is("{"):
            end = self.text.find("}", self.at)
            digits = self.text[self.at + 1 : end if end >= 0 else self.at + 1]
            self.at = end + 1
        else:
            digits = self.text[self.at : self.at + 2]
            digits = digits if len(digits) == 2 else ""
            self.at += 2
        if not digits or len(digits) > 8 or any(digit not in _HEX for digit in digits) or int(digits, 16) > LAST:
            raise RegexError("\\x takes two hexadecimal digits, or up to six in braces", position)
        return chr(int(digits, 16))

    # Brackets

    def bracket(self) -> CharSet:
        opening = self.at
        self.at += 1
        negated = self.next_is("^")
        self.at += negated
        items: list[Item] = []
        first = True
        while first or not self.next_is("]"):
            if self.at >= len(self.text):
                raise RegexError("this `[` is not closed", opening)
            items.append(self.bracket_item())
            first = False
        self.at += 1
        return CharSet(tuple(items), negated, self.flags.fold)

    def bracket_item(self) -> Item:
        position = self.at
        if self.next_is("[:"):
            found = self.posix()
            if found is not None:
                return found
        if self.next_is("\\") and (found := self.class_escape()) is not None:
            return found
        low = self.bracket_character()
        if not self.next_is("-") or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return Item(((ord(low), ord(low)),))
        self.at += 1
        high = self.bracket_character()
        if high < low:
            raise RegexError(f"a range from {low} down to {high}", position)
        return Item(((ord(low), ord(high)),))

    def bracket_character(self) -> str:
        if self.next_is("\\"):
            return self.character_escape()
        if self.at >= len(self.text):
            raise RegexError("a `[` is not closed", self.at)
        self.at += 1
        return self.text[self.at - 1]

    def posix(self) -> Item | None:
        end = self.text.find(":]", self.at + 2)
        if end < 0:
            return None
        name = self.text[self.at + 2 : end]
        negated = name.startswith("^")
        ranges = POSIX.get(name.removeprefix("^"))
        if ranges is None:
            raise RegexError(f"the class of characters [:{name}:]", self.at)
        self.at = end + 2
        return Item(ranges, "", negated)


def _is_count(text: str) -> bool:
    return bool(text) and text.isascii() and text.isdigit()
