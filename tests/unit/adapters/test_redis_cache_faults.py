"""The cache in Redis when the server dies, hangs, or answers what is no Redis: a miss, never an error."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from fakes.recording_llm_metrics import RecordingLlmMetrics
from mergecells.adapters.redis_cache import PREFIX, RedisCache
from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CachedAnswer
from mergecells.prompting.answer_cache import AnswerCache
from redis_server import RedisServer

ANSWER = CachedAnswer("Hello.", "stop", "acme", "small", 10, 5, 0, "provider", 0.25, "untracked-1", 1_000.0)
KEY = "a" * 64


@pytest.fixture
def server() -> Iterator[RedisServer]:
    found = RedisServer()
    yield found
    found.stop()


async def make() -> tuple[str, CachedAnswer | None]:
    return "made", ANSWER


def call(cache: RedisCache) -> tuple[str | None, CachedAnswer | None]:
    """One call through the client's cache, bounded."""

    async def go() -> tuple[str | None, CachedAnswer | None]:
        shared = AnswerCache(cache, RecordingLlmMetrics())
        async with asyncio.timeout(15):
            result = await shared.shared(KEY, make)
            await shared.close()
            return result

    return asyncio.run(go())


@pytest.mark.needs("redis-server")
def test_call_server_that_dies_in_the_middle_is_a_miss(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Calls go on without it, the log says so once, and its return is noticed."""
    cache = RedisCache(server.url)
    assert call(cache) == ("made", ANSWER)
    assert call(cache) == (None, ANSWER)
    server.kill()
    assert [call(cache) for _ in range(5)] == [("made", ANSWER)] * 5
    assert sum("cannot" in record.message for record in caplog.records) == 1
    server.start()
    deadline = time.monotonic() + 20
    while call(cache) != (None, ANSWER):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    cache.close()


@pytest.mark.needs("redis-server")
def test_call_server_that_hangs_is_a_miss(server: RedisServer) -> None:
    """A stopped server takes connections and says nothing: it is given up soon, and then left alone."""
    cache = RedisCache(server.url)
    assert call(cache) == ("made", ANSWER)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        assert call(cache) == ("made", ANSWER)
        assert cache._rest_until > time.monotonic()
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    cache.close()


class Garbage:
    """Takes connections and answers every command with the same bytes."""

    def __init__(self, answer: bytes, pause: float = 0.0) -> None:
        self._answer, self._pause = answer, pause
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://:hunter2@127.0.0.1:{self._listening.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while connection.recv(65_536):
                    for start in range(0, len(self._answer), 1 if self._pause else len(self._answer)):
                        end = start + 1 if self._pause else len(self._answer)
                        connection.sendall(self._answer[start:end])
                        time.sleep(self._pause)
            except OSError:
                return

    def close(self) -> None:
        self._listening.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\xff\xfe garbage \x80\r\n",
        b"$5\r\nhel",
        b"*1000000000\r\n",
        b"$-7\r\n",
        b":notanumber\r\n",
        b"+OK\r\n",
        b":7\r\n",
        b"*2\r\n$1\r\na\r\n:1\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-NOAUTH Authentication required.\r\n",
    ],
)
def test_call_server_that_is_no_redis_is_a_miss(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Another protocol, cut answers, wrong types, refusals: the call makes its own answer. No password is logged."""
    other = Garbage(answer)
    cache = RedisCache(other.url)
    assert call(cache) == ("made", ANSWER)
    assert call(cache) == ("made", ANSWER)
    cache.stats()
    cache.clear()
    cache.close()
    other.close()
    assert "hunter2" not in caplog.text


def test_call_server_that_trickles_is_given_up() -> None:
    """A byte now and then keeps each read alive; the whole wait is bounded all the same."""
    other = Garbage(b"$100000\r\n" + b"x" * 100_000, pause=0.1)
    cache = RedisCache(other.url)
    assert call(cache) == ("made", ANSWER)
    other.close()


@pytest.mark.needs("redis-server")
def test_get_value_that_is_damaged_or_of_another_type_is_a_miss(redis_url: str) -> None:
    """What another program put under the key is not served, and the key works again with the next answer."""
    from redis import Redis

    cache = RedisCache(redis_url)
    with Redis.from_url(redis_url) as client:
        for spoil in (
            lambda: client.set(PREFIX + KEY, b"mc1deadbeef[]"),
            lambda: client.set(PREFIX + KEY, b""),
            lambda: client.set(PREFIX + KEY, b"mc2"),
            lambda: client.delete(PREFIX + KEY) and client.lpush(PREFIX + KEY, "a"),
        ):
            cache.put(KEY, ANSWER, 60)
            spoil()
            assert cache.get(KEY) is None
    cache.put(KEY, ANSWER, 60)
    assert cache.get(KEY) == ANSWER
    cache.close()


@pytest.mark.needs("redis-server")
def test_put_server_without_memory_is_no_error() -> None:
    """A full server refuses to write; reading goes on."""
    server = RedisServer("--maxmemory", "1", "--maxmemory-policy", "noeviction")
    try:
        cache = RedisCache(server.url)
        cache.put(KEY, ANSWER, 60)
        assert cache.get(KEY) is None
        assert cache.claim(KEY, "me", 60) in (True, False)
        assert call(cache) == ("made", ANSWER)
        cache.close()
    finally:
        server.stop()


@pytest.mark.needs("redis-server")
def test_clear_leaves_keys_of_others(redis_url: str) -> None:
    """Only what begins with our prefix is ours; budgets in the same Redis are no answers."""
    from redis import Redis

    from mergecells.adapters.redis_ledger import RedisLedger
    from mergecells.domain.llm import Cap

    cache, ledger = RedisCache(redis_url), RedisLedger(redis_url)
    ledger.reserve("a", [Cap("total", 10)], 4, 60)
    with Redis.from_url(redis_url) as client:
        client.set("theirs", "1")
        cache.put(KEY, ANSWER, 60)
        cache.claim("b" * 64, "me", 60)
        assert cache.stats().entries == 1
        assert cache.clear() == 1
        assert client.get("theirs") == b"1"
    assert ledger.read(["total"])[0].reserved == 4
    cache.close()
    ledger.close()


@pytest.mark.parametrize("url", ["redis://host:port", "http://host", "redis://host:99999999"])
def test_open_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    """What to write instead, and not what was written."""
    with pytest.raises(UsageError) as got:
        RedisCache(url.replace("//", "//user:hunter2@")).get(KEY)
    assert "hunter2" not in str(got.value)
