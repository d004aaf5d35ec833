"""The cache as calls use it: hits, one maker at a time, what is kept, and caches that fail or hang."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.recording_llm_metrics import RecordingLlmMetrics
from mergecells.adapters.memory_cache import MemoryCache
from mergecells.adapters.sqlite_cache import SqliteCache
from mergecells.domain.llm import CachedAnswer
from mergecells.ports import ResponseCache
from mergecells.prompting.answer_cache import AnswerCache, Lead

ANSWER = CachedAnswer("Hello.", "stop", "acme", "small", 10, 5, 0, "provider", 0.25, "untracked-1", 1_000.0)
KEY = "a" * 64


class Maker:
    """Counts how often it is asked; holds until `go` is set."""

    def __init__(self, answer: CachedAnswer | None = ANSWER, error: Exception | None = None) -> None:
        self.calls = 0
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self._answer, self._error = answer, error

    async def __call__(self) -> tuple[str, CachedAnswer | None]:
        self.calls += 1
        self.begun.set()
        await self.go.wait()
        if self._error is not None:
            raise self._error
        return "made", self._answer


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(bounded())


def opened(cache: ResponseCache | None, **settings: float) -> tuple[AnswerCache, RecordingLlmMetrics]:
    metrics = RecordingLlmMetrics()
    return AnswerCache(cache, metrics, **settings), metrics


def test_shared_second_call_is_a_hit_and_counts() -> None:
    """The first call makes and keeps, the second has it from the cache; both are counted, and what was saved."""

    async def test() -> None:
        cache = MemoryCache()
        shared, metrics = opened(cache)
        make = Maker()
        make.go.set()
        assert await shared.shared(KEY, make) == ("made", ANSWER)
        await shared.close()
        assert await shared.shared(KEY, make) == (None, ANSWER)
        assert make.calls == 1
        assert metrics.cache == ["miss", "hit"]
        stats = cache.stats()
        assert (stats.entries, stats.hits, stats.misses, stats.saved_tokens, stats.saved_cost) == (1, 1, 1, 15, 0.25)

    run(test)


def test_shared_without_a_cache_makes_each_time() -> None:
    """No cache: nothing is kept and nobody waits for another."""

    async def test() -> None:
        shared, metrics = opened(None)
        make = Maker()
        make.go.set()
        assert await shared.shared(KEY, make) == ("made", ANSWER)
        assert await shared.shared(KEY, make) == ("made", ANSWER)
        assert (make.calls, metrics.cache) == (2, ["bypass", "bypass"])

    run(test)


def test_shared_fifty_at_once_make_one(tmp_path: Path) -> None:
    """Fifty identical calls at the same time: one asks the provider, the others have its answer."""

    async def test() -> None:
        cache = SqliteCache(tmp_path / "cache.sqlite3")
        shared, metrics = opened(cache)
        make = Maker()
        calls = [asyncio.create_task(shared.shared(KEY, make)) for _ in range(50)]
        await make.begun.wait()
        make.go.set()
        results = await asyncio.gather(*calls)
        assert make.calls == 1
        assert results.count(("made", ANSWER)) == 1
        assert results.count((None, ANSWER)) == 49
        assert metrics.cache.count("shared") == 49
        await shared.close()
        assert cache.stats().hits == 49
        cache.close()

    run(test)


def test_shared_maker_that_fails_shares_no_error() -> None:
    """When the maker fails, its error is its own; the next follower makes its own answer, and the others have that."""

    async def test() -> None:
        shared, _ = opened(MemoryCache())
        bad, good = Maker(error=ValueError("no")), Maker()
        first = asyncio.create_task(shared.shared(KEY, bad))
        await bad.begun.wait()
        others = [asyncio.create_task(shared.shared(KEY, good)) for _ in range(5)]
        await asyncio.sleep(0)
        bad.go.set()
        good.go.set()
        with pytest.raises(ValueError, match="no"):
            await first
        assert sorted(map(str, await asyncio.gather(*others))) == sorted(
            map(str, [("made", ANSWER), *[(None, ANSWER)] * 4])
        )
        assert good.calls == 1

    run(test)


def test_shared_maker_that_is_cancelled_lets_the_next_one_make() -> None:
    """A caller that goes away in the middle leaves nobody waiting."""

    async def test() -> None:
        shared, _ = opened(MemoryCache())
        gone, good = Maker(), Maker()
        good.go.set()
        first = asyncio.create_task(shared.shared(KEY, gone))
        await gone.begun.wait()
        second = asyncio.create_task(shared.shared(KEY, good))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == ("made", ANSWER)

    run(test)


def test_shared_follower_that_is_cancelled_leaves_the_maker_alone() -> None:
    """Followers may go away; the maker's answer is kept all the same."""

    async def test() -> None:
        shared, _ = opened(MemoryCache())
        make = Maker()
        first = asyncio.create_task(shared.shared(KEY, make))
        await make.begun.wait()
        follower = asyncio.create_task(shared.shared(KEY, make))
        await asyncio.sleep(0)
        follower.cancel()
        await asyncio.wait([follower])
        make.go.set()
        assert await first == ("made", ANSWER)

    run(test)


@pytest.mark.parametrize(
    "answer",
    [replace(ANSWER, finish="length"), replace(ANSWER, finish="content_filter"), replace(ANSWER, text=" \n"), None],
)
def test_shared_answer_that_is_not_complete_is_not_kept(answer: CachedAnswer | None) -> None:
    """Truncated, filtered and empty answers are given back to their caller and to nobody else."""

    async def test() -> None:
        cache = MemoryCache()
        shared, _ = opened(cache)
        make = Maker(answer)
        make.go.set()
        assert await shared.shared(KEY, make) == ("made", None)
        await shared.close()
        assert cache.get(KEY) is None

    run(test)


