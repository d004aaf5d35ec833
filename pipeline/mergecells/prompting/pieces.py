"""What a streamed call gives to its caller: an iterator of texts, with the result at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import LlmResult
from mergecells.prompting.loop_thread import LoopThread
from mergecells.transforms.routes import Detected

WAITING_PIECES = 256
"""A reader that is slower than the model lets so many wait; then the provider waits too."""

Emit = Callable[[str], Awaitable[None]]


class StreamedCall:
    """A call that gives its pieces to `emit`. `route` is what it is about, once that is known."""

    def __init__(
        self, run: Callable[[StreamedCall, Emit], Awaitable[LlmResult]], route: Detected | None = None
    ) -> None:
        self.run, self.route = run, route


class _Channel:
    """From the call's task to its reader, on the client's loop."""

    def __init__(self, call: StreamedCall) -> None:
        self._pieces: list[str] = []
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._task = asyncio.ensure_future(self._run(call))
        self._task.add_done_callback(lambda _: self._changed.set())

    async def _run(self, call: StreamedCall) -> LlmResult:
        return await call.run(call, self._put)

    async def _put(self, text: str) -> None:
        while len(self._pieces) >= WAITING_PIECES:
            self._taken.clear()
            await self._taken.wait()
        self._pieces.append(text)
        self._changed.set()

    async def take(self) -> tuple[list[str], LlmResult | None]:
        """All pieces that are there, after waiting for one; the result once there are no more. Raises what the call
        raised, after its last piece."""
        while not self._pieces and not self._task.done():
            self._changed.clear()
            await self._changed.wait()
        pieces, self._pieces = self._pieces, []
        self._taken.set()
        return (pieces, None) if pieces else ([], self._task.result())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


class _Stream:
    def __init__(self, loop: LoopThread, call: StreamedCall) -> None:
        self._ended = True  # Until there is something to end.
        self._loop, self._call = loop, call
        self._waiting: list[str] = []
        self._result: LlmResult | None = None
        self._channel: _Channel | None = None
        self._ended = False

    @property
    def result(self) -> LlmResult:
        """The call's result, once every piece was read. Raises UsageError before."""
        if self._result is None:
            raise UsageError("A stream has its result at its end.", "Read it to the end first.")
        return self._result

    @property
    def route(self) -> Detected | None:
        """What the call is about, and why; None until that is known, which is before the first piece."""
        return self._call.route

    async def _take(self) -> tuple[list[str], LlmResult | None]:
        """The call starts with the first look at it."""
        if self._channel is None:
            self._channel = _Channel(self._call)
        return await self._channel.take()

    async def _stop(self) -> None:
        if self._channel is not None:
            await self._channel.stop()

    def _took(self, pieces: list[str], result: LlmResult | None) -> None:
        self._waiting = pieces[::-1]
        if result is not None:
            self._result, self._ended = result, True

    def __del__(self) -> None:
        if not getattr(self, "_ended", True) and self._channel is not None:
            self._loop.start_soon(self._channel.stop)


class LlmStream(_Stream):
    """`for piece in llm.stream(…)`, then `.result`. Closing it, or leaving its `with` block, stops the call."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._waiting and not self._ended:
            try:
                self._took(*self._loop.run(self._take()))
            except BaseException:
                self.close()
                raise
        if self._waiting:
            return self._waiting.pop()
        raise StopIteration

    def close(self) -> None:
        """Stop a stream that is not read to its end; what it cost so far is settled."""
        if not self._ended:
            self._ended = True
            self._loop.run(self._stop())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncLlmStream(_Stream):
    """`async for piece in llm.astream(…)`, then `.result`. Leaving its `async with` block stops the call."""

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if not self._waiting and not self._ended:
            try:
                self._took(*await self._loop.wait(self._take()))
            except BaseException:
                await self.aclose()
                raise
        if self._waiting:
            return self._waiting.pop()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """As `LlmStream.close`."""
        if not self._ended:
            self._ended = True
            await self._loop.wait(self._stop())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()
