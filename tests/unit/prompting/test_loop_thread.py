"""The client's loop: turned by whoever waits, and by the background where nobody does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from mergecells.domain.errors import UsageError
from mergecells.prompting.loop_thread import LoopThread

PATIENCE_S = 20


async def nothing() -> None: ...


async def thread_here() -> int:
    await asyncio.sleep(0)
    return threading.get_ident()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    made = LoopThread()
    yield made
    made.close(nothing())


def test_run_alone_is_turned_by_its_own_caller(loop: LoopThread) -> None:
    """Nobody is woken for a call that nothing else goes on beside, from whatever thread it comes."""
    with ThreadPoolExecutor(1) as other:
        ident, turned = other.submit(lambda: (threading.get_ident(), loop.run(thread_here()))).result(PATIENCE_S)
    assert ident == turned
    assert loop.run(thread_here()) == threading.get_ident()


def test_run_beside_another_call_is_served_by_who_turns(loop: LoopThread) -> None:
    """A call that comes while another one turns the loop runs beside it, and ends before it."""
    inside, told = threading.Event(), asyncio.Event()

    async def long() -> int:
        inside.set()
        await told.wait()
        return threading.get_ident()

    async def short() -> int:
        told.set()
        return threading.get_ident()

    with ThreadPoolExecutor(1) as other:
        first = other.submit(loop.run, long())
        assert inside.wait(PATIENCE_S)
        assert loop.run(short()) == first.result(PATIENCE_S) != threading.get_ident()


def test_what_a_call_leaves_is_finished_without_another_call(loop: LoopThread) -> None:
    """What a call began and did not wait for goes on after it, in the background."""
    done = threading.Event()
    kept: list[asyncio.Task[None]] = []

    async def later() -> None:
        await asyncio.sleep(0.01)
        done.set()

    async def call() -> str:
        kept.append(asyncio.ensure_future(later()))
        return "answer"

    assert loop.run(call()) == "answer"
    assert done.wait(PATIENCE_S)


def test_run_inside_a_running_loop_is_turned_in_the_background(loop: LoopThread) -> None:
    """A thread that runs a loop of its own cannot turn another one."""

    async def outer() -> tuple[int, int]:
        return loop.run(thread_here()), await loop.wait(thread_here())

    blocked, awaited = asyncio.run(outer())
    assert threading.get_ident() not in (blocked, awaited)


def test_run_inside_its_own_loop_is_refused(loop: LoopThread) -> None:
    """It would wait for itself."""

    async def inside() -> None:
        loop.run(thread_here())

    with pytest.raises(UsageError, match="wait for itself"):
        loop.run(inside())


def test_interrupted_caller_cancels_its_call(loop: LoopThread) -> None:
    """Ctrl-C while a call is waited for ends the wait at once; the call is cancelled and may settle."""
    cancelled = threading.Event()

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def call() -> None:
        asyncio.get_running_loop().call_soon(interrupt)
        try:
            await asyncio.sleep(PATIENCE_S)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            cancelled.set()
            raise

    with pytest.raises(KeyboardInterrupt):
        loop.run(call())
    assert cancelled.wait(PATIENCE_S)
    assert loop.run(thread_here()) > 0


def test_many_threads_and_loops_at_once_all_get_their_own_result(loop: LoopThread) -> None:
    """Whoever lets go of the loop hands over what the others wait for: nobody is forgotten."""

    async def echo(number: int) -> int:
        await asyncio.sleep(0)
        if number % 3 == 0:
            await asyncio.to_thread(int)
        return number

    def sync(start: int) -> list[int]:
        return [loop.run(echo(number)) for number in range(start, start + 60)]

    def awaited(start: int) -> list[int]:
        async def some() -> list[int]:
            return await asyncio.gather(*(loop.wait(echo(number)) for number in range(start, start + 60)))

        return asyncio.run(some())

    with ThreadPoolExecutor(8) as threads:
        jobs = {n: threads.submit((sync, awaited)[n % 3 == 0], n * 100) for n in range(8)}
        for n, job in jobs.items():
            assert job.result(PATIENCE_S) == list(range(n * 100, n * 100 + 60))


def test_close_ends_a_call_that_is_waited_for_and_carries_out_the_last(loop: LoopThread) -> None:
    """Closing from another thread cancels the call, and what is to be done at the end is done once."""
    inside, last = threading.Event(), []

    async def long() -> None:
        inside.set()
        await asyncio.sleep(PATIENCE_S)

    async def end() -> None:
        last.append(1)

    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(loop.run, long())
        assert inside.wait(PATIENCE_S)
        loop.close(end())
        loop.close(end())
        with pytest.raises(CancelledError):
            waiting.result(PATIENCE_S)
    assert last == [1]
    with pytest.raises(UsageError, match="closed"):
        loop.run(thread_here())


def test_close_first_in_the_queue_leaves_the_background_to_carry_it_out(loop: LoopThread) -> None:
    """Handed over as a caller stopped turning: it comes before the background's own first step, and may not end it."""
    done = threading.Event()

    async def end() -> None:
        done.set()

    loop._started().create_task(loop._finish(end()))
    loop.submit(nothing())
    assert done.wait(PATIENCE_S)
