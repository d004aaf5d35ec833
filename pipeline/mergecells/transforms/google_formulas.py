"""Formulas and defined names between the config's dialect and Google Sheets.

Google's named ranges hold letters, digits and underscores only, and belong to the whole spreadsheet. So `company.age`
is `company__age` there, and that name of the vertical `health` alone is `health__company__age`. An array formula of an
.xlsx stands inside ARRAYFORMULA; reading takes that off again, as of any workbook (`normalise_formula`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mergecells.transforms.workbook_formulas import Piece, split_formula

SEPARATOR = "__"
_UNDERSCORES = re.compile("_+")
_TRUTH_FIRST = re.compile(r"true|false", re.IGNORECASE)
ARRAY = "=ARRAYFORMULA("
_REFERENCE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)"""
    r"""(?P<area>\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)"""
)


def choose_separator(names: Iterable[str]) -> str:
    """As many underscores as stand next to each other in no name, two at least."""
    runs = (len(run) for name in names for run in _UNDERSCORES.findall(name))
    return "_" * max(2, 1 + max(runs, default=0))


@dataclass(frozen=True, slots=True)
class GoogleDialect:
    """`separator` stands for the dot in names; `scoped` are the pairs of tab and name, both in lower case, that hold in
    one tab only."""

    separator: str = SEPARATOR
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

    def to_google(self, formula: str, tab: str, array: bool = False) -> str:
        """The formula as it is written into a Google Sheet; an `array` one is put inside ARRAYFORMULA."""
        pieces = split_formula(formula)
        text = "".join(self._encode(pieces, index, tab) for index in range(len(pieces)))
        return f"{ARRAY}{text.removeprefix('=')})" if array and not text.upper().startswith(ARRAY) else text

    def from_google(self, formula: str, tab: str) -> str:
        """The formula with the names as the config has them: what `to_google` wrote, and what a person typed."""
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


def _is_name(pieces: list[Piece], index: int) -> bool:
    """A word that is neither a function nor a sheet."""
    following = next((piece.text for piece in pieces[index + 1 :] if piece.kind != "space"), "")
    return pieces[index].kind == "word" and following not in ("(", "!")


def highlight_formula(formula: str, tab: str) -> str:
    """The formula of a conditional format: there, cells of other tabs can be reached through INDIRECT only."""

    def replaced(match: re.Match[str]) -> str:
        if match["text"]:
            return match["text"]
        name = match["sheet"][:-1].strip("'").replace("''", "'")
        whole = match[0].replace('"', '""')
        return match["area"] if name == tab else f'INDIRECT("{whole}")'

    return "=" + _REFERENCE.sub(replaced, formula)
