"""A day as people write it in requests and on the command line."""

from __future__ import annotations

import datetime
import re

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def parse_day(text: str) -> datetime.date | None:
    """`2024-02-29`; None for anything else. `date.fromisoformat` alone also takes weeks and `20240229xx`."""
    if not _DAY.match(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
