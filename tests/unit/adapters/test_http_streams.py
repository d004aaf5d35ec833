"""Connections of the providers' HTTP clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from mergecells.adapters.http_streams import HELD_BYTES
from mergecells.adapters.provider_http import BoundedClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server(asyncio.Protocol):
    """Answers each whole request; `last` ends the connection with it."""

    def __init__(self, seen: list[list[bytes]], *, last: bool) -> None:
        self._seen, self._last = seen, last

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._pieces: list[bytes] = []
        self._seen.append(self._pieces)

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        head, _, body = b"".join(self._pieces).partition(b"\r\n\r\n")
        wanted = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        if len(body) >= wanted:
            self._transport.write(OK)  # type: ignore[attr-defined]
            if self._last:
                self._transport.close()


@asynccontextmanager
async def serving(*, last: bool = False) -> AsyncIterator[tuple[str, list[list[bytes]]]]:
    seen: list[list[bytes]] = []
    server = await asyncio.get_running_loop().create_server(lambda: Server(seen, last=last), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", seen


def test_request_goes_out_in_one_piece() -> None:
    """Head and body are sent together: each sending takes its time."""

    async def run() -> list[list[bytes]]:
        async with serving() as (url, seen), BoundedClient() as client:
            assert (await client.post(url, json={"a": "b"})).text == "ok"
        return seen

    ((piece,),) = asyncio.run(run())
    assert piece.endswith(b'{"a":"b"}')


def test_long_request_arrives_whole() -> None:
    """A body past what is held back is sent while it is written."""
    body = bytes(range(256)) * (HELD_BYTES // 64)

    async def run() -> list[list[bytes]]:
        async with serving() as (url, seen), BoundedClient() as client:
            assert (await client.post(url, content=body)).status_code == 200
        return seen

    (pieces,) = asyncio.run(run())
    assert b"".join(pieces).partition(b"\r\n\r\n")[2] == body


def test_connection_is_kept_until_the_server_ends_it() -> None:
    """Two requests go over one connection; one that the server ended meanwhile is not used again."""

    async def run(*, last: bool) -> int:
        async with serving(last=last) as (url, seen), BoundedClient() as client:
            for _each in range(2):
                assert (await client.post(url, content=b"x")).text == "ok"
        return len(seen)

    assert asyncio.run(run(last=False)) == 1
    assert asyncio.run(run(last=True)) == 2


def test_refused_and_silent_servers_are_told_apart() -> None:
    """Who does not listen cannot be connected to; who does not answer is a timeout."""

    async def run() -> tuple[str, str]:
        names = []
        async with serving() as (url, _seen):
            pass
        silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        async with silent:
            address = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
            for place in (url, address):
                async with BoundedClient() as client:
                    try:
                        await client.post(place, content=b"x", timeout=0.3)
                    except httpx2.HTTPError as error:
                        names.append(type(error).__name__)
        return names[0], names[1]

    assert asyncio.run(run()) == ("ConnectError", "ReadTimeout")
