"""What the demo prints: a line per event, with the time since the start."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field

_BOLD, _DIM, _GREEN, _RED, _OFF = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


@dataclass(slots=True)
class Timeline:
    """Prints to stdout; colours only on a terminal and without NO_COLOR."""

    started: float = field(default_factory=time.monotonic)
    colour: bool = field(default_factory=lambda: sys.stdout.isatty() and not os.environ.get("NO_COLOR"))

    def chapter(self, title: str) -> None:
        print(f"\n{self._paint(_BOLD, title)}", flush=True)

    def event(self, text: str) -> None:
        print(f"{self._clock()}  {text}", flush=True)

    def good(self, text: str) -> None:
        print(f"{self._clock()}  {self._paint(_GREEN, text)}", flush=True)

    def refused(self, text: str) -> None:
        print(f"{self._clock()}  {self._paint(_RED, text)}", flush=True)

    def quote(self, text: str) -> None:
        """What a command printed, indented below its event."""
        for line in text.rstrip().splitlines():
            print(f"          {self._paint(_DIM, '│')} {line}", flush=True)

    def _clock(self) -> str:
        return f"{time.monotonic() - self.started:7.2f} s"

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_OFF}" if self.colour else text
