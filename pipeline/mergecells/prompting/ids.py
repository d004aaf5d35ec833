"""Ids of requests, calls, traces and reservations: unique, and no secrets, so the kernel need not be asked for each."""

from __future__ import annotations

import os
import random

_source = random.Random(os.urandom(32))  # noqa: S311 - see above


def new_id(digits: int = 32) -> str:
    """So many hex digits, never only zeros: W3C takes those for no id."""
    return f"{_source.getrandbits(digits * 4) or 1:0{digits}x}"


def _after_fork() -> None:
    """Parent and child must not go on with the same numbers."""
    _source.seed(os.urandom(32))


os.register_at_fork(after_in_child=_after_fork)
