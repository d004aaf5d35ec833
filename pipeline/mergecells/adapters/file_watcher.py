"""watchdog as a source of hints, and the supervisor that notices when it has gone deaf.

An observer stays alive without a word when its folder is deleted and recreated or renamed away, past the watch limit,
and when a thread of its own died. So each `tend` compares what is watched with what is there, and builds anew.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

# Reading a file makes events too (opened, closed without a write): reacting to them would never end.
_CHANGES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_RETRY_SECONDS = 30.0
_MAX_FOLDERS = 512
_LIMITS = {
    errno.ENOSPC: "the limit of watches is reached (fs.inotify.max_user_watches)",
    errno.EMFILE: "the limit of watchers is reached (fs.inotify.max_user_instances)",
}

FolderMark = tuple[int, int]
"""(st_dev, st_ino): the same path with another mark is another folder."""


class _Wake(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002 - what happened is found by looking
        self._wake()


class FileWatcher:
    """Implements `ports.Watcher`: calls `wake` when something changed in one of the `folders()`, none recursive."""

    def __init__(self, folders: Callable[[], set[Path]], wake: Callable[[], None]) -> None:
        self._folders = folders
        self._handler = _Wake(wake)
        self._wake = wake
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, FolderMark] = {}
        self._problem = ""
        self._retry_at = 0.0

    def tend(self) -> str:
        """See `ports.Watcher`."""
        if self._observer is None and time.monotonic() < self._retry_at:
            return self._problem
        wanted = _marks(self._folders())
        if self._observer is None or wanted != self._watched or not _is_alive(self._observer):
            self._rebuild(wanted)
        return self._problem

    def close(self) -> None:
        """See `ports.Watcher`."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            # A thread that died in the middle of its start cannot be joined; it is gone all the same.
            with contextlib.suppress(RuntimeError):
                observer.join(2)

    def _rebuild(self, wanted: dict[Path, FolderMark]) -> None:
        self.close()
        self._watched, self._problem = wanted, ""
        try:
            self._observer = Observer()
            for folder in sorted(wanted)[:_MAX_FOLDERS]:
                self._observer.schedule(self._handler, str(folder), recursive=False, event_filter=_CHANGES)
            self._observer.start()
        except OSError as error:
            self.close()
            self._problem = _LIMITS.get(error.errno or 0, f"watching failed ({error.strerror or error})")
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            return
        self._wake()  # What happened between two observers told nobody.


def _marks(folders: set[Path]) -> dict[Path, FolderMark]:
    marks = {}
    for folder in folders:
        with contextlib.suppress(OSError):
            found = folder.stat()
            marks[folder] = (found.st_dev, found.st_ino)
    return marks


def _is_alive(observer: BaseObserver) -> bool:
    return observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)
