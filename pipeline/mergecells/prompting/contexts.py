"""Who calls, from what a caller gives."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext

_FIELDS = tuple(each.name for each in dataclasses.fields(CallContext))
MOST_CHARACTERS = 500
"""Of one field: they are ids, and become keys of budgets and columns of the history."""


def make_context(context: CallContext | None, who: Mapping[str, str]) -> CallContext:
    """The context of one call, with a trace id. Raises UsageError for a field that there is not."""
    base = context or CallContext()
    unknown = sorted(set(who) - set(_FIELDS))
    if unknown:
        raise UsageError(f"A call has no {unknown[0]!r}.", f"It has: {', '.join(_FIELDS)}.")
    given: dict[str, str] = {name: str(value) for name, value in who.items() if value}
    for name, value in given.items():
        if len(value) > MOST_CHARACTERS or not value.isprintable():
            raise UsageError(f"{name} must be one line of at most {MOST_CHARACTERS} characters.")
    if not (given.get("trace_id") or base.trace_id):
        given["trace_id"] = secrets.token_hex(16)
    return dataclasses.replace(base, **given)
