"""Which functions only one of the two programs has. Source: Microsoft's list "Excel functions (alphabetical)" and the
Google Sheets function list (support.google.com/docs/table/25273)."""

from __future__ import annotations

from typing import Final, NamedTuple

from mergecells.formula.analysis import functions_used
from mergecells.formula.nodes import Formula
from mergecells.formula.registry import DIALECTS, GOOGLE, Dialect, name_in

PROGRAMS: Final = {"excel": "Excel", "google": "Google Sheets"}

ONLY_GOOGLE: Final = frozenset(
    (
        "REGEXMATCH", "SPLIT", "JOIN", "FLATTEN", "ARRAYFORMULA", "ARRAY_CONSTRAIN", "COUNTUNIQUE", "AVERAGE.WEIGHTED",
        "ADD", "MINUS", "MULTIPLY", "DIVIDE", "POW", "UMINUS", "UPLUS", "UNARY_PERCENT", "EQ", "NE", "GT", "GTE", "LT",
        "LTE", "ISBETWEEN", "ISEMAIL", "ISURL", "TO_TEXT", "TO_PURE_NUMBER", "TO_PERCENT", "TO_DOLLARS", "TO_DATE",
        "EPOCHTODATE", "COUNTUNIQUEIFS", "PERCENTIF", "SORTN", "MARGINOFERROR",
    )
)  # fmt: skip

ONLY_EXCEL: Final = frozenset(
    (
        "TEXTSPLIT", "TEXTBEFORE", "TEXTAFTER", "TAKE", "DROP", "EXPAND", "SORTBY", "ARRAYTOTEXT", "VALUETOTEXT",
        "REGEXTEST", "PERCENTOF", "AGGREGATE", "NUMBERVALUE", "SINGLE",
    )
)  # fmt: skip

INSTEAD: Final = {
    "REGEXMATCH": "REGEXTEST", "SPLIT": "TEXTSPLIT", "JOIN": "TEXTJOIN", "FLATTEN": "TOCOL", "ARRAY_CONSTRAIN": "TAKE",
    "POW": "POWER", "TEXTSPLIT": "SPLIT", "REGEXTEST": "REGEXMATCH", "TAKE": "ARRAY_CONSTRAIN", "SORTBY": "SORT",
    "TEXTBEFORE": "REGEXEXTRACT", "TEXTAFTER": "REGEXEXTRACT", "TO_TEXT": "TEXT", "COUNTUNIQUE": "ROWS and UNIQUE",
    "COUNTUNIQUEIFS": "ROWS, UNIQUE and FILTER", "PERCENTIF": "COUNTIF and ROWS", "SORTN": "TAKE and SORT",
    "MARGINOFERROR": "CONFIDENCE.T", "AGGREGATE": "SUBTOTAL", "NUMBERVALUE": "VALUE", "PERCENTOF": "SUM",
}  # fmt: skip


class Foreign(NamedTuple):
    """A function that the dialect's program does not have, and what it has instead (or nothing)."""

    name: str
    position: int
    instead: str


def dialects_of(name: str) -> tuple[Dialect, ...]:
    """The programs that have a function, by its plain name."""
    if name in ONLY_GOOGLE:
        return ("google",)
    return ("excel",) if name in ONLY_EXCEL else DIALECTS


def differs(name: str) -> bool:
    """Whether the function means something else in Google Sheets."""
    return name_in("google", name) in GOOGLE


def foreign_functions(formula: Formula) -> tuple[Foreign, ...]:
    """Functions that production computes and the sheet of this dialect does not know: it would show #NAME?."""
    return tuple(
        Foreign(use.name, use.start, INSTEAD.get(use.name, ""))
        for use in functions_used(formula)
        if formula.dialect not in dialects_of(use.name)
    )
