"""Answers that must be JSON of a form: asked for in words, read, mended where that is safe, and checked.

Safe is what takes away and never adds or changes: a byte order mark, a code fence, words before and after. An answer
that is cut, or that has its own idea of JSON (single quotes, trailing commas, NaN), is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from mergecells.domain.messages import Message, TextPart
from mergecells.transforms.plain_text import unsendable

MAX_DEPTH = 64
MAX_CHARACTERS = 4_000_000
_FENCE = re.compile(r"^\s*```[A-Za-z0-9_-]*[ \t]*\n(.*?)\n?[ \t]*```\s*$", re.DOTALL)
_WORDS = "Answer with one JSON value that fits this JSON Schema, and with nothing else: no words around it, no fence."


class JsonAnswer(NamedTuple):
    """`problem` says why there is no value; `repaired`: something was taken off before it could be read."""

    value: Any = None
    repaired: bool = False
    problem: str = ""


def read_json_answer(text: str, schema: Mapping[str, Any] | None) -> JsonAnswer:
    """The value of an answer, checked against the schema."""
    if len(text) > MAX_CHARACTERS:
        return JsonAnswer(problem=f"It has more than {MAX_CHARACTERS:,} characters.")
    found = _read(text)
    if found.problem or schema is None:
        return found
    problem = schema_problem(schema, found.value)
    return JsonAnswer(None, found.repaired, problem) if problem else found


def schema_problem(schema: Mapping[str, Any], value: Any) -> str:
    """Where a value does not fit a JSON Schema, in words; empty when it fits."""
    try:
        validator = _validator(json.dumps(schema, sort_keys=True))
        error = next(iter(validator.iter_errors(value)), None)
    except ValueError as unusable:  # What jsonschema-rs raises for a schema that is none.
        return f"The prompt's `outputs` is no JSON Schema that can be used: {str(unusable)[:200]}"
    if error is None:
        return ""
    where = "/".join(map(str, error.instance_path))
    return f"{where or 'It'}: {error.message[:300]}."


def with_schema_words(messages: tuple[Message, ...], schema: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages with the form told in words, for a model that cannot be held to it."""
    words = TextPart(f"{_WORDS}\n{json.dumps(schema, ensure_ascii=False, sort_keys=True)}")
    return (Message("system", (words,)), *messages)


def is_closed(schema: Any) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed and every property required."""
    if isinstance(schema, list):
        return all(map(is_closed, schema))
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or properties is not None:
        if not isinstance(properties, Mapping) or schema.get("additionalProperties") is not False:
            return False
        if set(properties) != set(schema.get("required", ())):
            return False
    return all(is_closed(value) for value in schema.values())


def _read(text: str) -> JsonAnswer:
    stripped = text.strip()
    try:
        return JsonAnswer(_parse(stripped))
    except (ValueError, RecursionError) as error:
        problem = f"It is no JSON: {_reason(error)}."
    without = stripped.lstrip("\ufeff").strip()
    fence = _FENCE.match(without)
    for candidate in (without, fence[1] if fence else "", _between(without)):
        try:
            return JsonAnswer(_parse(candidate), repaired=True)
        except (ValueError, RecursionError):
            continue
    return JsonAnswer(problem=problem)


def _between(text: str) -> str:
    """The one object or list that stands among words; empty where there are several, so that none is chosen for it."""
    starts = [position for position in (text.find("{"), text.find("[")) if position >= 0]
    if not starts:
        return ""
    start = min(starts)
    try:
        _, length = _DECODER.raw_decode(text[start:])
    except (ValueError, RecursionError):
        return ""
    rest = text[start + length :]
    return "" if "{" in rest or "[" in rest else text[start : start + length]


def _parse(text: str) -> Any:
    value = _DECODER.decode(text)
    if _depth(value) > MAX_DEPTH:
        raise ValueError(f"it has more than {MAX_DEPTH} levels")
    if "\\u" in text and (half := unsendable(json.dumps(value, ensure_ascii=False).replace("\x00", ""))):
        raise ValueError(f"it holds {half}, half of a character")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_no_twins)


def _depth(value: Any) -> int:
    deepest, left = 0, [(value, 1)]
    while left:
        each, depth = left.pop()
        deepest = max(deepest, depth)
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        left += [(one, depth + 1) for one in inner]
    return deepest


def _reason(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(json.loads(schema), pattern_options=jsonschema_rs.RegexOptions())
