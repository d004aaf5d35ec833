"""The cache of answers in Redis, for several machines."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mergecells.adapters.pending_counts import PendingCounts
from mergecells.adapters.redis_server import connect_redis, shown
from mergecells.domain.cache_counts import COUNT_NAMES, CacheCounts
from mergecells.domain.llm import CachedAnswer, CacheStats
from mergecells.transforms.cached_answers import dump_answer, parse_answer

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger("mergecells")
T = TypeVar("T")

PREFIX: Final = "mergecells:cache1:"
ENTRY_BYTES: Final = 8 * 1024 * 1024
_TIMEOUT_S: Final = 0.25
_REST_S: Final = 2.0
"""A server that failed is left alone for so long: not every call may wait for it."""
_TELL_S: Final = 60.0
_BATCH: Final = 500

_CLAIM: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisCache:
    """Implements `ports.ResponseCache`. Keys begin with `PREFIX`; answers end by Redis's own expiry, and how much
    memory they may take is the server's `maxmemory`. Larger ones than `most_entry` bytes are not kept."""

    quick = False

    def __init__(self, url: str, *, prefix: str = PREFIX, most_entry: int = ENTRY_BYTES) -> None:
        self._place, self._prefix, self._most_entry = shown(url), prefix, most_entry
        self._redis: Redis = connect_redis(url, _TIMEOUT_S)
        self._claim = self._redis.register_script(_CLAIM)
        self._release = self._redis.register_script(_RELEASE)
        self._counts = PendingCounts(self._write_counts)
        self._lock = threading.Lock()
        self._rest_until = self._tell_after = 0.0

    def get(self, key: str) -> CachedAnswer | None:
        """See `ports.ResponseCache`."""
        value = self._try("read", None, lambda: self._redis.get(self._prefix + key))
        if value is None:
            return None
        answer = parse_answer(key, value)
        if answer is None:
            self._tell("the cache %s holds a damaged or foreign answer: it is made again", self._place)
        return answer

    def count(self, found: CachedAnswer | None) -> None:
        """See `ports.ResponseCache`. Written a little later, with others."""
        self._counts.add(CacheCounts.of(found))

    def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None:
        """See `ports.ResponseCache`."""
        value = dump_answer(key, answer)
        if len(value) > self._most_entry:
            _log.debug("an answer of %d bytes is too large for the cache", len(value))
            return
        lives = max(1, int(ttl_s * 1000))
        self._try("write", None, lambda: self._redis.set(self._prefix + key, value, px=lives))

    def claim(self, key: str, owner: str, lease_s: float, *, wait: bool = True) -> bool | None:  # noqa: ARG002
        """See `ports.ResponseCache`. True when the server cannot be asked, or answers neither yes nor no."""
        lease = max(1, int(lease_s * 1000))
        given = self._try("claim", 1, lambda: self._claim(keys=[self._claimed(key)], args=[owner, lease]))
        return given != 0

    def release(self, key: str, owner: str) -> None:
        """See `ports.ResponseCache`."""
        self._try("release", None, lambda: self._release(keys=[self._claimed(key)], args=[owner]))

    def stats(self) -> CacheStats:
        """See `ports.ResponseCache`. Looks at each answer's size, so it is for commands, not for calls."""
        self._counts.flush()
        return self._try("read", CacheStats(0, 0, 0, 0, 0.0, 0), self._read_stats)

    def clear(self) -> int:
        """See `ports.ResponseCache`."""
        self._counts.forget()
        return self._try("clear", 0, self._wipe)

    def close(self) -> None:
        """See `ports.ResponseCache`."""
        self._counts.close()
        self._redis.close()

    def _claimed(self, key: str) -> str:
        return f"{self._prefix}claim:{key}"

    def _numbers(self) -> str:
        return f"{self._prefix}number:counts"

    def _answers(self) -> Iterator[list[bytes]]:
        """The keys of all answers, in batches; a claim or a number has a colon after the prefix."""
        batch: list[bytes] = []
        start = len(self._prefix.encode())
        for name in self._redis.scan_iter(match=f"{self._prefix}*", count=_BATCH):
            if b":" not in name[start:]:
                batch.append(name)
            if len(batch) >= _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _read_stats(self) -> CacheStats:
        numbers: Any = self._redis.hmget(self._numbers(), list(COUNT_NAMES))
        counts = CacheCounts(*(int(each or 0) for each in numbers))
        entries = size = 0
        for batch in self._answers():
            pipe = self._redis.pipeline(transaction=False)
            for name in batch:
                pipe.strlen(name)
            sizes = [int(each) for each in pipe.execute() if each]
            entries, size = entries + len(sizes), size + sum(sizes)
        return counts.stats(entries, size)

    def _wipe(self) -> int:
        count = 0
        for batch in self._answers():
            count += int(self._redis.unlink(*batch))
        self._redis.delete(self._numbers())
        return count

    def _write_counts(self, counts: CacheCounts, _used: frozenset[str]) -> None:
        if time.monotonic() < self._rest_until:
            raise OSError("the server is left alone for now")
        pipe = self._redis.pipeline(transaction=True)
        for name in COUNT_NAMES:
            pipe.hincrby(self._numbers(), name, getattr(counts, name))
        pipe.execute()

    def _try(self, doing: str, otherwise: T, action: Callable[[], Any]) -> T:
        """Run `action`; `otherwise` while the server does not answer, or answers what is no Redis."""
        if time.monotonic() < self._rest_until:
            return otherwise
        from redis.exceptions import ResponseError

        try:
            result: T = action()
            return result
        except ResponseError as error:
            # It lives and refuses: out of memory, read only, another type under this key.
            self._tell("the cache %s cannot %s: %s", self._place, doing, error)
        except Exception as error:  # noqa: BLE001 - garbage on the wire surfaces as anything; a cache never fails a call
            self._rest_until = time.monotonic() + _REST_S
            self._redis.connection_pool.disconnect()
            self._tell("the cache %s cannot %s: %s: %s", self._place, doing, type(error).__name__, error)
        return otherwise

    def _tell(self, message: str, *values: object) -> None:
        """Once a minute."""
        with self._lock:
            if time.monotonic() < self._tell_after:
                return
            self._tell_after = time.monotonic() + _TELL_S
        _log.warning(message, *values)
