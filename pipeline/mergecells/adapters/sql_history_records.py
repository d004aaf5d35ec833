"""What the writer of history takes over, beside turns."""

from __future__ import annotations

from typing import NamedTuple

from mergecells.domain.llm import QualityRecord, Turn


class NamedQuality(NamedTuple):
    """A quality record with a name of its own, so that a batch that is written again adds nothing."""

    record_id: str
    quality: QualityRecord


Record = Turn | NamedQuality
