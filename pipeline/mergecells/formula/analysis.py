"""What a formula uses, and what of it this language does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from mergecells.formula.nodes import Call, Formula, Lambda, Let, Local, Name, Reference, Text, walk
from mergecells.formula.number_format import UnknownFormatError, read_format
from mergecells.formula.number_format_show import show_number
from mergecells.formula.regex import RegexError, compile_regex
from mergecells.formula.registry import FUNCTIONS, plain_name, spec_of

UnsupportedKind = Literal["unsupported", "volatile"]


class NameUse(NamedTuple):
    """A name as written, with its place in the text (characters from 0)."""

    name: str
    start: int
    end: int


class Unsupported(NamedTuple):
    """A function or reference that is refused: `kind` volatile when its answer would not depend on the lead alone."""

    name: str
    position: int
    kind: UnsupportedKind
    reason: str


_CLOCK: Final = "it reads the clock; use TODAY(), which is the evaluation date that the caller gives"
_DICE: Final = "it gives another number each time, so the same lead would not get the same score"
_INDIRECT: Final = "what it refers to is known only while it runs; use field names"
_OUTSIDE: Final = "it reads from outside the config"

VOLATILE: Final[dict[str, str]] = {
    "NOW": _CLOCK,
    **dict.fromkeys(("RAND", "RANDBETWEEN", "RANDARRAY"), _DICE),
    **dict.fromkeys(("INDIRECT", "OFFSET", "ADDRESS", "CELL", "INFO"), _INDIRECT),
    **dict.fromkeys(
        ("IMPORTRANGE", "IMPORTDATA", "IMPORTFEED", "IMPORTHTML", "IMPORTXML", "GOOGLEFINANCE", "GOOGLETRANSLATE"),
        _OUTSIDE,
    ),
    **dict.fromkeys(
        ("WEBSERVICE", "RTD", "STOCKHISTORY", "QUERY", "IMAGE", "HYPERLINK", "DETECTLANGUAGE", "SPARKLINE", "CALL"),
        _OUTSIDE,
    ),
}
"""Refused by name: function → why."""

REFUSED: Final[dict[str, str]] = {
    "ISFORMULA": "it asks about a cell, and a name here is a value",
    "FORMULATEXT": "it asks about a cell, and a name here is a value",
}
"""Known and deliberately not here: function → why, and what to use."""

LOCALISED: Final = {
    **dict.fromkeys(("WENN", "SI", "SE", "ALS", "ЕСЛИ", "OM", "HVIS", "JOS", "JEŻELI", "EĞER"), "IF"),
    **dict.fromkeys(("UND", "ET", "EN", "OCH", "OG", "JA", "ORAZ"), "AND"),
    **dict.fromkeys(("ODER", "OU", "OF", "ELLER", "TAI", "LUB"), "OR"),
    **dict.fromkeys(("SUMME", "SOMME", "SUMA", "SOMA", "SOM", "SOMMA"), "SUM"),
    **dict.fromkeys(("MITTELWERT", "MOYENNE", "PROMEDIO", "MÉDIA", "GEMIDDELDE", "MEDIA"), "AVERAGE"),
    **dict.fromkeys(("WENNFEHLER", "SIERREUR", "SIERROR", "SEERRO", "SE.ERRORE"), "IFERROR"),
    **dict.fromkeys(("RUNDEN", "ARRONDI", "REDONDEAR", "ARRED", "AFRONDEN", "ARROTONDA"), "ROUND"),
    **dict.fromkeys(("LÄNGE", "NBCAR", "LARGO", "LUNGHEZZA", "LENGTE"), "LEN"),
    **dict.fromkeys(("LINKS", "GAUCHE", "IZQUIERDA", "ESQUERDA", "SINISTRA"), "LEFT"),
    **dict.fromkeys(("ZÄHLENWENN", "CONTAR.SI", "CONT.SE", "NB.SI", "AANTAL.ALS"), "COUNTIF"),
    **dict.fromkeys(("HEUTE", "AUJOURDHUI", "HOY", "HOJE", "OGGI", "VANDAAG"), "TODAY"),
}
"""Names that spreadsheets in other languages show, for the hint."""


def names_used(formula: Formula) -> tuple[NameUse, ...]:
    """Every use of a name, in the order of the text."""
    return tuple(NameUse(n.text, n.start, n.end) for n in walk(formula.root) if type(n) is Name)


def functions_used(formula: Formula) -> tuple[NameUse, ...]:
    """Every call, by the function's name in capitals, in the order of the text."""
    return tuple(_function_uses(formula))


