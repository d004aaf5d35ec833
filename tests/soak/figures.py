"""Percentiles, the slope of memory, and which requests met a swap."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path

from soak.story import Published
from soak.verdict import Answer

PAGE_MB = 4096 / 1e6
BEFORE_SWAP, AFTER_SWAP = 0.25, 0.05
"""Seconds around the first answer of a revision in which an instance loads, compiles and swaps it."""


def resident(process_id: int) -> float:
    """Resident memory in MB; 0 for a process that has ended."""
    try:
        return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * PAGE_MB
    except (OSError, IndexError):
        return 0.0


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Least squares through (seconds, MB), in MB a minute; 0 for fewer than two."""
    if len(samples) < 2:
        return 0.0
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0


def percentiles(answers: Sequence[Answer]) -> tuple[float, float, float, float]:
    """p50, p95, p99 and the longest, in milliseconds."""
    taken = sorted((answer.told - answer.asked) * 1e3 for answer in answers) or [0.0]
    return tuple(taken[min(len(taken) - 1, round(share * (len(taken) - 1)))] for share in (0.5, 0.95, 0.99, 1))  # type: ignore[return-value]


def first_told(answers: Sequence[Answer]) -> dict[tuple[str, str], float]:
    """(instance, revision) → when the first answer with it came."""
    found: dict[tuple[str, str], float] = {}
    for answer in answers:
        if answer.revision:
            key = (answer.instance, answer.revision)
            found[key] = min(found.get(key, answer.told), answer.told)
    return found


def near_swaps(answers: Sequence[Answer], firsts: Mapping[tuple[str, str], float]) -> list[Answer]:
    """Answers under way while their instance took a revision in."""
    by_instance: dict[str, list[float]] = {}
    for (instance, _), at in firsts.items():
        by_instance.setdefault(instance, []).append(at)
    for times in by_instance.values():
        times.sort()

    def near(answer: Answer) -> bool:
        times = by_instance.get(answer.instance, [])
        place = bisect.bisect_left(times, answer.asked - AFTER_SWAP)
        return place < len(times) and times[place] - BEFORE_SWAP <= answer.told

    return [answer for answer in answers if near(answer)]


def delays(published: Sequence[Published], firsts: Mapping[tuple[str, str], float], offset: float) -> list[float]:
    """Seconds from the branch's move to an instance's first answer, for each instance and revision that it served.
    `offset` is wall clock minus the clock of the answers."""
    at = {each.revision: each.at - offset for each in published if each.good}
    return sorted(told - at[revision] for (_, revision), told in firsts.items() if revision in at)
