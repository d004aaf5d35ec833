"""Where a person's or a service's state lies: cache, ledger, history. Databases by URL take the place of files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STATE_VARIABLE = "MERGECELLS_STATE_DIR"
HISTORY_VARIABLE = "MERGECELLS_HISTORY_URL"
HISTORY_FILE = "history.sqlite3"
HISTORY_DAYS_VARIABLE = "MERGECELLS_HISTORY_DAYS"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`MERGECELLS_STATE_DIR`, else `mergecells` below `$XDG_STATE_HOME` or `~/.local/state`. It need not exist."""
    given = environ.get(STATE_VARIABLE, "").strip()
    if given:
        return Path(given).expanduser().absolute()
    base = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base).absolute() / "mergecells"


def history_address(given: str = "", environ: Mapping[str, str] = os.environ) -> str:
    """The URL of the history: given (a URL or a file), from the environment, or SQLite in the state folder."""
    text = given.strip() or environ.get(HISTORY_VARIABLE, "").strip()
    if not text:
        return f"sqlite:///{state_folder(environ) / HISTORY_FILE}"
    return text if "://" in text else f"sqlite:///{Path(text).expanduser().absolute()}"


def history_in(folder: Path) -> str:
    """The URL of the history in a folder, unless the environment names another."""
    return os.environ.get(HISTORY_VARIABLE, "").strip() or f"sqlite:///{folder.absolute() / HISTORY_FILE}"
