"""Wires `mergecells follow`: a branch, its checks, and a folder of published trees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.adapters.published_source import MIRROR, GitBranch
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.apps.loop_tracing import loop_tracer
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Files
from mergecells.serving.clock import SystemClock
from mergecells.serving.follow import Follower, FollowStep, run_follower
from mergecells.serving.rejections import Rejections

if TYPE_CHECKING:
    from mergecells.apps.follow_metrics import FollowMetrics


def follow_once(repository: str, folder: Path, branch: str = "main", root: str | None = None) -> FollowStep:
    """Publish the branch's newest good revision to `folder`. Raises MergecellsError when that cannot be done.

    `root`: see `GitBranch`.
    """
    trees = PublishedTrees(folder)
    with trees.locked():
        trees.prepare()
        return _follower(repository, trees, branch, root).step()


def follow_branch(
    repository: str,
    folder: Path,
    branch: str = "main",
    root: str | None = None,
    *,
    interval: float = 0.5,
    stop: threading.Event,
    report: Callable[[FollowStep | MergecellsError], None],
    metrics: FollowMetrics | None = None,
) -> None:
    """Keep `folder/current` at the branch's newest good revision until `stop` is set.

    `report` gets every step, and each new failure once. Raises MergecellsError only when it cannot start: another
    follower has the folder, or it cannot be written.
    """
    trees = PublishedTrees(folder)
    with trees.locked():
        trees.prepare()
        follower = _follower(repository, trees, branch, root)
        run_follower(_Counted(follower, metrics) if metrics else follower, stop.wait, interval, report)


class _Counted:
    """A follower whose steps are counted, each failure too: `run_follower` reports the same one once."""

    def __init__(self, follower: Follower, metrics: FollowMetrics) -> None:
        self._follower, self._metrics = follower, metrics

    def step(self) -> FollowStep:
        try:
            step = self._follower.step()
        except MergecellsError:
            self._metrics.failed()
            raise
        self._metrics.stepped(step)
        return step


def _follower(repository: str, trees: PublishedTrees, branch: str, root: str | None) -> Follower:
    source = GitBranch(repository, branch, trees.folder / MIRROR, root)
    return Follower(source, trees, Rejections(trees), _check, SystemClock(), loop_tracer("mergecells-follow"))


def _check(files: Files) -> list[Finding]:
    from mergecells.authoring.check import check_files

    return list(check_files(files).findings)
