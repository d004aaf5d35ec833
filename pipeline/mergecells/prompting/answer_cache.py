"""The cache of answers as calls use it: asked first, and one maker at a time for each key, in all processes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from mergecells.domain.llm import CachedAnswer
from mergecells.ports import LlmMetrics, ResponseCache
from mergecells.prompting.cache_threads import CacheThreads
from mergecells.prompting.ids import new_id
from mergecells.transforms.cached_answers import answer_key

__all__ = ["AnswerCache", "Lead", "answer_key"]

T = TypeVar("T")
Flight = asyncio.Future[CachedAnswer | None]

TTL_S: Final = 86_400.0
LEASE_S: Final = 10.0
"""A process that dies while it makes an answer holds the others up for so long; one that lives renews its claim."""
WAIT_S: Final = 60.0
CLOSE_S: Final = 2.0
_FIRST_PAUSE_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 0.1


class Lead:
    """The right to make the answer of one key. `AnswerCache.finish` must follow, whatever happens."""

    def __init__(self, key: str, owner: str = "", flight: Flight | None = None) -> None:
        self.key, self.owner, self.flight = key, owner, flight
        self.heart: asyncio.TimerHandle | None = None


class AnswerCache:
    """Lives on one event loop. With `cache` None nothing is kept, and every call makes its own answer.

    `jitter`: an answer lives between (1 - jitter) and 1 times `ttl_s`, so that those made together do not all end
    together. `lease_s`: see `LEASE_S`. `chance` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        cache: ResponseCache | None,
        metrics: LlmMetrics,
        *,
        ttl_s: float = TTL_S,
        jitter: float = 0.1,
        lease_s: float = LEASE_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._metrics = metrics
        self._ttl, self._jitter, self._lease, self._chance = ttl_s, jitter, lease_s, chance
        self._threads = CacheThreads(cache) if cache is not None else None
        self._flights: dict[str, Flight] = {}
        self._tasks: set[asyncio.Future[Any]] = set()

    async def shared(
        self,
        key: str,
        make: Callable[[], Awaitable[tuple[T, CachedAnswer | None]]],
        *,
        wait_s: float = WAIT_S,
        missed: bool = False,
    ) -> tuple[T | None, CachedAnswer | None]:
        """(None, answer) when the cache or another call had it; else (what `make` gave, what is kept of it).

        `make` gives its result, and the answer to keep, None for one that must not be kept. While one call makes, the
        others of the same key wait, `wait_s` at the longest. When it fails or has nothing to keep, the next of them
        makes its own; no error is shared. `missed`: see `enter`.
        """
        found = await self.enter(key, wait_s=wait_s, missed=missed)
        if isinstance(found, CachedAnswer):
            return None, found
        kept: CachedAnswer | None = None
        try:
            made, answer = await make()
            kept = storable(answer)
        finally:
            self.finish(found, kept)
        return made, kept

    def find(self, key: str) -> CachedAnswer | None:
        """What is kept, without a wait for who makes it; from any thread. Only a hit is counted."""
        found = self._just_made(key)
        if found is None and self._threads is not None:
            found = self._threads.find(key)
        return self._hit(found)

    async def lookup(self, key: str) -> CachedAnswer | None:
        """As `find`, from any event loop, which is not held up."""
        found = self._just_made(key)
        if found is None and self._threads is not None:
            found = await self._threads.get(key)
        return self._hit(found)

    async def enter(self, key: str, *, wait_s: float = WAIT_S, missed: bool = False) -> CachedAnswer | Lead:
        """The answer, or the lead: the caller then makes the answer and calls `finish`, a stream does so at its end.

        `missed`: `find` had nothing a moment ago, so the cache is asked only once more, with the claim.
        """
        if self._threads is None:
            self._metrics.cache_asked("bypass")
            return Lead(key)
        deadline = time.monotonic() + wait_s
        while (flight := self._flights.get(key)) is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                return self._alone(key)
            # `wait` leaves the flight alone when this caller is cancelled or gives up.
            done, _ = await asyncio.wait([flight], timeout=left)
            if done and (answer := flight.result()) is not None:
                self._count(answer, "shared")
                return answer
        return await self._first_here(self._threads, key, deadline, missed)

    def finish(self, lead: Lead, answer: CachedAnswer | None) -> None:
        """End a lead: with the answer, which is kept if it is complete, or with None. Does not wait: writing goes on
        in the background, and whoever asks meanwhile has the answer from here."""
        if lead.heart is not None:
            lead.heart.cancel()
        kept = storable(answer)
        if kept is not None and lead.flight is not None and not lead.flight.done():
            lead.flight.set_result(kept)
        if self._threads is not None:
            self._keep(asyncio.ensure_future(self._end(self._threads, lead, kept)))

    async def close(self) -> None:
        """Wait for what is still being written, for so long. The cache itself is its owner's to close."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        if self._threads is not None:
            self._threads.close()

    def _just_made(self, key: str) -> CachedAnswer | None:
        """What is still being written."""
        flight = self._flights.get(key)
        return flight.result() if flight is not None and flight.done() else None

    def _hit(self, found: CachedAnswer | None) -> CachedAnswer | None:
        if found is not None:
            self._count(found, "hit")
        return found

    async def _first_here(self, threads: CacheThreads, key: str, deadline: float, missed: bool) -> CachedAnswer | Lead:
        """The first of this process: ask the cache, then claim the key among all processes or wait for who has it."""
        flight: Flight = asyncio.get_running_loop().create_future()
        self._flights[key] = flight
        found: CachedAnswer | Lead | None = None
        try:
            found = None if missed else await threads.get(key)
            if found is not None:
                self._count(found, "hit")
                return found
            found = await self._claim(threads, key, flight, deadline)
            self._count(found if isinstance(found, CachedAnswer) else None, "shared")
            return found
        finally:
            if not isinstance(found, Lead) or found.flight is None:
                del self._flights[key]
                flight.set_result(found if isinstance(found, CachedAnswer) else None)

    async def _claim(self, threads: CacheThreads, key: str, flight: Flight, deadline: float) -> CachedAnswer | Lead:
        lead, pause = Lead(key, new_id(16), flight), _FIRST_PAUSE_S
        while not await threads.claim(key, lead.owner, self._lease):
            left = deadline - time.monotonic()
            if left <= 0:
                return Lead(key)
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
            if (found := await threads.get(key)) is not None:
                return found
        # Who had the claim may have put the answer after we looked and before we claimed.
        if (found := await threads.get(key)) is not None:
            self._keep(asyncio.ensure_future(threads.release(key, lead.owner)))
            return found
        self._beat(threads, lead)
        return lead

    def _beat(self, threads: CacheThreads, lead: Lead) -> None:
        """Renew the claim until `finish`: an answer may take longer than a lease."""
        if lead.heart is not None:
            self._keep(asyncio.ensure_future(threads.claim(lead.key, lead.owner, self._lease)))
        lead.heart = asyncio.get_running_loop().call_later(self._lease / 3, self._beat, threads, lead)

    async def _end(self, threads: CacheThreads, lead: Lead, kept: CachedAnswer | None) -> None:
        ttl = self._ttl * (1 - self._jitter * self._chance())
        try:
            await threads.end(lead.key, lead.owner, kept, ttl)
        finally:
            if lead.flight is not None:
                if self._flights.get(lead.key) is lead.flight:
                    del self._flights[lead.key]
                if not lead.flight.done():
                    lead.flight.set_result(None)

    def _alone(self, key: str) -> Lead:
        """Who waited too long makes an answer without the claim."""
        self._count(None, "miss")
        return Lead(key)

    def _count(self, found: CachedAnswer | None, how: str) -> None:
        if self._threads is not None:
            self._threads.count(found)
        self._metrics.cache_asked(how if found is not None else "miss")

    def _keep(self, task: asyncio.Future[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def storable(answer: CachedAnswer | None) -> CachedAnswer | None:
    """The answer if it is complete: ended by the model itself, with a text; else None."""
    return answer if answer is not None and answer.finish == "stop" and answer.text.strip() else None
