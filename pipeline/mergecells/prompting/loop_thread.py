"""One event loop for calls from any thread and any loop, so that connections and flights are shared.

Whoever waits for a call turns the loop meanwhile, if nobody does: waking another thread and being woken by it takes as
long as all else that a call costs here. A thread in the background turns it for calls that nobody can turn it for
(from another event loop, or beside a call that turns it already), and until what they left is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from mergecells.domain.errors import UsageError

T = TypeVar("T")
_CLOSE_SECONDS = 5.0

LINGER_SECONDS = 0.5
"""So long the background goes on without work: a program that calls from an event loop calls again."""


class LoopThread:
    """Starts with the first call."""

    def __init__(self) -> None:
        # A stream's destructor may hand work over at any moment, also of a thread that has this lock.
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._closed = self._ended = False
        self._turning = False
        """Whether a thread turns the loop."""
        self._coming = 0
        """Work that was handed over and has not become a task yet."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._wanted = threading.Lock()
        """Released when the background is wanted: an Event could not be set from a destructor."""
        self._wanted.acquire()
        self._linger = False
        self._more: asyncio.Event | None = None
        self._keeper: asyncio.Task[Any] | None = None
        """The background's own task."""

    def check(self) -> None:
        """Raises UsageError after `close`, and in a process that was forked since this one was made."""
        if self._closed:
            raise UsageError("This client is closed.", "Open another one with mergecells.open_llm().")
        if self._pid != os.getpid():
            raise UsageError("This client was opened before a fork.", "Open it after the fork, in each process.")

    def submit(self, work: Coroutine[Any, Any, T], *, linger: bool = False) -> Future[T]:
        """Start `work`; cancelling the future cancels it. `linger`: more is likely to come this way. Raises UsageError
        after `close`."""
        future: Future[T] = Future()
        try:
            self.check()
            self._hand_over(lambda: _chain(self._started().create_task(work), future), linger=linger)
        except BaseException:
            work.close()
            raise
        return future

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the result of `work`, which is cancelled when the wait is interrupted."""
        outer = asyncio._get_running_loop()
        if outer is not None and outer is self._loop:
            work.close()
            raise UsageError("A call from inside the client's own loop would wait for itself.", "Use acall there.")
        try:
            self.check()
            mine = outer is None and self._take()
        except BaseException:
            work.close()
            raise
        return self._turn_for(work) if mine else self._wait_for(work)

    async def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """As `run`, from a coroutine of any loop."""
        return await asyncio.wrap_future(self.submit(work, linger=True))

    def start_soon(self, make: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Start work without waiting, from anywhere, also from a destructor; nothing once the loop has ended."""
        loop = self._loop
        if loop is not None and not self._closed and not loop.is_closed():
            self._hand_over(lambda: _hold(loop.create_task(make())))

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what is under way, carry out `last`, and end the thread."""
        with self._lock:
            closed, self._closed = self._closed, True
            loop = self._loop
        if closed or loop is None or self._pid != os.getpid():
            last.close()
            return
        done: Future[None] = Future()
        self._hand_over(lambda: _chain(loop.create_task(self._finish(last)), done))
        with contextlib.suppress(TimeoutError):
            done.result(_CLOSE_SECONDS)
        self._ended = True
        self._hand_over(lambda: None)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _turn_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Turn the loop in this thread until `work` is done."""
        loop = self._started()
        task: asyncio.Task[T] = loop.create_task(work)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise CancelledError from None
        except BaseException:
            task.cancel()  # Interrupted; the background sees it to its end.
            raise
        finally:
            self._leave()

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        future = self.submit(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _hand_over(self, start: Callable[[], object], *, linger: bool = False) -> None:
        """Let whoever turns the loop call `start`; the background begins to, if nobody does."""
        loop = self._started()

        def begin() -> None:
            with self._lock:
                self._coming -= 1
            if self._more is not None:
                self._more.set()
            start()

        with self._lock:
            loop.call_soon_threadsafe(begin)
            self._coming += 1
            self._linger = self._linger or linger
            if not self._turning:
                self._want_background()

    def _take(self) -> bool:
        """Whether this thread may turn the loop now; `_leave` follows."""
        self._started()
        with self._lock:
            mine = not self._turning
            self._turning = True
        return mine

    def _leave(self) -> None:
        """Let go of the loop; what is left in it is the background's."""
        with self._lock:
            self._turning = False
            if self._tasks or self._coming:
                self._want_background()

    def _want_background(self) -> None:
        """Under the lock."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._background, name="mergecells-llm", daemon=True)
            self._thread.start()
        with contextlib.suppress(RuntimeError):  # It knows already.
            self._wanted.release()

    def _background(self) -> None:
        loop = self._loop
        assert loop is not None
        while not self._ended:
            self._wanted.acquire()
            if not self._take():
                continue  # Who turns it now wants us back if there is anything left.
            try:
                # Known before its first step: `_finish` may be the first in the queue, and cancels all others.
                self._keeper = loop.create_task(self._until_idle())
                loop.run_until_complete(self._keeper)
            finally:
                self._leave()
        if self._take():
            loop.run_until_complete(asyncio.sleep(0))  # Connections that were closed are let go.
            loop.close()

    async def _until_idle(self) -> None:
        self._more = asyncio.Event()
        while True:
            others = self._tasks - {self._keeper}
            if others:
                await asyncio.wait(others)
                continue
            with self._lock:
                linger, self._linger = self._linger and not self._ended, False
            if not linger:
                break
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LINGER_SECONDS):
                    await self._more.wait()
        self._more = self._keeper = None

    async def _finish(self, last: Coroutine[Any, Any, None]) -> None:
        if _held:
            await asyncio.wait(_held, timeout=1)
        others = self._tasks - {asyncio.current_task(), self._keeper}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=2)
        await last

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            with self._lock:
                if self._loop is None:
                    loop = asyncio.new_event_loop()
                    loop.set_task_factory(self._make_task)
                    self._loop = loop
        return self._loop

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T] | Generator[Any, None, T], **more: Any
    ) -> asyncio.Task[T]:
        task: asyncio.Task[T] = asyncio.Task(work, loop=loop, **more)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _chain(task: asyncio.Task[T], future: Future[T]) -> None:
    """What becomes of the task becomes of the future; who cancels the future cancels the task."""
    asyncio.futures._chain_future(task, future)  # type: ignore[attr-defined]


_held: set[asyncio.Task[object]] = set()


def _hold(task: asyncio.Task[object]) -> None:
    _held.add(task)
    task.add_done_callback(_held.discard)
