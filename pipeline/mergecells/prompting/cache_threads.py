"""A cache, asked from an event loop: in threads where it may block, with a bound on every wait."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mergecells.domain.llm import CachedAnswer
from mergecells.ports import ResponseCache

_log = logging.getLogger("mergecells")
T = TypeVar("T")

PATIENCE_S: Final = 1.0
"""A cache that takes longer is taken for dead: a miss, and left alone for a while."""
REST_S: Final = 5.0
_THREADS: Final = 4


class CacheThreads:
    """Nothing here raises but CancelledError. Nothing that a call waits for lasts longer than `PATIENCE_S`; writing
    goes on in a thread of its own, so that a queue of answers to keep does not look like a cache that is dead."""

    def __init__(self, cache: ResponseCache, *, patience_s: float = PATIENCE_S) -> None:
        self._cache, self._patience = cache, patience_s
        self._threads = ThreadPoolExecutor(_THREADS, "mergecells-cache")
        self._writer = ThreadPoolExecutor(1, "mergecells-cache-writer")
        self._rest_until = 0.0

    async def get(self, key: str) -> CachedAnswer | None:
        """See `ports.ResponseCache`; in place where the cache is quick."""
        if self._cache.quick:
            return self._cache.get(key)
        return await self._bounded(None, self._cache.get, key)

    def find(self, key: str) -> CachedAnswer | None:
        """See `ports.ResponseCache`: in the caller's thread, which waits. Nothing while the cache is left alone."""
        if not self._cache.quick and time.monotonic() < self._rest_until:
            return None
        return self._cache.get(key)

    def count(self, found: CachedAnswer | None) -> None:
        """See `ports.ResponseCache`."""
        self._cache.count(found)

    async def claim(self, key: str, owner: str, lease_s: float) -> bool:
        """See `ports.ResponseCache`. A claim that comes after its caller was cancelled is given back."""
        if self._cache.quick:
            given = self._cache.claim(key, owner, lease_s, wait=False)
            if given is not None:
                return given
        unasked: bool | None = True
        asked = asyncio.ensure_future(self._bounded(unasked, self._cache.claim, key, owner, lease_s))
        try:
            return await asyncio.shield(asked) is not False
        except asyncio.CancelledError:
            asked.add_done_callback(lambda _: self._submit(self._cache.release, key, owner))
            raise

    async def release(self, key: str, owner: str) -> None:
        """See `ports.ResponseCache`."""
        await self._bounded(None, self._cache.release, key, owner)

    async def end(self, key: str, owner: str, answer: CachedAnswer | None, ttl_s: float) -> None:
        """Put the answer, if there is one, and give the claim back, in one go."""
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            await asyncio.get_running_loop().run_in_executor(self._writer, self._end, key, owner, answer, ttl_s)

    def close(self) -> None:
        """No thread is waited for."""
        self._threads.shutdown(wait=False)
        self._writer.shutdown(wait=False)

    def _end(self, key: str, owner: str, answer: CachedAnswer | None, ttl_s: float) -> None:
        if answer is not None:
            self._cache.put(key, answer, ttl_s)
        if owner:
            self._cache.release(key, owner)

    async def _bounded(self, otherwise: T, call: Callable[..., T], *values: object) -> T:
        if time.monotonic() < self._rest_until:
            return otherwise
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                return await loop.run_in_executor(self._threads, functools.partial(call, *values))
        except TimeoutError:
            known, self._rest_until = time.monotonic() < self._rest_until, time.monotonic() + REST_S
            if not known:
                _log.warning("the cache of answers does not answer: left alone for %.0f s", REST_S)
        except RuntimeError:  # closed meanwhile
            pass
        return otherwise

    def _submit(self, call: Callable[..., object], *values: object) -> None:
        try:
            self._threads.submit(call, *values)
        except RuntimeError:  # closed meanwhile
            _log.debug("a claim stays until its lease ends")
