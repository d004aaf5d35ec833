"""What every ledger of budgets holds to: bounds of amounts, and what is forgotten when."""

from __future__ import annotations

from typing import Final

from mergecells.domain.errors import LedgerError

MOST_NANO: Final = 1_000_000_000 * 1_000_000_000
"""A billion dollars: more than any budget's halt, and far from the end of 64 bits."""

KEPT_S: Final = 400 * 86_400.0
"""How long what a run or a day spent is kept after its last call. Personas and totals are kept for good."""


def is_short_lived(key: str) -> bool:
    """Whether a key is of one run, of a node of one run, or of one day."""
    scope, _, rest = key.partition(":")
    return scope in ("run", "day") or (scope == "node" and "/" in rest)


def checked_amount(amount: int) -> int:
    """The amount. Raises LedgerError for one that no call can cost."""
    if not 0 <= amount <= MOST_NANO:
        raise LedgerError(
            f"A call cannot cost {amount} nano-dollars.", "Look at the model's price in prompts/prices.yaml."
        )
    return amount
