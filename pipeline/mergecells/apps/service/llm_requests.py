"""The bodies of LLM requests: what is asked, for whom, and how the answer is to come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mergecells.apps.logs import RequestIds
from mergecells.apps.service.problems import FieldError, ProblemError, pointer
from mergecells.domain.llm import CallContext
from mergecells.transforms.plain_text import is_one_line, unsendable

MOST_MESSAGE_CHARACTERS = 200_000
"""Of one message in a thread; a longer one fits few models."""

_NAMES = ("persona", "run_id", "node", "workflow", "session_id")
MOST_NAME_CHARACTERS = 100
_THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}\Z")
_COMPLETE_KEYS = ("inputs", *_NAMES, "cache", "stream")
_MESSAGE_KEYS = ("message", *(name for name in _NAMES if name != "session_id"), "cache", "stream")


@dataclass(frozen=True, slots=True)
class CompleteRequest:
    """A call of one prompt. `cache` false: a new answer is wanted. `stream` None: what the Accept header says."""

    inputs: Mapping[str, Any]
    context: CallContext
    cache: bool = True
    stream: bool | None = None


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """One message of a person in a thread."""

    message: str
    context: CallContext
    cache: bool = True
    stream: bool | None = None


def complete_request(document: Any, ids: RequestIds) -> CompleteRequest:
    """`{"inputs": {…}, "persona"?, "run_id"?, "node"?, "workflow"?, "session_id"?, "cache"?, "stream"?}`.

    Raises ProblemError (422) with every place.
    """
    errors: list[FieldError] = []
    body = object_of(document, _COMPLETE_KEYS, errors)
    inputs = body.get("inputs", {})
    if not isinstance(inputs, dict):
        errors.append(FieldError("/inputs", "An object of inputs by name is expected."))
    names, cache, stream = _names(body, errors), _switch(body, "cache", errors), _switch(body, "stream", errors)
    refuse(errors)
    return CompleteRequest(inputs, _context(names, ids), cache is not False, stream)


def message_request(document: Any, thread: str, ids: RequestIds) -> MessageRequest:
    """`{"message": "…", "persona"?, "run_id"?, "node"?, "workflow"?, "cache"?, "stream"?}`. Raises ProblemError."""
    errors: list[FieldError] = []
    body = object_of(document, _MESSAGE_KEYS, errors)
    message = body.get("message")
    if not isinstance(message, str) or not message.strip():
        errors.append(FieldError("/message", "A text that is not empty is expected."))
    elif len(message) > MOST_MESSAGE_CHARACTERS:
        errors.append(FieldError("/message", f"At most {MOST_MESSAGE_CHARACTERS:,} characters are taken."))
    elif found := unsendable(message):
        errors.append(FieldError("/message", f"It holds the character {found}, which no provider takes."))
    names, cache, stream = _names(body, errors), _switch(body, "cache", errors), _switch(body, "stream", errors)
    refuse(errors)
    return MessageRequest(str(message), _context({**names, "session_id": thread}, ids), cache is not False, stream)


def thread_name(given: str) -> str:
    """The id of a thread. Raises ProblemError (422) for one that could not be kept or logged as it is."""
    if not _THREAD.match(given):
        raise ProblemError(
            422, "wrong-thread", "A thread's id has 1 to 100 letters, digits, dots, colons, dashes and underscores."
        )
    return given


def object_of(document: Any, keys: tuple[str, ...], errors: list[FieldError]) -> dict[str, Any]:
    """The body as an object; what it is instead, and each key that there is not, is added to `errors`."""
    if not isinstance(document, dict):
        errors.append(FieldError("", "An object is expected."))
        return {}
    for key in document:
        if key not in keys:
            close = get_close_matches(key, keys, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(keys)}."
            errors.append(FieldError(pointer(key), f"Not a key here. {hint}"))
    return document


def _names(body: Mapping[str, Any], errors: list[FieldError]) -> dict[str, str]:
    found = {name: body[name] for name in _NAMES if body.get(name) is not None}
    for name, value in found.items():
        if not is_name(value):
            errors.append(FieldError(pointer(name), "A text of 1 to 100 characters without control characters."))
    return found


def is_name(value: Any) -> bool:
    """Whether it is a text of 1 to 100 characters without control characters."""
    return isinstance(value, str) and bool(value) and is_one_line(value, MOST_NAME_CHARACTERS)


def _switch(body: Mapping[str, Any], name: str, errors: list[FieldError]) -> bool | None:
    value = body.get(name)
    if not isinstance(value, bool | None):
        errors.append(FieldError(pointer(name), "True or false is expected."))
    return value


def _context(names: Mapping[str, str], ids: RequestIds) -> CallContext:
    return CallContext(
        **names,
        user=ids.user_id,
        job_id=ids.job_id,
        request_id=ids.request_id,
        trace_id=ids.trace_id,
        parent_span_id=ids.parent_span_id,
    )


def refuse(errors: list[FieldError]) -> None:
    """Raises ProblemError (422) with every place, if there is one."""
    if errors:
        raise ProblemError(422, "wrong-shape", "The body is JSON, but not of the shape that this path takes.", errors)
