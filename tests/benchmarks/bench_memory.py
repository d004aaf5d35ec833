"""Whether memory levels off: a service and a follower take in revision after revision, as fast as they can.

    make bench ARGS="memory --revisions 1000"

Each revision brings two formulas and a prompt that no other has, as the soak's do. Resident memory and the results that
are remembered (`mergecells.formula.remembered`) stand in a line for each tenth of the revisions. Each program runs in a
process of its own; the follower checks each commit as `mergecells follow` does, so it has a fifth of the revisions.
What the peer shows, with `--forget-nothing`, is the same without forgetting.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.apps.embedding import open_config
from mergecells.apps.following import _follower
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.identity import Identity
from mergecells.formula.remembered import remembered_count
from mergecells.serving import follow, reload
from soak.figures import resident
from soak.story import base_files, edition

BASE = base_files("http://127.0.0.1:9")
WHO = Identity("Ada", "ada@example.org")
LEAD = {"years": 7, "employees": 240, "industry": "Logistics", "seats": 40}


def service(folder: Path) -> Callable[[int], None]:
    """What a service does with revision `number`: load, swap, score."""
    trees = PublishedTrees(folder / "live")

    def publish(number: int) -> str:
        revision = f"{number + 1:040x}"
        trees.publish(ConfigTree(revision, edition(BASE, number)))
        return revision

    publish(0)
    config = open_config(folder / "live" / "current", state_dir=folder / "state", watch=False, poll=60)

    def take_in(number: int) -> None:
        revision = publish(number)
        config.reload(60)
        assert config.current.score(LEAD).revision == revision

    return take_in


def follower(folder: Path) -> Callable[[int], None]:
    """What a follower does with it: fetch, check, seal, publish."""
    repository = GitRepository.init_bare(folder / "rules.git")
    trees = PublishedTrees(folder / "live")
    trees.prepare()
    following = _follower(str(folder / "rules.git"), trees, "main", None)
    head: str | None = None

    def take_in(number: int) -> None:
        nonlocal head
        revision = repository.commit_files(edition(BASE, number), [head] if head else [], f"Edit {number}", WHO)
        repository.update_ref("refs/heads/main", revision, head)
        head = revision
        assert following.step().kind == "published"

    return take_in


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--revisions", type=int, default=300)
    parser.add_argument("--forget-nothing", action="store_true")
    parser.add_argument("--only", choices=("service", "follower"))
    chosen = parser.parse_args()
    if chosen.only is None:
        for only in ("service", "follower"):
            subprocess.run([sys.executable, __file__, "--only", only, *sys.argv[1:]], check=True)
        return
    if chosen.forget_nothing:
        reload.forget_unused = follow.forget_unused = lambda: None  # type: ignore[attr-defined]
    wanted = chosen.revisions if chosen.only == "service" else chosen.revisions // 5
    with tempfile.TemporaryDirectory() as folder:
        take_in, begun = {"service": service, "follower": follower}[chosen.only](Path(folder)), time.monotonic()
        for number in range(1, wanted + 1):
            take_in(number)
            if number == 10 or number % max(1, wanted // 10) == 0:
                gc.collect()
                print(
                    f"{chosen.only:8} {number:6,} revisions: {resident(os.getpid()):6.1f} MB, "
                    f"{remembered_count():6,} remembered, {sys.getallocatedblocks():9,} blocks of Python's; "
                    f"{time.monotonic() - begun:5.0f} s, load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        print(f"{chosen.only:8} once the allocator gave back what is free: {resident(os.getpid()):.1f} MB", flush=True)
    os._exit(0)  # the config's thread looks at a folder that is gone


if __name__ == "__main__":
    main()
