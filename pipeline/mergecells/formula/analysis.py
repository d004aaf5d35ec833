"""What a formula uses, and what of it this language does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from mergecells.formula.nodes import Call, Formula, Lambda, Let, Local, Name, Reference, Text, walk
from mergecells.formula.number_format import UnknownFormatError, read_format
from mergecells.formula.number_format_show import show_number
from mergecells.formula.refused import REFUSED, VOLATILE
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
    import difflib  # only where a suggestion is due: services never need it

    from mergecells.formula.localised import english_name

    english = english_name(name)
    if english:
        return f"functions are written in English: {english}"

    close = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
    return f"no such function is known; did you mean {close[0]}?" if close else "no such function is known here"
