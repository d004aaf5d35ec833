"""Functions that look for a text in another."""

from __future__ import annotations

from mergecells.formula.functions.text import whole
from mergecells.formula.registry import function
from mergecells.formula.values import MAX_TEXT, VALUE, Fault
from mergecells.formula.wildcards import has_wildcards, search, unescape


@function("FIND(text, within, [start])", "ttn", "n", "text", "Where a text stands; case counts.", optional=1)
def _find(wanted: str, within: str, start: float = 1.0) -> float:
    return _position(within.find(wanted, _from(within, start)))


@function(
    "SEARCH(text, within, [start])", "ttn", "n", "text", "Where a text stands; no case, with wildcards.", optional=1
)
def _search(wanted: str, within: str, start: float = 1.0) -> float:
    first = _from(within, start)
    if has_wildcards(wanted):
        return _position(search(wanted, within, first))
    return _position(within.lower().find(unescape(wanted).lower(), first))


def _from(within: str, start: float) -> int:
    first = whole(start, 1)
    if first > len(within) + 1:
        raise Fault(VALUE)
    return first - 1


def _position(index: int) -> float:
    if index < 0:
        raise Fault(VALUE)
    return index + 1.0


@function("SUBSTITUTE(text, old, new, [which])", "tttn", "t", "text", "With a text replaced; case counts.", optional=1)
def _substitute(text: str, old: str, new: str, which: float | None = None) -> str:
    if which is not None:
        return _substitute_one(text, old, new, whole(which, 1))
    if not old:
        return text
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise Fault(VALUE)
    return text.replace(old, new)


def _substitute_one(text: str, old: str, new: str, which: int) -> str:
    if not old:
        return text
    position = -len(old)
    for _ in range(min(which, len(text) + 1)):
        position = text.find(old, position + len(old))
        if position < 0:
            return text
    if which > len(text) + 1 or len(text) - len(old) + len(new) > MAX_TEXT:
        raise Fault(VALUE)
    return text[:position] + new + text[position + len(old) :]
