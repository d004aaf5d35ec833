"""Wires what is remembered of calls: SQLite in the state folder, or the database that a URL names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec

from mergecells.adapters.sql_history import SqlHistory, SqlTurnLog
from mergecells.adapters.sql_history_calibrations import SqlCalibrations
from mergecells.adapters.sql_history_threads import SqlThreadStore
from mergecells.apps.state_files import HISTORY_DAYS_VARIABLE, history_address
from mergecells.domain.errors import UsageError


def open_turn_log(url: str = "", environ: Mapping[str, str] = os.environ) -> SqlTurnLog:
    """A TurnLog; nothing is connected before the first record. Raises UsageError (package missing, bad setting).

    `MERGECELLS_HISTORY_DAYS`: what is older is deleted from time to time; not set, everything is kept.
    """
    _need_package()
    return SqlTurnLog(history_address(url, environ), keep_days=_days(environ.get(HISTORY_DAYS_VARIABLE, "").strip()))


def open_history(url: str = "", environ: Mapping[str, str] = os.environ) -> SqlHistory:
    """A History for reading. Raises UsageError, or MergecellsError where none is."""
    _need_package()
    return SqlHistory(history_address(url, environ))


def open_threads(url: str = "", environ: Mapping[str, str] = os.environ) -> SqlThreadStore:
    """A ThreadStore in the same database."""
    _need_package()
    return SqlThreadStore(history_address(url, environ))


def open_calibrations(url: str = "", environ: Mapping[str, str] = os.environ) -> SqlCalibrations:
    """Calibrations from the same database."""
    _need_package()
    return SqlCalibrations(history_address(url, environ))


def _need_package() -> None:
    if find_spec("sqlalchemy") is None:
        raise UsageError(
            "History needs a package that is not installed: sqlalchemy.",
            "Install the extra: pip install 'mergecells[history]'.",
        )


def _days(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or not 1 <= int(text) <= 36_500:
        raise UsageError(f"{HISTORY_DAYS_VARIABLE} is {text!r}.", "Give a whole number of days, 1 to 36500.")
    return int(text)
