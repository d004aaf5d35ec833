"""The ledger of budgets for one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mergecells.domain.ledger import MOST_NANO, checked_amount
from mergecells.domain.llm import Cap, LedgerEntry, Reserved


@dataclass(slots=True)
class _Held:
    keys: tuple[str, ...]
    amount: int
    until: float
    lapsed: bool = False


class MemoryLedger:
    """Implements `ports.BudgetLedger`. Ends with the process: for tests, and for programs without a disk."""

    quick = True

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, LedgerEntry] = {}
        self._held: dict[str, _Held] = {}

    def reserve(
        self,
        reservation: str,
        caps: Sequence[Cap],
        amount: int,
        lease_s: float,
        *,
        wait: bool = True,  # noqa: ARG002
    ) -> Reserved:
        """See `ports.BudgetLedger`."""
        checked_amount(amount)
        keys = tuple(cap.key for cap in caps)
        with self._lock:
            held = self._read(keys)
            refused = tuple(
                cap.key for cap, one in zip(caps, held, strict=True) if one.spent + one.reserved + amount > cap.halt
            )
            if refused:
                return Reserved(held, refused)
            self._held[reservation] = _Held(keys, amount, self._now() + lease_s)
            self._add(keys, reserved=amount)
            return Reserved(self._read(keys))

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:  # noqa: ARG002
        """See `ports.BudgetLedger`."""
        spent = min(max(amount, 0), MOST_NANO)
        with self._lock:
            held = self._held.pop(reservation, None)
            if held is None:
                return ()
            if held.lapsed:
                self._add(held.keys, spent=spent - held.amount, lapsed=-held.amount)
            else:
                self._add(held.keys, spent=spent, reserved=-held.amount)
            return self._read(held.keys)

    def read(self, keys: Sequence[str], *, wait: bool = True) -> tuple[LedgerEntry, ...]:  # noqa: ARG002
        """See `ports.BudgetLedger`."""
        with self._lock:
            return self._read(keys)

    def entries(self, limit: int) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        with self._lock:
            self._lapse()
            return tuple(reversed(self._entries.values()))[:limit]

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, keys: Sequence[str]) -> tuple[LedgerEntry, ...]:
        self._lapse()
        return tuple(self._entries.get(key, LedgerEntry(key, 0, 0)) for key in keys)

    def _add(self, keys: Sequence[str], *, spent: int = 0, reserved: int = 0, lapsed: int = 0) -> None:
        for key in keys:
            old = self._entries.pop(key, LedgerEntry(key, 0, 0))
            self._entries[key] = LedgerEntry(key, old.spent + spent, old.reserved + reserved, old.lapsed + lapsed)

    def _lapse(self) -> None:
        now = self._now()
        for held in self._held.values():
            if not held.lapsed and held.until <= now:
                held.lapsed = True
                self._add(held.keys, spent=held.amount, reserved=-held.amount, lapsed=held.amount)
