"""Wires where answers are kept and budgets are counted: files of the state folder, or Redis by address."""

from __future__ import annotations

import os
from pathlib import Path

from mergecells.apps.state_files import state_folder
from mergecells.domain.errors import UsageError
from mergecells.ports import BudgetLedger, ResponseCache

CACHE_FILE = "llm-cache.sqlite3"
LEDGER_FILE = "llm-ledger.sqlite3"
CACHE_VARIABLE = "MERGECELLS_CACHE_URL"
LEDGER_VARIABLE = "MERGECELLS_LEDGER_URL"
_REDIS = ("redis://", "rediss://", "unix://")


def llm_folder(state_dir: str = "") -> Path:
    """Where the client keeps its files: `state_dir`, else that of the environment or of the user. Not a folder of each
    config's own: `mergecells budgets` must find what a service on this machine counted."""
    return Path(state_dir) if state_dir else state_folder()


def open_cache(folder: Path, url: str = "") -> ResponseCache:
    """The cache at `url` (redis://…), else the environment's, else the file in `folder`. Opened with the first call.
    Raises UsageError."""
    address = url or os.environ.get(CACHE_VARIABLE, "")
    if address:
        _check_redis(address, CACHE_VARIABLE)
        from mergecells.adapters.redis_cache import RedisCache

        return RedisCache(address)
    from mergecells.adapters.sqlite_cache import SqliteCache

    return SqliteCache(folder / CACHE_FILE)


def open_ledger(folder: Path, url: str = "") -> BudgetLedger:
    """The ledger at `url` (redis://…), else the environment's, else the file in `folder`. Raises UsageError."""
    address = url or os.environ.get(LEDGER_VARIABLE, "")
    if address:
        _check_redis(address, LEDGER_VARIABLE)
        from mergecells.adapters.redis_ledger import RedisLedger

        return RedisLedger(address)
    from mergecells.adapters.sqlite_ledger import SqliteLedger

    return SqliteLedger(folder / LEDGER_FILE)


def _check_redis(address: str, variable: str) -> None:
    if not address.startswith(_REDIS):
        # Not the address: it may hold a password.
        raise UsageError(
            f"{variable} is no address of Redis.", "Write redis://HOST:PORT/DATABASE, or leave it empty for a file."
        )
