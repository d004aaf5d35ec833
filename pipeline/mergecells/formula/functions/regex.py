"""Regular expressions: Google Sheets' three functions and Excel's three, on the engine of `formula.regex`.

Excel's own engine is PCRE2, Google's is RE2. Both dialects take RE2's syntax here: what PCRE2 has beyond it cannot be
matched in linear time. Sources: support.google.com/docs/answer/3098292, 3098244, 3098245; Microsoft support: REGEXTEST,
REGEXEXTRACT, REGEXREPLACE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mergecells.formula.regex import Match, Regex, RegexError, TooManyStepsError, compile_regex
from mergecells.formula.registry import function
from mergecells.formula.values import MAX_TEXT, NA, NUM, VALUE, Array, Fault, Scalar, Value

STEPS_PER_CELL: Final = 4
"""Steps of a match at the cost of computing one array cell."""

_REFERENCE: Final = re.compile(r"\$(?:(\$)|([0-9]{1,2})|\{([0-9]{1,2})\}|\{([A-Za-z_]\w*)\})")


def cost(text: object, pattern: object, *_rest: object) -> int:
    """At most as many steps as instructions times characters; a pattern that cannot be read costs nothing."""
    if type(text) is not str or type(pattern) is not str:
        return 1
    try:
        return 1 + compile_regex(pattern).size * (len(text) + 1) // STEPS_PER_CELL
    except RegexError:
        return 1


def _compiled(pattern: str, sensitivity: float = 0.0) -> Regex:
    if sensitivity not in (0.0, 1.0):
        raise Fault(VALUE)
    try:
        return compile_regex(pattern, sensitivity == 1.0)
    except RegexError:
        raise Fault(VALUE) from None


def _test(regex: Regex, text: str) -> bool:
    try:
        return regex.test(text)
    except TooManyStepsError:
        raise Fault(NUM) from None


def _first(regex: Regex, text: str) -> Match:
    """The leftmost match. Raises Fault: #N/A without one, #NUM! when it takes too long."""
    if not _test(regex, text):
        raise Fault(NA)
    try:
        match, _ = regex.search(text)
    except TooManyStepsError:
        raise Fault(NUM) from None
    if match is None:
        raise Fault(NA)
    return match


def _all(regex: Regex, text: str) -> Sequence[Match]:
    if not _test(regex, text):
        return ()
    try:
        return tuple(regex.matches(text))
    except TooManyStepsError:
        raise Fault(NUM) from None


def _shown(text: str, span: tuple[int, int] | None) -> str:
    return text[span[0] : span[1]] if span else ""


def _row(cells: Sequence[str]) -> Value:
    return cells[0] if len(cells) == 1 else Array([cells])


def _only_text(value: Scalar) -> str:
    """Google Sheets reads no number as text here: #VALUE!."""
    if value is None:
        return ""
    if type(value) is not str:
        raise Fault(VALUE)
    return value


@function(
    "REGEXMATCH(text, pattern)", "vt", "b", "text", "Whether the pattern occurs; #VALUE! for a number.", cost=cost
)
def _regexmatch(value: Scalar, pattern: str) -> bool:
    return _test(_compiled(pattern), _only_text(value))


@function(
    "REGEXTEST(text, pattern, [ignore_case])", "ttn", "b", "text", "Whether the pattern occurs.", optional=1, cost=cost
)
def _regextest(text: str, pattern: str, sensitivity: float = 0.0) -> bool:
    return _test(_compiled(pattern, sensitivity), text)


@function(
    "REGEXEXTRACT(text, pattern, [mode], [ignore_case])",
    "ttnn",
    "v",
    "text",
    "The first match, with mode 1 all matches, with 2 the first one's groups; #N/A without.",
    optional=2,
    cost=cost,
)
def _regexextract(text: str, pattern: str, mode: float = 0.0, sensitivity: float = 0.0) -> Value:
    regex = _compiled(pattern, sensitivity)
    if mode not in (0.0, 1.0, 2.0) or (mode == 2.0 and not regex.groups):
        raise Fault(VALUE)
    if mode == 1.0:
        found = _all(regex, text)
        if not found:
            raise Fault(NA)
        return _row([_shown(text, match.spans[0]) for match in found])
    match = _first(regex, text)
    if mode == 2.0:
        return _row([_shown(text, span) for span in match.spans[1:]])
    return _shown(text, match.spans[0])


@function(
    "REGEXEXTRACT(text, pattern)",
    "vt",
    "v",
    "text",
    "The first match, or its groups where the pattern has some; #N/A without.",
    cost=cost,
    google=True,
)
def _google_regexextract(value: Scalar, pattern: str) -> Value:
    text = _only_text(value)
    match = _first(_compiled(pattern), text)
    return _row([_shown(text, span) for span in match.spans[1:] or match.spans])


@function(
    "REGEXREPLACE(text, pattern, replacement, [which], [ignore_case])",
    "tttnn",
    "t",
    "text",
    "With matches replaced: all, the one counted from the start, or (below 0) from the end. $1 is a group.",
    optional=2,
    cost=cost,
)
def _regexreplace(text: str, pattern: str, new: str, which: float = 0.0, sensitivity: float = 0.0) -> str:
    regex = _compiled(pattern, sensitivity)
    found = _all(regex, text)
    if which:
        at = int(which) - 1 if which > 0 else len(found) + int(which)
        found = found[at : at + 1] if 0 <= at < len(found) else ()
    return _replaced(regex, text, found, new)


@function(
    "REGEXREPLACE(text, pattern, replacement)",
    "vtt",
    "t",
    "text",
    "With every match replaced; $1 is a group.",
    cost=cost,
    google=True,
)
def _google_regexreplace(value: Scalar, pattern: str, new: str) -> str:
    text, regex = _only_text(value), _compiled(pattern)
    return _replaced(regex, text, _all(regex, text), new)


def _replaced(regex: Regex, text: str, found: Sequence[Match], new: str) -> str:
    parts = _parts(regex, new)
    pieces: list[str] = []
    at = length = 0
    for match in found:
        start, end = match.spans[0] or (0, 0)
        written = "".join(p if type(p) is str else _shown(text, match.spans[p]) for p in parts)  # type: ignore[index]
        pieces += (text[at:start], written)
        length += start - at + len(written)
        if length > MAX_TEXT:
            raise Fault(VALUE)
        at = end
    if length + len(text) - at > MAX_TEXT:
        raise Fault(VALUE)
    return "".join([*pieces, text[at:]])


def _parts(regex: Regex, new: str) -> list[str | int]:
    """The replacement as texts and numbers of groups. Raises Fault(#VALUE!) for a group that is not there."""
    parts: list[str | int] = []
    found = list(_REFERENCE.finditer(new))
    edges = [0, *(edge for match in found for edge in match.span()), len(new)]
    for index, (start, end) in enumerate(pairwise(edges)):
        parts.append(_group(regex, found[index // 2]) if index % 2 else new[start:end])
    return parts


def _group(regex: Regex, match: re.Match[str]) -> str | int:
    dollar, number, braced, name = match.groups()
    if dollar:
        return "$"
    group = regex.names.get(name, -1) if name else int(number or braced)
    if not 0 <= group <= regex.groups:
        raise Fault(VALUE)
    return group
