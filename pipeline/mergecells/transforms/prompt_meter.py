"""What one rendering may cost: loop turns, time and characters, counted while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mergecells.domain.errors import PromptRenderError

MAX_TURNS = 10_000
MAX_SECONDS = 2.0
MAX_OUTPUT_CHARACTERS = 2_000_000
MAX_VALUE_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """Turns of all loops together, seconds that the thread computes (a busy machine takes none), characters in all."""

    turns: int = MAX_TURNS
    seconds: float = MAX_SECONDS
    characters: int = MAX_OUTPUT_CHARACTERS


class RenderMeter:
    """Counts one rendering. Every method raises PromptRenderError once a limit is passed."""

    def __init__(self, limits: RenderLimits) -> None:
        self._limits = limits
        self._turns = 0
        self._characters = 0
        self._until = time.thread_time() + limits.seconds
        self._wall_until = time.perf_counter() + limits.seconds

    def check_time(self) -> None:
        # A thread computes no longer than time passes, and the time that passed is read without asking the kernel.
        if time.perf_counter() < self._wall_until:
            return
        if time.thread_time() > self._until:
            raise PromptRenderError(f"Rendering took more than {self._limits.seconds:g} seconds.", _HINT)

    def turn(self) -> None:
        self._turns += 1
        if self._turns > self._limits.turns:
            raise PromptRenderError(f"The loops make more than {self._limits.turns:,} turns.", _HINT)
        self.check_time()

    def take(self, chunk: str) -> str:
        """A piece of the result, counted."""
        self._characters += len(chunk)
        if self._characters > self._limits.characters:
            raise PromptRenderError(f"The result has more than {self._limits.characters:,} characters.", _HINT)
        self.check_time()
        return chunk

    def turns_of(self, items: Any) -> Iterator[Any]:
        """The items of a list, mapping, text or range, each one counted."""
        if not isinstance(items, list | tuple | dict | str | range):
            raise PromptRenderError(f"A loop goes over {type(items).__name__}, which is no list.", "Loop over a list.")
        for item in items:
            self.turn()
            yield item


_HINT = "Give less, or loop over less."
