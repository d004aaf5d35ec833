"""Commits a revision every so many seconds, and tells each as a JSON line before anybody can see it.

A process of its own: what it computes must not make the clients beside it slow. Ends when its stdin closes.

    python -m soak.publisher REPOSITORY FOLDER PROVIDER_URL
    one line on stdin, a number: begin, with so many seconds between two revisions
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path

from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.identity import Identity
from mergecells.domain.revision import Files
from soak.story import Kind, Published, base_files, edition, expected_scores, kind_of, spoiled

WHO = Identity("Ada", "ada@example.org")
BACK = 3
"""How many editions a rollback goes back."""


class Publisher:
    """Adds revisions to the branch `main` of a bare repository; `folder` is where its follower publishes."""

    def __init__(self, repository: GitRepository, folder: Path, base: Files) -> None:
        self._repository, self._folder, self._base = repository, folder, base
        self._head: str | None = None
        self._editions: list[int] = []

    def publish(self, number: int) -> None:
        """Tell revision `number`, then make it visible."""
        kind: Kind = kind_of(number) if number else "edit"
        chosen = self._editions[-BACK] if kind == "rollback" else number
        files = edition(self._base, chosen)
        if kind in ("bad", "forced"):
            files, scores = spoiled(files), []
        else:
            scores = expected_scores(files)
            self._editions.append(chosen)
        if kind == "forced":
            revision = f"{number:040x}"
            self._tell(Published(number, kind, revision, chosen, scores, time.time()))
            PublishedTrees(self._folder).publish(ConfigTree(revision, files))
            return
        parents = [self._head] if self._head else []
        revision = self._repository.commit_files(files, parents, f"{kind} {number}", WHO)
        self._tell(Published(number, kind, revision, chosen, scores, time.time()))
        self._repository.update_ref("refs/heads/main", revision, self._head)
        self._head = revision

    def _tell(self, published: Published) -> None:
        print(json.dumps(published.to_dict()), flush=True)


def main(repository: Path, folder: Path, provider: str) -> None:
    publisher = Publisher(GitRepository.init_bare(repository), folder, base_files(provider))
    publisher.publish(0)
    line = sys.stdin.readline()
    if not line:
        return
    every, number, due = float(line), 1, time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        publisher.publish(number)
        number, due = number + 1, max(due + every, time.monotonic())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
