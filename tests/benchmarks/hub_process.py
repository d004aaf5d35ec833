"""The hub of `bench_hub.py`, in a process of its own, until its stdin closes.

    python hub_process.py ROOT [--profile] [--stalls]      settings from the environment, as `mergecells hub`

Writes JSON lines: its address; of each submission how long it took and how long of that it waited for Google and
GitHub; how long what a line on stdin asks for took: `submit` (a first turn at the engines) or `preview`. With
`--stalls`, where the submission's thread was when no other had got the interpreter for a tenth of a second.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvicorn

from mergecells.adapters import github_api, google_http
from mergecells.apps.hub import queue
from mergecells.apps.hub.desks import Desk
from mergecells.apps.hub.previews import preview
from mergecells.apps.hub.settings import read_settings
from mergecells.apps.hub.wiring import build_hub
from mergecells.apps.service.process import address_of, bind

_STALL_S, _STEP_S = 0.1, 0.005
_SHOWN: Final = 6


class Waits(threading.local):
    """What the running thread waited for others."""

    seconds = 0.0


waits = Waits()
carrying: list[int] = []
"""Threads that carry out a submission."""


def counted(inner: Any) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            waits.seconds += time.perf_counter() - started

    return call


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def watch() -> None:
    """Measure each submission."""
    google_http._Calling.attempt = counted(google_http._Calling.attempt)  # type: ignore[method-assign]
    github_api.GitHubApi._once = counted(github_api.GitHubApi._once)  # type: ignore[method-assign]
    inner = queue.carry_out

    def carry_out(desk: Any, row: Any, *others: Any) -> Any:
        started, waits.seconds = time.perf_counter(), 0.0
        profile = cProfile.Profile() if "--profile" in sys.argv else None
        carrying.append(threading.get_ident())
        ended = profile.runcall(inner, desk, row, *others) if profile else inner(desk, row, *others)
        carrying.remove(threading.get_ident())
        tell(id=row.id, whole=time.perf_counter() - started, waited=waits.seconds)
        if profile:
            pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
        return ended

    queue.carry_out = carry_out


def look_for_stalls() -> None:
    """A thread that wants the interpreter every few milliseconds, and says who had it when it came too late. Where the
    process itself had no processor meanwhile, nobody here is to blame."""
    while True:
        begun, spent = time.perf_counter(), time.process_time()
        time.sleep(_STEP_S)
        late, spent = time.perf_counter() - begun - _STEP_S, time.process_time() - spent
        if late > _STALL_S and spent > late / 2:
            for thread in carrying:
                frames = traceback.extract_stack(sys._current_frames()[thread])[-_SHOWN:]
                where = " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(frames))
                print(
                    f"    {late * 1e3:.0f} ms late, {spent * 1e3:.0f} ms of work; {where}", file=sys.stderr, flush=True
                )


def own_seconds(work: Callable[[], object]) -> float:
    started, waits.seconds = time.perf_counter(), 0.0
    work()
    return time.perf_counter() - started - waits.seconds


def first_turn(desk: Desk) -> None:
    """A hub that has just been started lets the engines answer for the branch; that is no click's time."""
    with desk.line("submit"):
        pass


def main() -> None:
    watch()
    built = build_hub([Path(sys.argv[1])], read_settings())
    bound = bind("127.0.0.1", 0)
    config = uvicorn.Config(built.app, log_config=None, access_log=False, lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    built.hub.start()
    thread.start()
    if "--stalls" in sys.argv:
        threading.Thread(target=look_for_stalls, daemon=True).start()
    (desk,) = built.hub.desks
    while not (server.started and built.hub.releases.current(desk)):
        time.sleep(0.05)
    tell(url=address_of(bound))
    for line in sys.stdin:
        work = {"submit": lambda: first_turn(desk), "preview": lambda: preview(desk)}[line.strip()]
        tell(asked=line.strip(), seconds=own_seconds(work))
    server.should_exit = True
    thread.join(60)
    built.hub.stop()
    bound.close()


if __name__ == "__main__":
    main()
