"""Formulas and defined names between the config's dialect and Google Sheets.

Google's named ranges hold letters, digits and underscores only, and belong to the whole spreadsheet. So `company.age`
is `company__age` there, and that name of the vertical `health` alone is `health__company__age`. Google computes with
whole lists only inside ARRAYFORMULA (or in functions that take ranges), which is put around a formula that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mergecells.transforms.workbook_formulas import Piece, split_formula

SEPARATOR = "__"
_UNDERSCORES = re.compile("_+")
_TRUTH_FIRST = re.compile(r"true|false", re.IGNORECASE)
_WRAPPED = re.compile(r"=\s*ARRAYFORMULA\s*\((.*)\)\s*\Z", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)"""
    r"""(?P<area>\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)"""
)

_ALL = frozenset(range(1, 256))
_TAKES_RANGES = {
    **dict.fromkeys(
        ("SUM", "MIN", "MAX", "AVERAGE", "COUNT", "COUNTA", "COUNTBLANK", "MEDIAN", "STDEV", "VAR", "AND", "OR",
         "PRODUCT", "STDEV.S", "STDEV.P", "VAR.S", "VAR.P", "CONCATENATE", "TEXTJOIN", "ROWS", "COLUMNS", "JOIN"),
        _ALL,
    ),
    **dict.fromkeys(
        ("COUNTIF", "INDEX", "LARGE", "SMALL", "PERCENTILE", "QUARTILE", "PERCENTILE.INC", "PERCENTILE.EXC",
         "QUARTILE.INC", "QUARTILE.EXC"),
        frozenset({1}),
    ),
    **dict.fromkeys(("MATCH", "XMATCH", "VLOOKUP", "HLOOKUP", "RANK", "RANK.EQ", "RANK.AVG"), frozenset({2})),
    **dict.fromkeys(("SUMIF", "AVERAGEIF"), frozenset({1, 3})),
    **dict.fromkeys(("LOOKUP", "XLOOKUP"), frozenset({2, 3})),
    "COUNTIFS": frozenset(range(1, 256, 2)),
    **dict.fromkeys(("SUMIFS", "AVERAGEIFS", "MAXIFS", "MINIFS"), frozenset({1, *range(2, 256, 2)})),
}  # fmt: skip
"""The arguments in which a list is taken as it is."""

_COMPUTES_ARRAYS = frozenset({"ARRAYFORMULA", "SUMPRODUCT", "FILTER", "SORT", "UNIQUE", "MMULT"})
"""Inside of these Google computes with whole lists already."""


def choose_separator(names: Iterable[str]) -> str:
    """As many underscores as stand next to each other in no name, two at least."""
    runs = (len(run) for name in names for run in _UNDERSCORES.findall(name))
    return "_" * max(2, 1 + max(runs, default=0))


@dataclass(frozen=True, slots=True)
class GoogleDialect:
    """`separator` stands for the dot in names; `lists` are the names (lower case) of blocks of several cells; `scoped`
    the pairs of tab and name, both in lower case, that hold in one tab only."""

    separator: str = SEPARATOR
    lists: frozenset[str] = frozenset()
    scoped: frozenset[tuple[str, str]] = frozenset()

    def name(self, name: str, tab: str = "") -> str:
        """`company.age` → `company__age`; of one tab only: `health__company__age`."""
        joined = self.separator.join([tab, *name.split(".")] if tab else name.split("."))
        return f"{self.separator}{joined}" if _TRUTH_FIRST.match(joined) else joined

    def is_possible(self, name: str) -> bool:
        """Whether the name comes back as it was: an underscore beside the dot would be lost in the separator."""
        parts = name.split(".")
        return len(parts) == 1 or not any(part.startswith("_") or part.endswith("_") for part in parts)

    def split(self, name: str) -> list[str]:
        """The parts of a name of Google's."""
        return name.removeprefix(self.separator).split(self.separator)

    def to_google(self, formula: str, tab: str) -> str:
        """The formula as it is written into a Google Sheet."""
        pieces = split_formula(formula)
        changed = [self._encode(pieces, index, tab) for index in range(len(pieces))]
        text = "".join(changed)
        return f"=ARRAYFORMULA({text.removeprefix('=')})" if self._needs_array(pieces) else text

    def from_google(self, formula: str, tab: str) -> str:
        """The formula as the config has it: the opposite, for what `to_google` wrote and for what a person typed."""
        wrapped = _WRAPPED.match(formula)
        if wrapped and self._needs_array(split_formula(f"={wrapped[1]}")):
            formula = f"={wrapped[1]}"
        if self.separator not in formula:
            return formula
        pieces = split_formula(formula)
        return "".join(self._decode(pieces, index, tab) for index in range(len(pieces)))

    def _encode(self, pieces: list[Piece], index: int, tab: str) -> str:
        text = pieces[index].text
        if not _is_name(pieces, index):
            return text
        if "." in text:
            return self.name(text, tab if (tab.lower(), text.lower()) in self.scoped else "")
        special = _TRUTH_FIRST.match(text) and text.upper() not in ("TRUE", "FALSE")
        return self.name(text) if special else text

    def _decode(self, pieces: list[Piece], index: int, tab: str) -> str:
        text = pieces[index].text
        if not _is_name(pieces, index) or self.separator not in text:
            return text
        parts = self.split(text)
        if len(parts) > 2 and parts[0].lower() == tab.lower():
            parts = parts[1:]
        return ".".join(parts)

    def _needs_array(self, pieces: list[Piece]) -> bool:
        """Whether a list or an inline array stands where Google would take one value of it."""
        calls: list[tuple[str, int]] = []
        solid = [piece for piece in pieces if piece.kind != "space"]
        for index, piece in enumerate(solid):
            if piece.text == "(":
                before = solid[index - 1] if index else Piece("sign", "")
                calls.append((before.text.upper() if before.kind == "word" else "", 1))
            elif piece.text == ")" and calls:
                calls.pop()
            elif piece.text == "," and calls:
                calls[-1] = (calls[-1][0], calls[-1][1] + 1)
            is_list = piece.text == "{" or (piece.kind == "word" and piece.text.lower() in self.lists)
            if is_list and not _is_taken_whole(solid, index, calls):
                return True
        return False


def _is_name(pieces: list[Piece], index: int) -> bool:
    """A word that is neither a function nor a sheet."""
    following = next((piece.text for piece in pieces[index + 1 :] if piece.kind != "space"), "")
    return pieces[index].kind == "word" and following not in ("(", "!")


def _is_taken_whole(solid: list[Piece], index: int, calls: list[tuple[str, int]]) -> bool:
    if any(name in _COMPUTES_ARRAYS for name, _ in calls):
        return True
    end = index
    if solid[index].text == "{":
        end = next((at for at in range(index, len(solid)) if solid[at].text == "}"), index)
    before = solid[index - 1].text if index else ""
    after = solid[end + 1].text if end + 1 < len(solid) else ""
    name, argument = calls[-1] if calls else ("", 0)
    return before in ("(", ",") and after in (",", ")") and argument in _TAKES_RANGES.get(name, frozenset())


def highlight_formula(formula: str, tab: str) -> str:
    """The formula of a conditional format: there, cells of other tabs can be reached through INDIRECT only."""

    def replaced(match: re.Match[str]) -> str:
        if match["text"]:
            return match["text"]
        name = match["sheet"][:-1].strip("'").replace("''", "'")
        whole = match[0].replace('"', '""')
        return match["area"] if name == tab else f'INDIRECT("{whole}")'

    return "=" + _REFERENCE.sub(replaced, formula)