def test_shared_follower_waits_no_longer_than_it_may() -> None:
    """Past its deadline a follower makes its own answer."""

    async def test() -> None:
        shared, _ = opened(MemoryCache())
        slow, own = Maker(), Maker()
        own.go.set()
        first = asyncio.create_task(shared.shared(KEY, slow))
        await slow.begun.wait()
        assert await shared.shared(KEY, own, wait_s=0.05) == ("made", ANSWER)
        assert not first.done()
        slow.go.set()
        await first

    run(test)


def test_shared_claim_of_another_process_is_waited_for_and_its_answer_taken(tmp_path: Path) -> None:
    """Two caches on one file are two processes: the second waits for the first one's answer."""

    async def test() -> None:
        one, other = (SqliteCache(tmp_path / "cache.sqlite3") for _ in range(2))
        first, second = opened(one)[0], opened(other)[0]
        make, never = Maker(), Maker()
        leading = asyncio.create_task(first.shared(KEY, make))
        await make.begun.wait()
        following = asyncio.create_task(second.shared(KEY, never))
        await asyncio.sleep(0.05)
        assert not following.done()
        make.go.set()
        await leading
        assert await following == (None, ANSWER)
        assert never.calls == 0
        for cache in (one, other):
            cache.close()

    run(test)


def test_shared_claim_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    """A claim that nobody renews ends with its lease; until then the call waits, and then makes its own."""

    async def test() -> None:
        cache = SqliteCache(tmp_path / "cache.sqlite3")
        assert cache.claim(KEY, "dead", 0.2)
        shared, _ = opened(cache)
        make = Maker()
        make.go.set()
        assert await shared.shared(KEY, make) == ("made", ANSWER)
        await shared.close()
        cache.close()

    run(test)


def test_shared_claim_of_a_slow_maker_is_renewed(tmp_path: Path) -> None:
    """Who lives keeps the claim for longer than one lease."""

    async def test() -> None:
        one, other = (SqliteCache(tmp_path / "cache.sqlite3") for _ in range(2))
        shared, _ = opened(one, lease_s=0.3)
        make = Maker()
        leading = asyncio.create_task(shared.shared(KEY, make))
        await make.begun.wait()
        for _ in range(8):
            await asyncio.sleep(0.1)
            assert not other.claim(KEY, "another", 0.01)
        make.go.set()
        await leading
        await shared.close()
        assert other.claim(KEY, "another", 0.01)

    run(test)


class HangingCache(MemoryCache):
    """Does not answer until it is let go."""

    quick = False

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def get(self, key: str) -> CachedAnswer | None:
        self.let_go.wait(15)
        return None


def test_shared_cache_that_hangs_is_a_miss(caplog: pytest.LogCaptureFixture) -> None:
    """A cache that does not answer is left alone, told once in the log; calls go on."""

    async def test() -> None:
        cache = HangingCache()
        shared, _ = opened(cache)
        make = Maker()
        make.go.set()
        assert await shared.shared(KEY, make) == ("made", ANSWER)
        assert await shared.shared(KEY + "b", make) == ("made", ANSWER)
        cache.let_go.set()
        await shared.close()
        assert sum("does not answer" in record.message for record in caplog.records) == 1

    run(test)


def test_shared_many_answers_at_once_are_all_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Answers that come faster than they are written wait their turn: none is lost, and the cache is not taken for
    dead."""

    class Slow(SqliteCache):
        def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None:
            time.sleep(0.02)
            super().put(key, answer, ttl_s)

    async def test() -> None:
        cache = Slow(tmp_path / "cache.sqlite3", memory_bytes=0)
        shared, _ = opened(cache)
        make = Maker()
        make.go.set()
        await asyncio.gather(*(shared.shared(f"{number}", make) for number in range(80)))
        await asyncio.gather(*shared._tasks)
        assert cache.stats().entries == 80
        assert caplog.records == []
        cache.close()

    run(test)


def test_enter_stream_that_leads_keeps_at_its_end() -> None:
    """A stream leads, others wait; what it says at its end is what they replay."""

    async def test() -> None:
        shared, metrics = opened(MemoryCache())
        lead = await shared.enter(KEY)
        assert isinstance(lead, Lead)
        follower = asyncio.create_task(shared.enter(KEY))
        await asyncio.sleep(0)
        shared.finish(lead, ANSWER)
        assert await follower == ANSWER
        assert await shared.lookup(KEY) == ANSWER
        await shared.close()
        assert metrics.cache == ["miss", "shared", "hit"]

    run(test)


def test_shared_lives_shorter_than_its_ttl_by_a_jitter() -> None:
    """Answers that were made together do not all end together."""

    class Ttls(MemoryCache):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[float] = []

        def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None:
            self.seen.append(ttl_s)

    async def test() -> None:
        chances = iter([0.0, 0.5, 1.0])
        shared = AnswerCache(cache := Ttls(), RecordingLlmMetrics(), ttl_s=100, chance=lambda: next(chances))
        make = Maker()
        make.go.set()
        for key in "abc":
            await shared.shared(key, make)
            await asyncio.gather(*shared._tasks)
        assert cache.seen == [100, 95, 90]

    run(test)
