"""One trace for one change, from the cell to the first score: a W3C trace context that its commit carries.

Whoever submits makes the context and writes it into the commit as a trailer; the follower reads it there and lays it
beside the published files; a service finds it in the tree that it loads. So the trace survives git, which knows no
headers. A squash keeps the trailer, for GitHub keeps a commit's text.
"""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

TRAILER = "Traceparent"
_CONTEXT = re.compile(r"00-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-[0-9a-f]{2}")
_LINE = re.compile(rf"^{TRAILER}: (?P<context>{_CONTEXT.pattern})[ \t]*$", re.MULTILINE)


class CommitTrace(NamedTuple):
    """What a commit tells of its way. `traceparent` is empty where nobody made one; times are Unix seconds, and
    `proposed_at` is None for a commit that merges nothing."""

    traceparent: str
    proposed_at: float | None
    merged_at: float


def new_traceparent() -> str:
    """A context of its own, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def split_traceparent(text: str) -> tuple[str, str] | None:
    """(trace id, span id) in hex; None for what is no context of version 00."""
    found = _CONTEXT.fullmatch(text)
    return (found["trace"], found["span"]) if found else None


def trace_of(traceparent: str) -> str | None:
    """The trace id of a context; None for none."""
    ids = split_traceparent(traceparent)
    return ids[0] if ids else None


def trailer_line(traceparent: str) -> str:
    """The trailer of a commit message, with its line end; nothing for what is no context."""
    return f"{TRAILER}: {traceparent}\n" if split_traceparent(traceparent) else ""


def read_trailer(message: str) -> str:
    """The context of a commit message, of several the last; empty without one."""
    found = list(_LINE.finditer(message))
    return found[-1]["context"] if found else ""
