"""The clients of a soak: kept connections that score and call prompts without end, and remember every answer."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from itertools import count, takewhile
from typing import Any

from soak.story import DATE, LEADS, compared
from soak.verdict import Answer

_EDITION = re.compile(r"Edition (\d+)\.")
PATIENCE = 120.0
"""A starved machine takes a minute to import a provider's library."""


class Connection:
    """One kept HTTP/1.1 connection, as cheap as can be: a client must not be slower than what it measures."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        """(status, headers, body). Raises OSError, EOFError, TimeoutError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body))
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in lines[1:-2])
            content = await reader.readexactly(int(headers[b"content-length"]))
        if headers.get(b"connection") == b"close":
            self.close()
        return int(lines[0].split()[1]), headers, content

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Clients:
    """All clients of one service process. `answers` grows until the end."""

    def __init__(self, instance: str, port: int, answers: list[Answer]) -> None:
        self._instance, self._port, self._answers = instance, port, answers
        self._bodies = [json.dumps({"lead": lead, "date": DATE.isoformat()}).encode() for lead in LEADS]

    async def score(self, pause: float, stop: asyncio.Event) -> None:
        """One connection that scores LEADS in turn until `stop`."""
        connection = Connection(self._port)
        for number in takewhile(lambda _: not stop.is_set(), count()):
            lead = number % len(LEADS)
            await self._ask(connection, "/v1/score", self._bodies[lead], lambda told, lead=lead: _scored(told, lead))
            await asyncio.sleep(pause)
        connection.close()

    async def prompt(self, pause: float, stop: asyncio.Event) -> None:
        """One connection that calls the prompt: by turns with inputs of its own and with inputs of all."""
        connection = Connection(self._port)
        for number in takewhile(lambda _: not stop.is_set(), count()):
            company = f"Own {id(connection)} {number}" if number % 2 else "Shared"
            body = json.dumps({"inputs": {"company": company}, "run_id": "soak"}).encode()
            await self._ask(connection, "/v1/prompts/hook/complete", body, _completed)
            await asyncio.sleep(pause)
        connection.close()

    async def _ask(self, connection: Connection, path: str, body: bytes, read: Callable[[Any], dict[str, Any]]) -> None:
        asked, status, header = time.perf_counter(), 0, ""
        try:
            status, headers, content = await connection.post(path, body)
            told = time.perf_counter()
            header = headers.get(b"x-config-revision", b"").decode()
            facts = read(json.loads(content)) if status == 200 else {"failure": content[:300].decode(errors="replace")}
        except (OSError, EOFError, TimeoutError, ValueError, KeyError, asyncio.LimitOverrunError) as error:
            told, facts = time.perf_counter(), {"failure": repr(error)}
            connection.close()
        self._answers.append(Answer(self._instance, asked, told, status, header, **facts))


def _scored(document: Any, lead: int) -> dict[str, Any]:
    return {"revision": document["revision"], "lead": lead, "scored": compared(document)}


def _completed(document: Any) -> dict[str, Any]:
    said = _EDITION.search(document["text"])
    return {
        "revision": document["revision"],
        "said": int(said[1]) if said else None,
        "cached": document["cached"],
    }
