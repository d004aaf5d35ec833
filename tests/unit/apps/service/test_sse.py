"""Server-sent events: their form, the comments that keep a line open, back-pressure, and readers that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from mergecells.apps.service.sse import event, kept_open


def test_an_event_is_two_lines_whatever_its_data() -> None:
    """A line end in a text must not end the event, nor a lone surrogate break its encoding."""
    made = event("token", {"text": "a\n\ndata: b\r\ud800é"})
    assert made == b'event: token\ndata: {"text": "a\\n\\ndata: b\\r\\ud800\\u00e9"}\n\n'


def test_a_silent_line_is_kept_open_and_ends_with_its_source() -> None:
    """Comments while nothing comes, then the event itself."""

    async def slow() -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(0.05)
        yield b"event"

    async def run() -> list[bytes]:
        return [piece async for piece in kept_open(slow(), quiet=0.01)]

    pieces = asyncio.run(run())
    assert pieces[0] == b": still here\n\n"
    assert pieces[-1] == b"event"
    assert set(pieces) == {b": still here\n\n", b"event"}


def test_a_reader_that_leaves_closes_the_source() -> None:
    """What a model still says to nobody must end."""
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0)
        finally:
            closed.set()

    async def run() -> None:
        reader = kept_open(endless())
        assert await anext(reader) == b"x"
        await reader.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(closed.wait(), 5)

    asyncio.run(run())


def test_the_source_is_not_asked_beyond_one_event_ahead() -> None:
    """A slow reader holds it back."""
    made = 0

    async def counting() -> AsyncGenerator[bytes, None]:
        nonlocal made
        for _ in range(100):
            made += 1
            yield b"x"

    async def run() -> None:
        reader = kept_open(counting())
        await anext(reader)
        for _ in range(20):
            await asyncio.sleep(0)
        assert made <= 2
        await reader.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())
