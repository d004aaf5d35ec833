"""The ledger of budgets in Redis, for several machines. The server's clock counts; theirs need not agree."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from mergecells.adapters import redis_ledger_scripts as scripts
from mergecells.adapters.redis_server import connect_redis, shown
from mergecells.domain.errors import LedgerError
from mergecells.domain.ledger import MOST_NANO, checked_amount
from mergecells.domain.llm import Cap, LedgerEntry, Reserved

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger("mergecells")

PREFIX: Final = "mergecells:ledger1:"
_TIMEOUT_S: Final = 2.0


class RedisLedger:
    """Implements `ports.BudgetLedger`: one script for each method. Both that write may be sent twice without harm."""

    quick = False

    def __init__(self, url: str, *, prefix: str = PREFIX) -> None:
        self._place, self._prefix = shown(url), prefix
        self._redis: Redis = connect_redis(url, _TIMEOUT_S)
        register = self._redis.register_script
        self._reserve, self._settle = register(scripts.RESERVE), register(scripts.SETTLE)
        self._read, self._newest = register(scripts.READ), register(scripts.NEWEST)
        self._lock = threading.Lock()
        self._looked = False

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
        held = [reservation, checked_amount(amount), lease_s]
        refused, rows = self._run(self._reserve, [*held, *(part for cap in caps for part in (cap.key, cap.halt))])
        return Reserved(_entries(rows), tuple(_text(key) for key in refused))

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:  # noqa: ARG002
        """See `ports.BudgetLedger`."""
        return _entries(self._run(self._settle, [reservation, min(max(amount, 0), MOST_NANO)]))

    def read(self, keys: Sequence[str], *, wait: bool = True) -> tuple[LedgerEntry, ...]:  # noqa: ARG002
        """See `ports.BudgetLedger`."""
        return _entries(self._run(self._read, list(keys)))

    def entries(self, limit: int) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        return _entries(self._run(self._newest, [limit]))

    def close(self) -> None:
        """See `ports.BudgetLedger`."""
        self._redis.close()

    def _run(self, script: Any, values: list[Any]) -> Any:
        """What the script gives back. Raises LedgerError."""
        try:
            self._look_once()
            return script(keys=[self._prefix], args=values)
        except Exception as error:
            self._redis.connection_pool.disconnect()
            raise LedgerError(
                f"The ledger of budgets, {self._place}, cannot be used: {type(error).__name__}: {error}.",
                "No call is made that no budget can hold. See whether this Redis runs, and MERGECELLS_LEDGER_URL.",
            ) from error

    def _look_once(self) -> None:
        """Warn of a server that throws away what it likes when its memory is full: budgets would begin at 0 again."""
        with self._lock:
            if self._looked:
                return
            memory: Any = self._redis.info("memory")
            self._looked = True
        policy = str(memory.get("maxmemory_policy", ""))
        if memory.get("maxmemory") and policy.startswith("allkeys"):
            _log.warning(
                "the Redis %s evicts any key when it is full (%s), budgets too: use another one for the ledger, with "
                "maxmemory-policy noeviction",
                self._place,
                policy,
            )


def _entries(rows: Any) -> tuple[LedgerEntry, ...]:
    return tuple(LedgerEntry(_text(row[0]), *(int(each) for each in row[1:4])) for row in rows)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
