"""A progress bar on a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

_WIDTH = 24
_SECONDS_BETWEEN = 0.1
_CLEAR_LINE = "\r\x1b[2K"


@dataclass(slots=True)
class Progress:
    """Shows `share` (0 to 1, None where unknown) and a text; gone without a trace when the block ends."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    wanted: bool = True
    _shown_at: float = 0.0

    def __enter__(self) -> Progress:
        self.wanted = self.wanted and self.stream.isatty()
        return self

    def __exit__(self, *_: object) -> None:
        if self.wanted and self._shown_at:
            print(_CLEAR_LINE, end="", file=self.stream, flush=True)

    def show(self, share: float | None, text: str) -> None:
        """Draw at most ten times a second, so that calling it for every row costs next to nothing."""
        now = time.monotonic()
        if not self.wanted or now - self._shown_at < _SECONDS_BETWEEN:
            return
        self._shown_at = now
        bar = "" if share is None else f"{_bar(share)} {share:4.0%}  "
        print(f"{_CLEAR_LINE}{bar}{text}", end="", file=self.stream, flush=True)


def _bar(share: float) -> str:
    full = round(min(max(share, 0.0), 1.0) * _WIDTH)
    return "█" * full + "░" * (_WIDTH - full)
