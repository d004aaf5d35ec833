"""Readers of the store take no lock and see one whole snapshot or another."""

from __future__ import annotations

import dis
import threading

from fakes.config_samples import markers_of, revision_of, sealed_tree
from mergecells.serving.build import build_snapshot
from mergecells.serving.snapshot_store import SnapshotStore
from mergecells.serving.status import Status


def test_thousand_swaps_under_four_readers_mix_nothing() -> None:
    """Every snapshot that a reader takes is of one revision, and its scores say so."""
    snapshots = [build_snapshot(sealed_tree(f"m{number}", revision_of(number))) for number in range(4)]
    store = SnapshotStore(snapshots[0], Status(revision_of(0), "now", "ok", "now"))
    mixed: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            snapshot = store.current
            scored = snapshot.score({"years": 1})
            if scored.revision != snapshot.revision or markers_of(snapshot) != {f"m{int(snapshot.revision, 16)}"}:
                mixed.append(scored)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1000):
        store.swap(snapshots[number % 4], f"at {number}")
    stop.set()
    for reader in readers:
        reader.join()
    assert not mixed
    assert (store.current.revision, store.status.revision) == (revision_of(3), revision_of(3))


def test_current_is_one_attribute_read() -> None:
    """No property, no descriptor and no lock stands between a reader and the snapshot."""
    assert "current" not in vars(SnapshotStore)
    assert "status" not in vars(SnapshotStore)
    loads = [
        step.opname for step in dis.get_instructions(lambda store: store.current) if step.opname.startswith("LOAD")
    ]
    assert loads == ["LOAD_FAST", "LOAD_ATTR"]
