"""Calibrations from the history of calls: read in the background from time to time, answered from memory."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from mergecells.transforms.calibration import CalibrationTable, UsageSum

_log = logging.getLogger("mergecells")
EVERY_SECONDS: Final = 600.0
RECENT_DAYS: Final = 90


class SqlCalibrations:
    """A Calibrations. Nothing is read before the first question, and no question waits for the reading."""

    def __init__(self, url: str, *, every: float = EVERY_SECONDS) -> None:
        self._url, self._every = url, every
        self._table = CalibrationTable()
        self._read_at = float("-inf")
        self._reading = threading.Lock()

    def characters_per_token(self, prompt_slug: str, prompt_sha: str, model: str) -> float | None:
        """From memory; None before the first reading has ended, and below a minimum of samples."""
        if time.monotonic() - self._read_at > self._every and self._reading.acquire(blocking=False):
            self._read_at = time.monotonic()
            threading.Thread(target=self._refresh, name="mergecells-calibration", daemon=True).start()
        return self._table.find(prompt_slug, prompt_sha, model)

    def refresh(self) -> int:
        """Read now; how many prompts and models have a ratio of their own. Raises MergecellsError."""
        self._read_at = time.monotonic()
        self._table = CalibrationTable(_read(self._url))
        return len(self._table)

    def _refresh(self) -> None:
        try:
            self.refresh()
        except Exception as error:  # noqa: BLE001 - without it, tokens are estimated; no call may break
            _log.info("no calibration of tokens: %s", error, extra={"event": "calibration", "status": "failed"})
        finally:
            self._reading.release()


def _read(url: str) -> list[UsageSum]:
    from sqlalchemy import func, select

    from mergecells.adapters.sql_history_engine import open_existing, reading
    from mergecells.adapters.sql_history_tables import TURNS

    keys = (TURNS.c.prompt_slug, TURNS.c.prompt_sha, TURNS.c.model)
    query = (
        select(*keys, func.count(), func.sum(TURNS.c.characters), func.sum(TURNS.c.input_tokens))
        .where(
            TURNS.c.at >= time.time() - RECENT_DAYS * 86_400,
            TURNS.c.token_source == "provider",  # noqa: S105 - where a count is from
            TURNS.c.outcome == "ok",
            TURNS.c.cached.is_(False),
            TURNS.c.characters > 0,
            TURNS.c.input_tokens > 0,
        )
        .group_by(*keys)
    )
    engine = open_existing(url)
    try:
        with reading(engine) as connection:
            rows = connection.execute(query).all()
    finally:
        engine.dispose()
    # PostgreSQL sums in decimals.
    return [
        UsageSum(slug, sha, model, int(calls), int(long), int(tokens)) for slug, sha, model, calls, long, tokens in rows
    ]
