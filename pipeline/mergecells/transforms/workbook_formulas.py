"""Formula text between a workbook's file and the config: prefixes, qualified names, and what counts as the same text.

Works on the words of a formula: one that does not parse must come through unchanged, so that the check can say what is
wrong with it. Only which names LET and LAMBDA define is asked of the tree, see `workbook_local_names`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import NamedTuple

from mergecells.transforms.workbook_local_names import names_inside, with_at_signs, with_marked_names

FUTURE_FUNCTIONS = frozenset(
    """
    ACOT ACOTH AGGREGATE ARABIC ARRAYTOTEXT BASE BETA.DIST BETA.INV BINOM.DIST BINOM.DIST.RANGE BINOM.INV BITAND
    BITLSHIFT BITOR BITRSHIFT BITXOR BYCOL BYROW CEILING.MATH CEILING.PRECISE CHISQ.DIST CHISQ.DIST.RT CHISQ.INV
    CHISQ.INV.RT CHISQ.TEST CHOOSECOLS CHOOSEROWS COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COT COTH COVARIANCE.P
    COVARIANCE.S CSC CSCH DAYS DECIMAL DROP ENCODEURL ERF.PRECISE ERFC.PRECISE EXPAND EXPON.DIST F.DIST F.DIST.RT
    F.INV F.INV.RT F.TEST FILTER FLOOR.MATH FLOOR.PRECISE FORECAST.LINEAR GAMMA GAMMA.DIST GAMMA.INV GAMMALN.PRECISE
    GAUSS HSTACK HYPGEOM.DIST IFNA IFS ISFORMULA ISOWEEKNUM LAMBDA LET LOGNORM.DIST LOGNORM.INV MAKEARRAY MAP MAXIFS
    MINIFS MODE.MULT MODE.SNGL MUNIT NEGBINOM.DIST NORM.DIST NORM.INV NORM.S.DIST NORM.S.INV NUMBERVALUE PDURATION
    PERCENTILE.EXC PERCENTILE.INC PERCENTOF PERCENTRANK.EXC PERCENTRANK.INC PERMUTATIONA PHI POISSON.DIST QUARTILE.EXC
    QUARTILE.INC RANK.AVG RANK.EQ REDUCE REGEXEXTRACT REGEXREPLACE REGEXTEST RRI SCAN SEC SECH SEQUENCE SHEET SHEETS
    SINGLE SKEW.P SORT SORTBY STDEV.P STDEV.S SWITCH T.DIST T.DIST.2T T.DIST.RT T.INV T.INV.2T T.TEST TAKE TEXTAFTER
    TEXTBEFORE TEXTJOIN TEXTSPLIT TOCOL TOROW UNICHAR UNICODE UNIQUE VALUETOTEXT VAR.P VAR.S VSTACK WEIBULL.DIST
    WRAPCOLS WRAPROWS XLOOKUP XMATCH XOR Z.TEST
    """.split()  # noqa: SIM905 - a table that people read and edit
)
"""Functions newer than the file format: Excel stores them as `_xlfn.NAME` and shows #NAME? without the prefix."""

_SHEET_ONLY = frozenset({"FILTER", "SORT"})
"""Of these, the ones that Excel stores as `_xlfn._xlws.NAME`."""

EVALUATION_DATE = "evaluation_date"
"""The defined name that stands for `TODAY()` in a workbook whose manifest states the day."""

