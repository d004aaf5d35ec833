"""When to act on edits in place: once they pause, and at the latest after a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Debounce:
    """Trailing, with a longest wait. Times are seconds of one monotonic clock.

    Without the longest wait somebody who saves every second would never see a reload: 20 edits 1 s apart under a 2 s
    debounce gave one.
    """

    quiet: float = 2.0
    longest: float = 5.0
    _first: float | None = None
    _last: float = 0.0

    @property
    def waiting(self) -> bool:
        """Whether something changed that was not acted on."""
        return self._first is not None

    def changed(self, now: float) -> None:
        """Something changed just now."""
        if self._first is None:
            self._first = now
        self._last = now

    def due_in(self, now: float) -> float:
        """Seconds until it is time to act, 0 when it is; infinite when nothing changed."""
        if self._first is None:
            return float("inf")
        return max(0.0, min(self._last + self.quiet, self._first + self.longest) - now)

    def done(self) -> None:
        """What changed was acted on."""
        self._first = None
