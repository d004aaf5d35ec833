"""Connections for the providers' HTTP clients, straight on asyncio's own streams.

httpcore's own go through anyio, which asks the kernel six more times for a request: a head and a body are sent one by
one, reading is switched on and off, and each look at a kept connection asks for its peer. Here the head goes out with
the body, when the answer is read for.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore2
import httpx2

HELD_BYTES = 65_536
"""Of a request: a longer one is sent while it is still being written."""

READ_BYTES = 262_144
"""Of an answer: so much waits for its reader, then the provider waits."""

_HAPPY_EYEBALLS_S = 0.25


class Stream(httpcore2.AsyncNetworkStream):
    """One connection; used by one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._held: list[bytes] = []
        self._size = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        # What a server says to a request that it did not read to its end is worth more than that it did not.
        with contextlib.suppress(OSError):
            self._send()
        with _mapped(httpcore2.ReadTimeout, httpcore2.ReadError):
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held.append(buffer)
        self._size += len(buffer)
        if self._size >= HELD_BYTES:
            with _mapped(httpcore2.WriteTimeout, httpcore2.WriteError):
                self._send()
                async with asyncio.timeout(timeout):
                    await self._writer.drain()

    async def aclose(self) -> None:
        self._held.clear()
        self._writer.close()
        await asyncio.sleep(0)  # Lets TLS say goodbye, and waits for no answer to it.
        self._writer.transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        self._send()
        try:
            with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # Asked of a connection that nobody uses: it has ended, or something is wrong.
            return self._writer.is_closing() or self._reader.at_eof() or self._has_more()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._writer.get_extra_info(names.get(info, info))

    def _has_more(self) -> bool:
        """Whether something came that nobody asked for, the end included, which the loop may not have told yet."""
        held = getattr(self._reader, "_buffer", None)
        return bool(held) or _is_readable(self._writer.get_extra_info("socket"))

    def _send(self) -> None:
        if self._held:
            held, self._held, self._size = b"".join(self._held), [], 0
            self._writer.write(held)


class Backend(httpcore2.AsyncNetworkBackend):
    """Makes them."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        local = (local_address, 0) if local_address else None
        with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    host, port, limit=READ_BYTES, local_addr=local, happy_eyeballs_delay=_HAPPY_EYEBALLS_S
                )
        for option in socket_options or ():
            writer.get_extra_info("socket").setsockopt(*option)
        return Stream(reader, writer)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def use_streams(client: httpx2.AsyncClient) -> None:
    """Let a client connect with these. It has no setting for that, so one that is built otherwise stays as it is."""
    mounts = getattr(client, "_mounts", {}).values()
    for transport in (getattr(client, "_transport", None), *mounts):
        pool: Any = getattr(transport, "_pool", None)
        if hasattr(pool, "_network_backend"):
            pool._network_backend = Backend()


def _is_readable(socket: Any) -> bool:
    """Of a socket, without waiting."""
    import select

    if socket is None or socket.fileno() < 0:
        return True
    asked = select.poll()
    asked.register(socket.fileno(), select.POLLIN)
    return bool(asked.poll(0))


@contextlib.contextmanager
def _mapped(timed_out: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timed_out(str(error)) from error
    except (OSError, EOFError) as error:
        raise failed(str(error)) from error
