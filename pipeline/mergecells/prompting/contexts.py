"""Who calls, from what a caller gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext
from mergecells.prompting.ids import new_id
from mergecells.transforms.plain_text import is_one_line

_FIELDS = tuple(each.name for each in dataclasses.fields(CallContext))
MOST_CHARACTERS = 500
"""Of one field: they are ids, and become keys of budgets and columns of the history."""


def make_context(context: CallContext | None, who: Mapping[str, str]) -> CallContext:
    """The context of one call, with a trace id. Raises UsageError for a field that there is not, and one that is no
    id."""
    given: dict[str, str] = {}
    for name, value in who.items():
        if name not in _FIELDS:
            unknown = min(set(who).difference(_FIELDS))
            raise UsageError(f"A call has no {unknown!r}.", f"It has: {', '.join(_FIELDS)}.")
        if value:
            given[name] = _checked(name, str(value))
    if context is not None:
        for name in _FIELDS:
            if stated := getattr(context, name):
                _checked(name, stated)
    if not (given.get("trace_id") or (context and context.trace_id)):
        given["trace_id"] = new_id()
    return CallContext(**given) if context is None else dataclasses.replace(context, **given)


def _checked(name: str, value: str) -> str:
    if not is_one_line(value, MOST_CHARACTERS):
        message = f"{name} must be one line of at most {MOST_CHARACTERS} characters, without control characters."
        raise UsageError(message, "Give a short id; a text belongs into the inputs.")
    return value