def _function_uses(formula: Formula) -> Iterator[NameUse]:
    for node in walk(formula.root):
        if type(node) is Call:
            yield NameUse(plain_name(node.name), node.start, node.name_end)
        elif type(node) is Let or (type(node) is Lambda and not node.bare):
            yield NameUse("LET" if type(node) is Let else "LAMBDA", node.start, node.name_end)


def local_names(formula: Formula) -> tuple[NameUse, ...]:
    """Every place where LET or LAMBDA defines a name, or where such a name is used."""
    seen = {NameUse(n.text, n.start, n.end) for n in walk(formula.root) if type(n) is Local}
    bare = {(n.start, n.end) for n in walk(formula.root) if type(n) is Lambda and n.bare and type(n.body) is Call}
    return tuple(sorted((use for use in seen if (use.start, use.end) not in bare), key=lambda use: use.start))


def unsupported(formula: Formula) -> tuple[Unsupported, ...]:
    """Every function and reference that is refused, with the reason; empty when the formula can be used."""
    found = []
    for node in walk(formula.root):
        if type(node) is Reference:
            reason = f"cell references are not supported; use the field names instead of {node.text}"
            found.append(Unsupported(node.text, node.start, "unsupported", reason))
        elif type(node) is Call and node.name in VOLATILE:
            found.append(Unsupported(node.name, node.start, "volatile", VOLATILE[node.name]))
        elif type(node) is Call and spec_of(node.name) is None:
            found.append(
                Unsupported(node.name, node.start, "unsupported", REFUSED.get(node.name) or _suggestion(node.name))
            )
        elif type(node) is Call and node.name == "TEXT" and type(node.arguments[1]) is Text:
            found += _format_refusal(node.arguments[1])
        elif type(node) is Call and plain_name(node.name) in _WITH_PATTERN and type(node.arguments[1]) is Text:
            found += _pattern_refusal(node.name, node.arguments[1])
    return tuple(found)


def _format_refusal(code: Text) -> list[Unsupported]:
    """A format code of TEXT that is written into the formula is known before it runs."""
    try:
        show_number(0.5, read_format(code.value))
    except UnknownFormatError as error:
        reason = f'no format code with {error} is understood; put words into quotes: """text"""'
        return [Unsupported(f'TEXT with "{code.value[:40]}"', code.start, "unsupported", reason)]
    return []


_WITH_PATTERN: Final = frozenset({"REGEXMATCH", "REGEXTEST", "REGEXEXTRACT", "REGEXREPLACE"})


def _pattern_refusal(name: str, pattern: Text) -> list[Unsupported]:
    """A regular expression that is written into the formula is compiled before it runs."""
    try:
        compile_regex(pattern.value)
    except RegexError as error:
        # The text's own quote, and each doubled quote before the place.
        position = pattern.start + 1 + error.position + pattern.value.count('"', 0, error.position)
        return [Unsupported(f"{plain_name(name)} with this pattern", position, "unsupported", error.message)]
    return []


def refuse_reasons(formula: Formula) -> tuple[str, ...]:
    """`unsupported` in words, one for each use: `NOW is not supported: it reads the clock; …`."""
    return tuple(f"{use.name} is not supported: {use.reason}" for use in unsupported(formula))


def _suggestion(name: str) -> str:
    english = LOCALISED.get(name)
    if english:
        return f"functions are written in English: {english}"
    import difflib  # only where a suggestion is due: services never need it

    close = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
    return f"no such function is known; did you mean {close[0]}?" if close else "no such function is known here"
