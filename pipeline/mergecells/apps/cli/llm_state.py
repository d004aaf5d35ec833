"""The cache and the ledger that a command looks at. What is not there is not made by looking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.domain.errors import MergecellsError

if TYPE_CHECKING:
    from mergecells.ports import BudgetLedger, ResponseCache


def open_cache_of(url: str, state_dir: Path | None) -> tuple[ResponseCache, str]:
    """The cache, and what to call it. Raises MergecellsError where there is none."""
    from mergecells.adapters.redis_server import ping, shown
    from mergecells.apps.llm_stores import CACHE_FILE, open_cache

    folder = _folder(state_dir)
    if url:
        cache = open_cache(folder, url)
        # A cache that fails is a miss for calls; for a person who asks it is an error.
        ping(url)
        return cache, shown(url)
    place = folder / CACHE_FILE
    _must_exist(place, "cache of answers", "MERGECELLS_CACHE_URL")
    return open_cache(folder), str(place)


def open_ledger_of(url: str, state_dir: Path | None) -> tuple[BudgetLedger, str]:
    """The ledger, and what to call it: an empty one in memory where there is no file yet."""
    from mergecells.adapters.memory_ledger import MemoryLedger
    from mergecells.adapters.redis_server import shown
    from mergecells.apps.llm_stores import LEDGER_FILE, open_ledger

    folder = _folder(state_dir)
    if url:
        return open_ledger(folder, url), shown(url)
    place = folder / LEDGER_FILE
    if not place.exists():
        return MemoryLedger(), f"{place}, which is not there yet"
    return open_ledger(folder), str(place)


def _folder(state_dir: Path | None) -> Path:
    from mergecells.apps.state_files import state_folder

    return state_dir.expanduser().absolute() if state_dir is not None else state_folder()


def _must_exist(place: Path, what: str, variable: str) -> None:
    if not place.is_file():
        raise MergecellsError(
            f"There is no {what} at {place}.",
            f"A client makes it with its first call. Give --state-dir, or {variable} as the service has it.",
        )
