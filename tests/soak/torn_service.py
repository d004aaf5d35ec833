"""`mergecells` with a swap that is torn on purpose: answers name the newest revision and are scored by the first.

Only to see a soak go red: `python tests/soak/torn_service.py serve …`.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
from collections.abc import Mapping
from typing import Any

from mergecells.__main__ import main
from mergecells.apps.service.live import PinnedSnapshot
from mergecells.transforms.score import Score

_first: list[PinnedSnapshot] = []
_whole = PinnedSnapshot.score


def _torn(self: PinnedSnapshot, lead: Mapping[str, Any], date: datetime.date | None, vertical: str | None) -> Score:
    if not _first:
        _first.append(self)
    return dataclasses.replace(_whole(_first[0], lead, date, vertical), revision=self.revision)


if __name__ == "__main__":
    PinnedSnapshot.score = _torn  # type: ignore[method-assign]
    sys.exit(main())
