"""One contract for every cache of answers: memory, SQLite, Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mergecells.adapters.memory_cache import MemoryCache
from mergecells.adapters.redis_cache import RedisCache
from mergecells.adapters.sqlite_cache import SqliteCache
from mergecells.domain.llm import CachedAnswer
from mergecells.ports import ResponseCache

ANSWER = CachedAnswer("Grüß Gott 👋\n", "stop", "acme", "small", 10, 5, 2, "provider", 0.25, "untracked-1", 1_000.0)
KEY, OTHER = "a" * 64, "b" * 64
Opener = Callable[[], ResponseCache]
KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))]


def wait_until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Until it holds; fails after so long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=["memory", *KINDS])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ResponseCache]:
    found: ResponseCache = MemoryCache() if request.param == "memory" else opener(request, tmp_path)()
    yield found
    found.close()


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Each call opens the same store, as another process would."""
    return opener(request, tmp_path)


def opener(request: pytest.FixtureRequest, folder: Path) -> Opener:
    if request.param == "sqlite":
        return lambda: SqliteCache(folder / "cache.sqlite3")
    url: str = request.getfixturevalue("redis_url")
    return lambda: RedisCache(url)


def test_get_put_answer_comes_back_whole(cache: ResponseCache) -> None:
    """Every field, and any text."""
    assert cache.get(KEY) is None
    odd = replace(ANSWER, text="\ud800 \x00 " + ANSWER.text, cost=None)
    cache.put(KEY, ANSWER, 60)
    cache.put(OTHER, odd, 60)
    assert cache.get(KEY) == ANSWER
    assert cache.get(OTHER) == odd


def test_put_again_replaces(cache: ResponseCache) -> None:
    """The newest answer of a key is the one that is kept."""
    cache.put(KEY, ANSWER, 60)
    cache.put(KEY, replace(ANSWER, text="new"), 60)
    assert cache.get(KEY) == replace(ANSWER, text="new")
    assert cache.stats().entries == 1


def test_put_short_life_ends(cache: ResponseCache) -> None:
    """After its time an answer is not there, and does not count as an entry."""
    cache.put(KEY, ANSWER, 0.05)
    wait_until(lambda: cache.get(KEY) is None)
    assert cache.stats().entries == 0


def test_put_five_megabytes_comes_back(cache: ResponseCache) -> None:
    """A very long answer is an answer."""
    long = replace(ANSWER, text="ü" * 2_600_000)
    cache.put(KEY, long, 60)
    assert cache.get(KEY) == long


def test_stats_add_up_what_was_served(cache: ResponseCache) -> None:
    """Hits with their tokens and cost, misses, entries, the rate."""
    assert cache.stats().hit_rate == 0
    cache.put(KEY, ANSWER, 60)
    for found in (None, ANSWER, ANSWER, replace(ANSWER, cost=None)):
        cache.count(found)
    stats = cache.stats()
    assert (stats.entries, stats.hits, stats.misses, stats.saved_tokens, stats.saved_cost) == (1, 3, 1, 45, 0.5)
    assert stats.hit_rate == 0.75
    assert stats.bytes > 50


def test_clear_removes_answers_and_counts(cache: ResponseCache) -> None:
    """What was kept is gone, and counting begins again."""
    cache.put(KEY, ANSWER, 60)
    cache.put(OTHER, ANSWER, 60)
    cache.count(ANSWER)
    assert cache.clear() == 2
    assert cache.get(KEY) is None
    assert (cache.stats().entries, cache.stats().hits) == (0, 0)
    assert cache.clear() == 0


def test_claim_one_owner_at_a_time(cache: ResponseCache) -> None:
    """The owner may renew; others wait until it is given back; only the owner gives it back."""
    assert cache.claim(KEY, "one", 60)
    assert cache.claim(KEY, "one", 60)
    assert not cache.claim(KEY, "other", 60)
    cache.release(KEY, "other")
    assert not cache.claim(KEY, "other", 60)
    cache.release(KEY, "one")
    assert cache.claim(KEY, "other", 60)
    assert cache.claim(OTHER, "one", 60)


def test_claim_of_the_dead_ends(cache: ResponseCache) -> None:
    """A claim that is not renewed runs out."""
    assert cache.claim(KEY, "dead", 0.05)
    wait_until(lambda: cache.claim(KEY, "other", 60))
    cache.release(KEY, "dead")
    assert not cache.claim(KEY, "third", 60)


def test_counts_survive_and_add_up_over_processes(opened: Opener) -> None:
    """Each process adds its own; a new one sees the sum."""
    one, other = opened(), opened()
    one.put(KEY, ANSWER, 60)
    one.count(ANSWER)
    other.count(ANSWER)
    other.count(None)
    one.close()
    other.close()
    third = opened()
    assert (third.stats().hits, third.stats().misses, third.stats().entries) == (2, 1, 1)
    assert third.get(KEY) == ANSWER
    third.close()


def test_counts_are_written_without_being_asked(opened: Opener) -> None:
    """A process that only serves hits is seen by another one soon."""
    one, other = opened(), opened()
    one.count(ANSWER)
    wait_until(lambda: other.stats().hits == 1)
    one.close()
    other.close()


def test_clear_reaches_other_processes(opened: Opener) -> None:
    """What another process cleared is not served from memory either, a moment later."""
    one, other = opened(), opened()
    one.put(KEY, ANSWER, 60)
    assert one.get(KEY) == other.get(KEY) == ANSWER
    other.clear()
    wait_until(lambda: one.get(KEY) is None)
    one.close()
    other.close()


def test_put_too_large_is_left_out(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """One answer cannot push out all others: past its bound it is not kept, and nothing else happens."""
    small = SqliteCache(tmp_path / "small.sqlite3", most_entry=10_000)
    small.put(KEY, ANSWER, 60)
    small.put(KEY, replace(ANSWER, text="x" * 20_000), 60)
    assert small.get(KEY) == ANSWER
    small.close()


@pytest.mark.needs("redis-server")
def test_put_too_large_for_redis_is_left_out(redis_url: str) -> None:
    """As on a disk."""
    small = RedisCache(redis_url, most_entry=10_000)
    small.put(KEY, replace(ANSWER, text="x" * 20_000), 60)
    assert small.get(KEY) is None
    small.close()


def test_memory_is_bounded_by_bytes_and_drops_what_was_not_used() -> None:
    """The least recently used go first; one that was used again stays."""
    cache = MemoryCache(most_bytes=20_000)
    big = replace(ANSWER, text="x" * 1_500)
    for number in range(6):
        cache.put(f"{number}", big, 60)
    assert cache.get("0") == big
    for number in range(6, 14):
        cache.put(f"{number}", big, 60)
    stats = cache.stats()
    assert stats.bytes <= 20_000
    assert cache.get("0") == big
    assert cache.get("1") is None
    assert cache.get("13") == big
