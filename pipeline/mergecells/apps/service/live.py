"""The config that this process follows: opened as soon as there is a good one, and from then on never empty."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mergecells.apps.service.reload_ids import ReloadIds
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.explanation import Explanation
from mergecells.domain.revision import Revision
from mergecells.serving.clock import iso
from mergecells.serving.live_config import Config
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Rejection, bounded
from mergecells.transforms.score import Score

logger = logging.getLogger("mergecells.service")

RETRY_SECONDS = 0.5
"""Pause between two looks for a first good config."""
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PinnedSnapshot:
    """A Snapshot and what answering needs of it. `field_names`: lower-case; None when rules have no fields file."""

    snapshot: Snapshot
    field_names: frozenset[str] | None

    @property
    def revision(self) -> Revision:
        return self.snapshot.revision

    def score(self, lead: Mapping[str, Any], date: datetime.date | None, vertical: str | None) -> Score:
        return self.snapshot.score(lead, date, vertical)

    def explain(self, lead: Mapping[str, Any], date: datetime.date | None, vertical: str | None) -> Explanation:
        return self.snapshot.explain(lead, date, vertical)


class LiveConfig:
    """Holds the Config that `open_config` gives, which is tried again and again while there is nothing good.

    `open_config` raises MergecellsError when there is no config that may serve, not even a last known good one.
    `name` is what a hub is told to call this service; empty where none is told.
    """

    def __init__(self, open_config: Callable[[], Config], name: str = "") -> None:
        self._open, self._name = open_config, name
        self._config: Config | None = None
        self._pinned: PinnedSnapshot | None = None
        self._rejection: Rejection | None = None
        self._look = threading.Event()
        self._closing = False
        self._starter: threading.Thread | None = None
        self._ids = ReloadIds()

    def start(self) -> None:
        """Open the config; when that fails, return all the same and keep trying in a thread."""
        self._ids.install()
        if not self._try_open():
            self._starter = threading.Thread(target=self._keep_trying, name="mergecells-first-load", daemon=True)
            self._starter.start()

    @property
    def snapshot(self) -> PinnedSnapshot | None:
        """What serves now; None until the first good load. Takes no lock."""
        config = self._config
        if config is None:
            return None
        current, pinned = config.current, self._pinned
        if pinned is None or pinned.snapshot is not current:
            # Two threads may both make one of the same snapshot; they are equal.
            self._pinned = pinned = _pin(current)
        return pinned

    def report(self) -> dict[str, Any]:
        """The document of `GET /internal/config`; with the service's name at the hub, where there is one."""
        named = {"service": self._name} if self._name else {}
        if self._config is not None:
            return {**self._config.status.to_dict(), **named}
        rejected = self._rejection
        return {
            **named,
            "revision": None,
            "loaded_at": None,
            "status": "not-ready",
            "last_attempt": rejected.at if rejected else None,
            "rejected": rejected.to_dict() if rejected else None,
            "unpublished": None,
        }

    def reload(self) -> None:
        """Look for a new config now, without waiting for an event or the timer. Returns at once."""
        self._ids.asked()
        if self._config is not None:
            self._config.reload()
        self._look.set()

    def close(self) -> None:
        """Stop following; what is pinned goes on serving."""
        self._closing = True
        self._look.set()
        if self._starter is not None:
            self._starter.join(_CLOSE_SECONDS)
        if self._config is not None:
            self._config.close()
        self._ids.remove()

    def _keep_trying(self) -> None:
        while not self._closing:
            self._look.wait(RETRY_SECONDS)
            self._look.clear()
            if self._closing or self._try_open():
                return

    def _try_open(self) -> bool:
        try:
            self._config = self._open()
        except MergecellsError as error:
            self._note_failure(error)
            return False
        self._rejection = None
        return True

    def _note_failure(self, error: MergecellsError) -> None:
        findings = bounded(error.findings) if isinstance(error, ConfigRejectedError) else ()
        at = iso(datetime.datetime.now(datetime.UTC))
        former, self._rejection = self._rejection, Rejection(None, at, str(error), findings)
        if former is None or former.reason != str(error):
            # Only news is logged: trying twice a second would drown everything else.
            extra = {"event": "config.reload", "status": "failure", "findings": len(findings)}
            logger.error("no good config yet: %s", error, extra=extra)


def _pin(snapshot: Snapshot) -> PinnedSnapshot:
    fields = snapshot.config.rules.fields
    return PinnedSnapshot(snapshot, frozenset(name.lower() for name in fields.fields) if fields else None)
