"""The filters that a prompt may use. Each is bounded by the size of what it gets, and says so when it does not fit.

Jinja's own are not used: the result of some can be far larger than their input (`center`, `indent`, `replace`,
`format`), and others look up attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from mergecells.domain.errors import PromptRenderError
from mergecells.transforms.prompt_meter import MAX_VALUE_CHARACTERS

_FORMAT = re.compile(r"[^%]{0,100}%[-+ #0]{0,3}[0-9]{0,2}(?:\.[0-9]{1,2})?(?P<kind>[dfFeEgGs])[^%]{0,100}")
_MAX_INDENT = 40


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else finalize(value)


def finalize(value: Any) -> str:
    """How a value stands in a prompt: none as nothing, a list or mapping as JSON, anything else as its text."""
    if value is None:
        return ""
    if isinstance(value, list | tuple | dict):
        return _bounded(json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _bounded(text: str) -> str:
    if len(text) > MAX_VALUE_CHARACTERS:
        raise PromptRenderError(f"A text grows beyond {MAX_VALUE_CHARACTERS:,} characters.", "Give less.")
    return text


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple | dict | str | range):
        raise PromptRenderError(f"A filter needs a list, not {_kind(value)}.")
    return list(value)


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PromptRenderError(f"A filter needs a number, not {_kind(value)}.")
    return value


def _kind(value: Any) -> str:
    return {str: "a text", int: "a number", float: "a number", bool: "true or false", dict: "a mapping"}.get(
        type(value), "nothing" if value is None else "a list"
    )


def do_default(value: Any, other: Any = "", boolean: bool = False) -> Any:
    """`other` where the value is none, or, with `boolean`, also where it is empty, 0 or false."""
    return other if value is None or (boolean and not value) else value


def do_replace(value: Any, old: Any, new: Any) -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if not before:
        raise PromptRenderError("replace needs a text to look for.")
    grown = len(text) + text.count(before) * (len(after) - len(before))
    if grown > MAX_VALUE_CHARACTERS:
        raise PromptRenderError(f"replace makes a text of {grown:,} characters.", "Give less.")
    return text.replace(before, after)


def do_join(value: Any, separator: Any = "", attribute: str | None = None) -> str:
    items = [_text(_item(item, attribute)) for item in _list(value)]
    between = _text(separator)
    grown = sum(map(len, items)) + len(between) * len(items)
    if grown > MAX_VALUE_CHARACTERS:
        raise PromptRenderError(f"join makes a text of {grown:,} characters.", "Give less.")
    return between.join(items)


def _item(item: Any, attribute: str | None) -> Any:
    if attribute is None:
        return item
    return item.get(attribute) if isinstance(item, Mapping) else None


def do_format(pattern: Any, *values: Any) -> str:
    """`"%.2f"|format(score)`: one number or text in a bounded width."""
    found = _FORMAT.fullmatch(pattern) if isinstance(pattern, str) else None
    if found is None or len(values) != 1:
        raise PromptRenderError("format takes a pattern such as '%.2f' and one value.", 'Write "%.2f"|format(score).')
    value = _text(values[0]) if found["kind"] == "s" else _number(values[0])
    try:
        return str(pattern % (value,))
    except (TypeError, ValueError, OverflowError) as error:
        raise PromptRenderError(f"format: {error}.") from error


def do_indent(value: Any, width: int = 4, first: bool = False) -> str:
    if not isinstance(width, int) or not 0 <= width <= _MAX_INDENT:
        raise PromptRenderError(f"indent takes a width from 0 to {_MAX_INDENT}.")
    text = _text(value)
    if len(text) + (text.count("\n") + 1) * width > MAX_VALUE_CHARACTERS:
        raise PromptRenderError("indent makes a text that is too long.", "Give less.")
    return (" " * width if first else "") + text.replace("\n", "\n" + " " * width)


def do_truncate(value: Any, length: int = 255, end: str = "…") -> str:
    """At most `length` characters, `end` among them."""
    text = _text(value)
    if not isinstance(length, int) or length < 1:
        raise PromptRenderError("truncate takes a length of at least 1.")
    return text if len(text) <= length else text[: max(0, length - len(end))].rstrip() + end[:length]


def do_round(value: Any, digits: int = 0) -> int | float:
    if not isinstance(digits, int) or not 0 <= digits <= 15:
        raise PromptRenderError("round takes 0 to 15 digits.")
    rounded = round(float(_number(value)), digits)
    return rounded if digits else int(rounded)


def do_int(value: Any) -> int:
    try:
        return int(float(value)) if not isinstance(value, str) or len(value) <= 40 else int("")
    except (TypeError, ValueError, OverflowError) as error:
        raise PromptRenderError(f"int: {_kind(value)} that is no number.") from error


def do_float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise PromptRenderError(f"float: {_kind(value)} that is no number.") from error


def do_sort(value: Any, reverse: bool = False, attribute: str | None = None) -> list[Any]:
    """Numbers before texts, texts without regard to case."""
    return sorted(_list(value), key=lambda item: _order(_item(item, attribute)), reverse=bool(reverse))


def _order(value: Any) -> tuple[bool, float, str]:
    number = not isinstance(value, bool) and isinstance(value, int | float)
    return (not number, float(value) if number else 0.0, "" if number else _text(value).lower())


def do_sum(value: Any, attribute: str | None = None) -> int | float:
    return sum(_number(_item(item, attribute)) for item in _list(value))


def do_map(value: Any, attribute: str) -> list[Any]:
    """`facts|map(attribute="name")`."""
    return [_item(item, attribute) for item in _list(value)]


def do_tojson(value: Any, indent: int | None = None) -> str:
    if indent is not None and (not isinstance(indent, int) or not 0 <= indent <= 8):
        raise PromptRenderError("tojson takes an indent from 0 to 8.")
    return _bounded(json.dumps(value, ensure_ascii=False, indent=indent))


def do_items(value: Any) -> list[tuple[Any, Any]]:
    """Key and value of each entry of a mapping."""
    if not isinstance(value, Mapping):
        raise PromptRenderError(f"items needs a mapping, not {_kind(value)}.")
    return list(value.items())


def do_unique(value: Any) -> list[Any]:
    return list({finalize(item): item for item in reversed(_list(value))}.values())[::-1]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": lambda value: abs(_number(value)),
    "capitalize": lambda value: _text(value).capitalize(),
    "count": lambda value: len(_list(value)),
    "d": do_default,
    "default": do_default,
    "first": lambda value: next(iter(_list(value)), None),
    "float": do_float,
    "format": do_format,
    "indent": do_indent,
    "int": do_int,
    "items": do_items,
    "join": do_join,
    "last": lambda value: (_list(value) or [None])[-1],
    "length": lambda value: len(_list(value)),
    "list": _list,
    "lower": lambda value: _text(value).lower(),
    "map": do_map,
    "max": lambda value: max(map(_number, _list(value)), default=None),
    "min": lambda value: min(map(_number, _list(value)), default=None),
    "replace": do_replace,
    "reverse": lambda value: value[::-1] if isinstance(value, str) else _list(value)[::-1],
    "round": do_round,
    "sort": do_sort,
    "string": finalize,
    "sum": do_sum,
    "take": lambda value, count: list(islice(_list(value), max(0, int(count)))),
    "title": lambda value: _text(value).title(),
    "tojson": do_tojson,
    "trim": lambda value: _text(value).strip(),
    "truncate": do_truncate,
    "unique": do_unique,
    "upper": lambda value: _text(value).upper(),
    "wordcount": lambda value: len(_text(value).split()),
}
