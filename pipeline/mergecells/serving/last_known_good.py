"""The first Snapshot of a process: the newest config, or the last one known to be good when the newest is not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from mergecells.domain.config_tree import ConfigTree, TreeChangingError
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.revision import short
from mergecells.ports import ConfigFolder, TreeStore
from mergecells.serving.build import build_snapshot
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Rejection, State, bounded


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """What serves at the start. `newest` is the tree that was there, None when it could not be read; `rejection` says
    why it does not serve, None when it does."""

    snapshot: Snapshot
    tree: ConfigTree
    newest: ConfigTree | None
    rejection: Rejection | None = None
    state: State = "ok"


def first_load(folder: ConfigFolder, kept: TreeStore | None, now: str) -> FirstLoad:
    """Load the newest config, or else what was kept, or else an older tree of the folder.

    Raises what the newest raised (ConfigRejectedError with its findings, MergecellsError) when nothing is good.
    """
    newest: ConfigTree | None = None
    try:
        newest = _read_calm(folder)
        return FirstLoad(build_snapshot(newest), newest, newest)
    except MergecellsError as error:
        rejection = rejection_of(error, newest, now)
        for tree in chain(kept.recent() if kept else (), folder.older()):
            try:
                return FirstLoad(build_snapshot(tree), tree, newest, rejection, state_of(error))
            except MergecellsError:
                continue
        raise


def rejection_of(error: MergecellsError, tree: ConfigTree | None, now: str) -> Rejection:
    """Why a config does not serve, for the status."""
    findings = error.findings if isinstance(error, ConfigRejectedError) else ()
    revision, trace = (tree.revision, tree.traceparent) if tree else (None, "")
    return Rejection(revision, now, str(error), bounded(findings), trace)


def state_of(error: MergecellsError) -> State:
    return "rejected" if isinstance(error, ConfigRejectedError) else "unreadable"


def note_of_fallback(snapshot: Snapshot) -> str:
    return f"Started with the last known good config, {short(snapshot.revision)}: the newest cannot serve."


def _read_calm(folder: ConfigFolder, attempts: int = 5) -> ConfigTree:
    """A start in the midst of somebody's writing reads again rather than fail."""
    for _ in range(attempts - 1):
        try:
            return folder.read()
        except TreeChangingError:
            continue
    return folder.read()
