"""How far a revision got, as a workbook tells it."""

from __future__ import annotations

from typing import NamedTuple

from mergecells.domain.revision import Revision, is_full_sha, short


class LiveStatus(NamedTuple):
    """`text` says it in words: `live on 3 of 3 services since 2026-11-27 14:02 UTC`."""

    revision: Revision
    text: str

    def dump(self) -> str:
        """The form in which a workbook remembers it."""
        return f"{self.revision} {self.text}"

    def shown(self) -> str:
        """For a cell: the words, and the revision that they are about."""
        return f"{self.text} ({short(self.revision)})"


def parse_live(text: str) -> LiveStatus | None:
    """What `dump` wrote; None for nothing, or for something else."""
    revision, _, words = text.partition(" ")
    return LiveStatus(revision, words) if is_full_sha(revision) and words else None
