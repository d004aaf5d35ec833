"""A config folder in memory."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.errors import MergecellsError


class FakeConfigFolder:
    """Implements `ports.ConfigFolder`. Set `tree` (or `error`), `mark` and `name` to what a test needs."""

    def __init__(self, tree: ConfigTree) -> None:
        self.tree = tree
        self.error: MergecellsError | None = None
        self.mark = "first"
        self.name: str | None = None
        self.others: list[ConfigTree] = []
        self.reads = 0
        self.told = ""

    def describe(self) -> str:
        return "memory"

    def fingerprint(self) -> str:
        return self.mark

    def whole(self) -> str | None:
        return self.name

    def read(self) -> ConfigTree:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.tree

    def head(self) -> str:
        return self.told

    def older(self) -> Iterator[ConfigTree]:
        return iter(self.others)
