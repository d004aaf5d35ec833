"""What a cache counts: calls it served, calls it did not, and what that saved."""

from __future__ import annotations

from dataclasses import dataclass, fields

from mergecells.domain.llm import NANO, CachedAnswer, CacheStats


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """Sums. `saved_nano` in nano-dollars, so that they add up exactly; an answer of unknown cost adds 0 to it."""

    hits: int = 0
    misses: int = 0
    saved_tokens: int = 0
    saved_nano: int = 0

    @classmethod
    def of(cls, found: CachedAnswer | None) -> CacheCounts:
        """The counts of one call: served with `found`, or not served."""
        if found is None:
            return cls(misses=1)
        tokens = found.input_tokens + found.output_tokens
        return cls(hits=1, saved_tokens=tokens, saved_nano=round((found.cost or 0.0) * NANO))

    def __add__(self, other: CacheCounts) -> CacheCounts:
        return CacheCounts(
            self.hits + other.hits,
            self.misses + other.misses,
            self.saved_tokens + other.saved_tokens,
            self.saved_nano + other.saved_nano,
        )

    def stats(self, entries: int, size: int) -> CacheStats:
        """With how many answers there are, and their bytes."""
        return CacheStats(entries, self.hits, self.misses, self.saved_tokens, self.saved_nano / NANO, size)


COUNT_NAMES = tuple(field.name for field in fields(CacheCounts))
