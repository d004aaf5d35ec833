"""Decides when to load the config again, and loads it: build fully, verify, swap once, never go empty.

An event is only a hint, and a time stamp only a reason to look: what was read decides, by its revision and digest.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from mergecells.domain.config_tree import ConfigTree, TreeChangingError
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.revision import Revision, digest_files
from mergecells.formula.remembered import forget_now_and_then, forget_unused
from mergecells.ports import Clock, ConfigFolder, Metrics, TreeStore
from mergecells.serving.build import build_snapshot
from mergecells.serving.clock import iso
from mergecells.serving.debounce import Debounce
from mergecells.serving.last_known_good import rejection_of
from mergecells.serving.rejections import refused_head
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.snapshot_store import SnapshotStore
from mergecells.serving.turns import quick_turns

_log = logging.getLogger("mergecells")

CONFIG_TYPE = "scoring"
FULL_LOOK_SECONDS = 10.0
"""How often every byte is compared, whatever fingerprints say: they miss an edit within one tick of the kernel."""

CHANGING_SECONDS = 0.05
"""Pause before a folder that changed while it was read is read again."""

ASK_SECONDS = 0.5
"""Between two looks at what the publisher says of its branch."""

RETRY_SECONDS = 1.0
"""Pause before what could not be read is tried again though nothing seems to have changed."""

TreeKey = tuple[Revision, str]
"""What a folder claims to hold, and the digest of what it does hold."""


@dataclass(slots=True)
class Reloader:
    """Run by one thread, which calls `tick` again and again.

    `serving` is the tree that serves, `tried` the last one that was read, good or bad.
    """

    folder: ConfigFolder
    store: SnapshotStore
    metrics: Metrics
    clock: Clock
    kept: TreeStore | None = None
    debounce: Debounce = field(default_factory=Debounce)
    serving: TreeKey | None = None
    tried: TreeKey | None = None
    _fingerprint: str | None = None
    _whole: str | None = None
    _full_look_at: float = 0.0
    _retry_at: float = float("inf")
    _changing_since: float | None = None
    _told: str = ""
    _ask_at: float = 0.0

    def begin(self, fingerprint: str, whole: str | None) -> None:
        """What the folder looked like just before the first load: a change since then is debounced like any other."""
        self._fingerprint, self._whole = fingerprint, whole
        self._full_look_at = self.clock.monotonic() + FULL_LOOK_SECONDS

    def tick(self, asked: bool = False) -> float:
        """Look, and load when it is time; `asked`: load now. Returns the seconds after which to look again at the
        latest."""
        now = self.clock.monotonic()
        fingerprint = self.folder.fingerprint()
        if fingerprint != self._fingerprint or asked or self._is_due(now):
            with quick_turns():
                if self._arrived_whole(fingerprint, now) or asked or self._is_due(now):
                    self._load(asked)
        now = self.clock.monotonic()
        self._ask_publisher(now)
        return max(0.0, min(self.debounce.due_in(now), self._retry_at - now))

    def _ask_publisher(self, now: float) -> None:
        """After loading: what was refused before it got here is for people, and never in a hurry."""
        if now < self._ask_at:
            return
        self._ask_at = now + ASK_SECONDS
        told = self.folder.head()
        if told == self._told:
            return
        self._told = told
        unpublished = refused_head(told)
        if unpublished != self.store.status.unpublished:
            self.store.tell_unpublished(unpublished)

    def _arrived_whole(self, fingerprint: str, now: float) -> bool:
        """True when a complete tree took the place of the former one: nothing to wait for. Edits are debounced."""
        if fingerprint == self._fingerprint:
            return False
        first = self._fingerprint is None
        self._fingerprint = fingerprint
        former, self._whole = self._whole, self.folder.whole()
        if self._whole is not None and self._whole != former:
            return True
        if not first:
            self.debounce.changed(now)
        return False

    def _is_due(self, now: float) -> bool:
        if now >= self._retry_at or self.debounce.due_in(now) <= 0:
            return True
        return now >= self._full_look_at and not self.debounce.waiting

    def _load(self, asked: bool) -> None:
        started = self.clock.monotonic()
        self.debounce.done()
        self._retry_at = float("inf")
        self._full_look_at = started + FULL_LOOK_SECONDS
        tree: ConfigTree | None = None
        try:
            tree = self.folder.read()
            self._changing_since = None
            if tree.seen:
                # What is there next is compared with what was read, not with what was there when the look began: from
                # one tree to another and back, and the other would serve.
                self._fingerprint, self._whole = tree.seen
            if self._is_news(tree, asked):
                self._swap(tree, build_snapshot(tree), started)
        except TreeChangingError as error:
            self._retry_at = started + CHANGING_SECONDS
            self._note_changing(error, started)
        except ConfigRejectedError as error:
            self._reject(error, tree, started)
        except MergecellsError as error:
            self._retry_at = started + RETRY_SECONDS
            self._reject(error, tree, started)

    def _note_changing(self, error: TreeChangingError, started: float) -> None:
        """Files that change for longer than a person waits are worth a word; until then it is business as usual."""
        if self._changing_since is None:
            self._changing_since = started
        elif started - self._changing_since > self.debounce.longest:
            self._reject(error, None, started)

    def _is_news(self, tree: ConfigTree, asked: bool) -> bool:
        key = (tree.revision, digest_files(tree.files))
        known, self.tried = key == self.tried, key
        if key == self.serving:
            if not known or asked or self.store.status.status != "ok":
                self.store.confirm(iso(self.clock.now()))
            return False
        return asked or not known or self.store.status.status == "unreadable"

    def _swap(self, tree: ConfigTree, snapshot: Snapshot, started: float) -> None:
        former = self.store.current.revision
        self.serving = self.tried
        self._told, self._ask_at = "", started + ASK_SECONDS
        moment = self.clock.now()
        seconds = self.clock.monotonic() - started
        self.store.swap(snapshot, iso(moment))
        forget_unused()
        self.metrics.reload_finished(CONFIG_TYPE, "success", seconds)
        self.metrics.revision_live(snapshot.revision, moment.timestamp())
        _log.info(
            "config loaded",
            extra={
                "event": "config.reload",
                "status": "success",
                "config_type": CONFIG_TYPE,
                "revision": snapshot.revision,
                "former_revision": former,
                "duration_ms": round(seconds * 1000, 3),
                "loaded_from": snapshot.loaded_from,
                "notes": list(snapshot.notes),
            },
        )
        keep(self.kept, tree, snapshot, self.store)

    def _reject(self, error: MergecellsError, tree: ConfigTree | None, started: float) -> None:
        seconds = self.clock.monotonic() - started
        rejection = rejection_of(error, tree, iso(self.clock.now()))
        former = self.store.status.rejected
        rejected = isinstance(error, ConfigRejectedError)
        self.store.reject(rejection, "rejected" if rejected else "unreadable")
        if former and (former.revision, former.reason) == (rejection.revision, rejection.reason):
            return  # Trying again what is still broken is no event: once a second would drown the log.
        forget_now_and_then()
        self.metrics.reload_finished(CONFIG_TYPE, "failure", seconds)
        _log.warning(
            "config not loaded, the former one stays: %s",
            rejection.reason,
            extra={
                "event": "config.reload",
                "status": "failure",
                "config_type": CONFIG_TYPE,
                "revision": rejection.revision,
                "serving_revision": self.store.current.revision,
                "duration_ms": round(seconds * 1000, 3),
                "findings": len(rejection.findings),
            },
        )


def keep(kept: TreeStore | None, tree: ConfigTree, snapshot: Snapshot, store: SnapshotStore) -> None:
    """Keep what serves on disk for a start while the newest is bad. That it cannot be kept is said, and no more."""
    if kept is None:
        return
    try:
        sealed = tree.sealed if snapshot.loaded_from == "bundle" else {}
        kept.publish(ConfigTree(snapshot.revision, tree.files, sealed))
    except MergecellsError as error:
        store.say(note=f"The last known good config cannot be kept on disk: {error}")
        _log.warning("last known good not kept: %s", error, extra={"event": "config.not_kept"})
