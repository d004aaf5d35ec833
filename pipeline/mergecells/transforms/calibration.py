"""Characters per token from what providers reported, by prompt and model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

LEAST_CALLS: Final = 5
LEAST_TOKENS: Final = 500
"""Below either, a ratio says more about single calls than about the prompt."""

_PLAUSIBLE: Final = (1.0, 12.0)
"""Characters per token; outside, something else was counted: images, or a cache's share."""


class UsageSum(NamedTuple):
    """What was reported for one text of a prompt (its SHA) with one model."""

    prompt_slug: str
    prompt_sha: str
    model: str
    calls: int
    characters: int
    tokens: int


class CalibrationTable:
    """Answers from the sums that it was made of; never changes."""

    def __init__(self, sums: Iterable[UsageSum] = ()) -> None:
        self._exact: dict[tuple[str, str], float] = {}
        self._slug: dict[tuple[str, str], float] = {}
        wider: dict[tuple[str, str], list[UsageSum]] = {}
        for each in sums:
            ratio = _ratio([each])
            if ratio is not None and each.prompt_sha:
                self._exact[each.prompt_sha, each.model] = ratio
            wider.setdefault((each.prompt_slug, each.model), []).append(each)
        for key, members in wider.items():
            ratio = _ratio(members)
            if ratio is not None:
                self._slug[key] = ratio

    def find(self, prompt_slug: str, prompt_sha: str, model: str) -> float | None:
        """From this text of the prompt, else from all its texts; None below the least number of calls or tokens."""
        return self._exact.get((prompt_sha, model)) or self._slug.get((prompt_slug, model))

    def __len__(self) -> int:
        return len(self._exact)


def _ratio(sums: list[UsageSum]) -> float | None:
    calls, tokens = sum(each.calls for each in sums), sum(each.tokens for each in sums)
    if calls < LEAST_CALLS or tokens < LEAST_TOKENS:
        return None
    ratio = sum(each.characters for each in sums) / tokens
    return ratio if _PLAUSIBLE[0] <= ratio <= _PLAUSIBLE[1] else None
