"""How long to wait before the next try with the same model."""

from __future__ import annotations

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ErrorKind
from mergecells.domain.routing import Rung

RETRIED: frozenset[ErrorKind] = frozenset({"timeout", "connection", "rate_limit", "overloaded", "server_error"})
LONGEST_BACKOFF_S = 60.0


def pause_before(rung: Rung, tried: int, error: ProviderError, chance: float) -> float | None:
    """Seconds before try number `tried` + 1 (from 1 on); None when there is no more to come with this model.

    Backoff doubles and is jittered by `chance` (0..1) to between half of it and all. A provider that asks for more
    patience than `timeout_s` is left to the next model.
    """
    if error.kind not in RETRIED or tried > rung.retries:
        return None
    backoff: float = min(rung.backoff_s * float(2 ** (tried - 1)), LONGEST_BACKOFF_S) * (0.5 + chance / 2)
    if error.retry_after is None:
        return backoff
    return max(backoff, error.retry_after) if error.retry_after <= rung.timeout_s else None
