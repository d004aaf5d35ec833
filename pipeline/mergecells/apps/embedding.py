"""Wires the library for a program that embeds it: `mergecells.open()`."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from pathlib import Path

from mergecells.adapters.checkout import ConfigRoot
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.revision import digest_files
from mergecells.ports import Metrics, Watcher
from mergecells.serving.clock import SystemClock, iso
from mergecells.serving.debounce import Debounce
from mergecells.serving.last_known_good import FirstLoad, first_load, note_of_fallback
from mergecells.serving.live_config import Config
from mergecells.serving.reload import CONFIG_TYPE, Reloader, keep
from mergecells.serving.silence import NoMetrics, NoWatcher
from mergecells.serving.status import Status

_log = logging.getLogger("mergecells")

KEPT_TREES = 1
"""Beside the current one, in the state folder: enough for a start while the newest of both is damaged."""


def open_config(
    path: str | os.PathLike[str],
    *,
    metrics: Metrics | None = None,
    poll: float = 0.25,
    quiet: float = 2.0,
    longest: float = 5.0,
    state_dir: str | os.PathLike[str] | None = "",
    watch: bool = True,
) -> Config:
    """Load the config at `path` and follow it: a published tree, a git checkout, a ConfigMap mount or a plain folder.

    `poll`: seconds between looks (events make it faster). `quiet`, `longest`: edits in place are loaded once they pause
    for `quiet` seconds, after `longest` at the latest; a new revision at once. `state_dir`: where the last known good
    config is kept for a start while the newest is bad; left out, a folder below `$XDG_STATE_HOME` or
    `~/.local/state`; None keeps none. `watch=False` polls only.

    Raises ConfigRejectedError with every finding, or MergecellsError, when nothing can be loaded.
    """
    clock, telling = SystemClock(), metrics or NoMetrics()
    folder = ConfigRoot(Path(os.path.abspath(path)))
    place = state_folder(folder.path) if state_dir == "" else Path(state_dir) if state_dir is not None else None
    kept = PublishedTrees(place, keep=KEPT_TREES) if place is not None else None
    started = time.monotonic()
    seen = (folder.fingerprint(), folder.whole())
    first = first_load(folder, kept, iso(clock.now()))
    config = Config(first.snapshot, _status(first, iso(clock.now())))
    reloader = Reloader(folder, config, telling, clock, kept, Debounce(quiet, longest))
    reloader.tried = (first.newest.revision, digest_files(first.newest.files)) if first.newest else None
    if first.rejection is None:
        reloader.serving = reloader.tried
        reloader.begin(*(first.tree.seen or seen))
    _tell(first, telling, clock.now().timestamp(), time.monotonic() - started)
    if first.rejection is None:
        keep(kept, first.tree, first.snapshot, config)
    config.follow(reloader, _watcher(folder, config, watch), poll)
    return config


def _watcher(folder: ConfigRoot, config: Config, watch: bool) -> Watcher:
    if not watch:
        return NoWatcher("watching is off")
    from mergecells.adapters.file_watcher import FileWatcher

    return FileWatcher(folder.watched, config.wake)


def state_folder(path: Path) -> Path:
    """One folder for each config path of this user."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "mergecells" / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _status(first: FirstLoad, now: str) -> Status:
    notes = first.snapshot.notes
    return Status(
        revision=first.snapshot.revision,
        loaded_at=now,
        status=first.state,
        last_attempt=now,
        rejected=first.rejection,
        loaded_from=first.snapshot.loaded_from,
        notes=(*notes, note_of_fallback(first.snapshot)) if first.rejection else notes,
        traceparent=first.snapshot.traceparent,
    )


def _tell(first: FirstLoad, metrics: Metrics, at: float, seconds: float) -> None:
    status = "failure" if first.rejection else "success"
    metrics.reload_finished(CONFIG_TYPE, status, seconds)
    metrics.revision_live(first.snapshot.revision, at)
    _log.log(
        logging.WARNING if first.rejection else logging.INFO,
        "config loaded at the start" if not first.rejection else "started with the last known good config: %s",
        *([first.rejection.reason] if first.rejection else []),
        extra={
            "event": "config.start",
            "status": status,
            "config_type": CONFIG_TYPE,
            "revision": first.snapshot.revision,
            "duration_ms": round(seconds * 1000, 3),
            "loaded_from": first.snapshot.loaded_from,
        },
    )
