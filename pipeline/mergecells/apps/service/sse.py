"""Server-sent events (HTML standard, section 9.2): named events with JSON data; comments keep a silent line open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Proxies would otherwise keep the events until the answer is whole."""

QUIET_SECONDS = 15.0


def event(name: str, data: Any) -> bytes:
    """One event. JSON has no raw line ends, so its data is one line."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=True)}\n\n".encode()


async def kept_open(events: AsyncGenerator[bytes, None], quiet: float = QUIET_SECONDS) -> AsyncIterator[bytes]:
    """The events, and a comment after each `quiet` seconds without one, so that nobody takes the line for dead.

    The source is asked for the next event only when this one was taken: a slow reader slows it down. It is closed when
    the reader goes away.
    """
    async with aclosing(events):
        waiting = asyncio.ensure_future(anext(events))
        try:
            while True:
                done, _ = await asyncio.wait({waiting}, timeout=quiet)
                if not done:
                    yield b": still here\n\n"
                    continue
                try:
                    piece = waiting.result()
                except StopAsyncIteration:
                    return
                yield piece
                waiting = asyncio.ensure_future(anext(events))
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