_PIECES = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<sheet>'(?:[^']|'')*')|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"""
    r"""|(?P<word>[^\W\d][\w.\\]*)|(?P<space>\s+)|(?P<sign>.)""",
    re.DOTALL,
)
_PREFIXES = re.compile(r"^(?:_xlfn\.|_xlws\.|_xlpm\.|_xludf\.|ORG\.(?:LIBREOFFICE|OPENOFFICE)\.)+", re.IGNORECASE)
_ADDIN = re.compile(r"^COM\.SUN\.STAR\.SHEET\.ADDIN\.\w+\.GET", re.IGNORECASE)
# Asked before a formula is taken apart: most of 10,000 need neither.
_MARKS_OF_PROGRAMS = re.compile(r"_xl|COM\.SUN\.|ORG\.", re.IGNORECASE)
_FUTURE_CALL = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(FUTURE_FUNCTIONS)))})\s*\(", re.IGNORECASE)
_ARRAY_CALL = re.compile(r"^=\s*ARRAYFORMULA\s*\(", re.IGNORECASE)
_DIALECT = re.compile(r"^\s*(?:of|oooc|msoxl):", re.IGNORECASE)
_GOOGLE = re.compile(
    r"^=\s*IFERROR\(\s*__xludf\.DUMMYFUNCTION\(\s*\"((?:[^\"]|\"\")*)\"\s*\)\s*,.*\)\s*$", re.IGNORECASE | re.DOTALL
)


class Piece(NamedTuple):
    """`kind`: text, sheet, number, word, space, sign."""

    kind: str
    text: str


def split_formula(formula: str) -> list[Piece]:
    """The pieces of a formula; joined they are the formula again."""
    return [Piece(match.lastgroup or "sign", match.group()) for match in _PIECES.finditer(formula)]


def normalise_formula(stored: str) -> str:
    """The formula as a person typed it, from what a spreadsheet program stored: one leading `=`, no file prefixes.

    `IFERROR(__xludf.DUMMYFUNCTION("…"),cached)`, which is how Google exports a function Excel does not know, becomes
    the formula inside: with the wrapper left on, an engine would return the cached value and agree with itself.
    """
    text = "=" + _DIALECT.sub("", stored).lstrip().removeprefix("=").lstrip()
    wrapped = _GOOGLE.match(text)
    if wrapped:
        text = "=" + wrapped.group(1).replace('""', '"').lstrip().removeprefix("=")
    if _MARKS_OF_PROGRAMS.search(text):
        pieces = split_formula(text)
        text = "".join(_plain_word(piece.text) if piece.kind == "word" else piece.text for piece in pieces)
        text = with_at_signs(text)
    return _without_array_call(text)


def _without_array_call(text: str) -> str:
    """`=ARRAYFORMULA(x)` → `=x`: how Google Sheets marks an array formula, which the language computes without."""
    if not _ARRAY_CALL.match(text):
        return text
    pieces = [piece for piece in split_formula(text.rstrip()) if piece.kind != "space"]
    depth = 0
    for index, piece in enumerate(pieces):
        depth += {"(": 1, ")": -1}.get(piece.text, 0) if piece.kind == "sign" else 0
        if piece.text == ")" and depth == 0 and index + 1 < len(pieces):
            return text  # It closes before the end: only a part is inside.
    inside = _ARRAY_CALL.sub("", text.rstrip(), count=1)
    return f"={inside[:-1].strip()}" if inside.endswith(")") and depth == 0 else text


def _plain_word(word: str) -> str:
    return _ADDIN.sub("", _PREFIXES.sub("", word))


def stored_formula(formula: str) -> str:
    """The formula as the file format wants it: newer functions carry `_xlfn.`, the names of LET and LAMBDA `_xlpm.`,
    and `@x` is `_xlfn.SINGLE(x)`."""
    formula = with_marked_names(formula)
    if not _FUTURE_CALL.search(formula):
        return formula
    pieces = split_formula(formula)
    return "".join(
        f"_xlfn.{'_xlws.' if piece.text.upper() in _SHEET_ONLY else ''}{piece.text}"
        if piece.kind == "word" and piece.text.upper() in FUTURE_FUNCTIONS and _opens_call(pieces, index)
        else piece.text
        for index, piece in enumerate(pieces)
    )


def _opens_call(pieces: list[Piece], index: int) -> bool:
    following = next((piece for piece in pieces[index + 1 :] if piece.kind != "space"), None)
    return following is not None and following.text == "("


def replace_names(formula: str, new_names: Mapping[str, str]) -> str:
    """Replace names (keys in lower case; a function or a text is left alone)."""
    pieces = split_formula(formula)
    if not any(piece.kind == "word" and piece.text.lower() in new_names for piece in pieces):
        return formula
    inside = names_inside(formula)
    if inside:
        pieces = _kept_apart(pieces, inside)
    return "".join(
        new_names.get(piece.text.lower(), piece.text)
        if piece.kind == "word" and not _opens_call(pieces, index)
        else piece.text
        for index, piece in enumerate(pieces)
    )


def _kept_apart(pieces: list[Piece], inside: frozenset[int]) -> list[Piece]:
    """The pieces with every name that LET or LAMBDA defines as a kind of its own."""
    starts = accumulate((len(piece.text) for piece in pieces), initial=0)
    return [Piece("local", p.text) if at in inside else p for p, at in zip(pieces, starts, strict=False)]


def unqualify_names(formula: str, owners: frozenset[str]) -> str:
    """`company_info.years` → `years` for the owners given (lower case): how a component's formula stands in a file."""
    if "." not in formula:
        return formula
    return "".join(_unqualified(piece, owners) for piece in split_formula(formula))


def _unqualified(piece: Piece, owners: frozenset[str]) -> str:
    owner, dot, name = piece.text.partition(".")
    return name if piece.kind == "word" and dot and name and owner.lower() in owners else piece.text


def pin_today(formula: str) -> str:
    """`TODAY()` → the defined name `evaluation_date`: the sample lead is scored on the day that the manifest states,
    in the workbook as in the check, and not on whichever day somebody opens it."""
    pieces = split_formula(formula)
    if not any(piece.text.upper() == "TODAY" for piece in pieces):
        return formula
    pinned: list[str] = []
    index = 0
    while index < len(pieces):
        call = [piece.text.upper() for piece in pieces[index : index + 3]]
        pinned.append(EVALUATION_DATE if call == ["TODAY", "(", ")"] else pieces[index].text)
        index += 3 if call == ["TODAY", "(", ")"] else 1
    return "".join(pinned)


def unpin_today(formula: str) -> str:
    """The file's text again."""
    if EVALUATION_DATE not in formula.lower():
        return formula
    return replace_names(formula, {EVALUATION_DATE: "TODAY()"})


def same_formula(one: str, other: str) -> bool:
    """True when two texts differ only in what spreadsheet programs rewrite on saving: spaces, case of names, `TRUE()`,
    the spelling of numbers (`0.50`)."""
    return one == other or _essence(one) == _essence(other)


def _essence(formula: str) -> list[str]:
    formula = _without_array_call(formula)
    words = [_essential(piece) for piece in split_formula(formula) if piece.kind != "space"]
    kept: list[str] = []
    for word in words:
        kept.append(word)
        if kept[-3:] in (["TRUE", "(", ")"], ["FALSE", "(", ")"]):
            del kept[-2:]
    return kept


def _essential(piece: Piece) -> str:
    if piece.kind == "word":
        return piece.text.upper()
    return repr(float(piece.text)) if piece.kind == "number" else piece.text
