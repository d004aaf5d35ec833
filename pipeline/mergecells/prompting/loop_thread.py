"""One event loop on a thread of its own: calls come from any thread and any loop, connections are kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from mergecells.domain.errors import UsageError

T = TypeVar("T")
_CLOSE_SECONDS = 5.0


class LoopThread:
    """Starts with the first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._closed = False

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start `work`; cancelling the future cancels it. Raises UsageError after `close`."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._running())
        except BaseException:
            work.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the result of `work`, which is cancelled when the wait is interrupted."""
        if threading.current_thread() is self._thread:
            work.close()
            raise UsageError("A call from inside the client's own loop would wait for itself.", "Use acall there.")
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """As `run`, from a coroutine of any loop."""
        return await asyncio.wrap_future(self.submit(work))

    def start_soon(self, make: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Start work without waiting, from anywhere, also from a destructor; nothing once the loop has ended."""
        loop = self._loop
        if loop is not None and not self._closed and not loop.is_closed():
            loop.call_soon_threadsafe(lambda: _hold(loop.create_task(make())))

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what is under way, carry out `last`, and end the thread."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None or self._pid != os.getpid():
            last.close()
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_finish(last), loop).result(_CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CLOSE_SECONDS)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is not None and not self._closed and self._pid == os.getpid():
            return self._loop
        with self._lock:
            if self._closed:
                raise UsageError("This client is closed.", "Open another one with mergecells.open_llm().")
            if self._pid != os.getpid():
                raise UsageError("This client was opened before a fork.", "Open it after the fork, in each process.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._turn, name="mergecells-llm", daemon=True)
                self._thread.start()
            return self._loop

    def _turn(self) -> None:
        loop = self._loop
        assert loop is not None
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()


async def _finish(last: Coroutine[Any, Any, None]) -> None:
    if _held:
        await asyncio.wait(_held, timeout=1)
    current = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not current]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=2)
    await last


_held: set[asyncio.Task[object]] = set()


def _hold(task: asyncio.Task[object]) -> None:
    _held.add(task)
    task.add_done_callback(_held.discard)
