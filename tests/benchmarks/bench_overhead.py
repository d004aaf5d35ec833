"""What metrics, logs and traces cost a request: services with all of it and services with none, by turns.

Each is the reference service's own application behind its own HTTP server on loopback, in a process of its own, so that
its processor time is all of it: what its threads do later too. They take turns of a few requests, in random order, so
that all meet the same machine. With: Prometheus metrics with exemplars, JSON log lines at `info` to a file, and
OpenTelemetry spans and metrics of LLM calls to a receiver. Without: nobody is told; revision and ids are in the headers
of all, as the contract demands.

There are two processes of each: how much two of one kind differ is what the measurement cannot see. The peer, for
scores, is a service without that is watched by hand, as a tutorial would: a counter and a histogram of
prometheus_client, one line of `logging` with a JSON formatter.

Run: python tests/benchmarks/bench_overhead.py [--profile]
"""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from bench_llm import make_config, upstream  # noqa: E402
from overhead_servers import BY_HAND, WITH, WITHOUT, child  # noqa: E402

SCORE_GOAL, CALL_GOAL = 5.0, 0.2
IDLE_S: Final = 2.0
SETTLE_S: Final = 0.3
"""Lines and spans of the last requests are written a little later."""
LEAD = {
    "years": 7,
    "employees": 240,
    "industry": "Logistics",
    "job_title": "CTO",
    "email": "a@example.com",
    "seats": 40,
}


class Client:
    """One kept connection to a process whose processor time is read from here."""

    def __init__(self, port: int, process_id: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._clock = (~process_id << 3) | 2  # CPUCLOCK_SCHED of a process: <linux/posix-timers.h>

    def processor(self) -> float:
        """Seconds that all threads of the server have worked."""
        return time.clock_gettime(self._clock)

    def connect_anew(self) -> None:
        """With the next request: a server closes what was idle for seconds."""
        self._connection.close()

    def turn(self, path: str, bodies: Sequence[bytes]) -> list[float]:
        """Seconds of each request."""
        times = []
        for body in bodies:
            begun = time.perf_counter()
            self._connection.request("POST", path, body)
            answer = self._connection.getresponse()
            content = answer.read()
            times.append(time.perf_counter() - begun)
            assert answer.status == 200, content
        return times


@dataclass
class Side:
    """One process and what was measured of it, in milliseconds for each request."""

    kind: str
    client: Client
    turns: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    processor: float = 0.0


def measure(sides: Sequence[Side], path: str, bodies: Callable[[int], list[bytes]], rounds: int) -> None:
    """All sides in random order, round by round. What a process without instruments does when nobody asks is taken
    off the processor time of all."""
    for side in sides:
        side.turns, side.times = [], []
        side.client.connect_anew()
        side.client.turn(path, bodies(0) * 20)
    time.sleep(SETTLE_S)
    before = [side.client.processor() for side in sides]
    time.sleep(IDLE_S)
    idle = statistics.mean(
        (side.client.processor() - was) / IDLE_S
        for side, was in zip(sides, before, strict=True)
        if side.kind == WITHOUT
    )
    before, begun = [side.client.processor() for side in sides], time.perf_counter()
    for number in range(rounds):
        for side in random.sample(sides, len(sides)):
            times = [1e3 * each for each in side.client.turn(path, bodies(number))]
            side.times += times
            side.turns.append(statistics.median(times))
    time.sleep(SETTLE_S)
    passed = time.perf_counter() - begun
    for side, was in zip(sides, before, strict=True):
        side.processor = 1e3 * (side.client.processor() - was - idle * passed) / len(side.times)


def compare(
    title: str, path: str, bodies: Callable[[int], list[bytes]], rounds: int, sides: list[Side], goal: str
) -> None:
    """Measure and print: each kind, its difference to without, and how far two processes of one kind lie apart."""
    measure(sides, path, bodies, rounds)
    print(f"{title} (goal: {goal}); load {os.getloadavg()[0]:.1f}")
    bare = [side for side in sides if side.kind == WITHOUT]
    for kind in dict.fromkeys(side.kind for side in sides):
        own = [side for side in sides if side.kind == kind]
        times = sorted(each for side in own for each in side.times)
        print(
            f"  {kind:12} wall p50 {statistics.median(times):7.3f} ms, fastest tenth {times[len(times) // 10]:7.3f} ms"
            f", processor {statistics.mean(side.processor for side in own):7.3f} ms"
        )
        if kind != WITHOUT:
            print(f"  {'':12} {apart(own, bare)}")
    print(f"  two processes {WITHOUT}, the one against the other: {apart(bare[:1], bare[1:])}", flush=True)


def apart(some: Sequence[Side], others: Sequence[Side]) -> str:
    """Wall: the median over the rounds of the difference of a round. Processor: of all that was done."""

    def rounds(sides: Sequence[Side]) -> list[float]:
        return [statistics.mean(each) for each in zip(*(side.turns for side in sides), strict=True)]

    ours, theirs = rounds(some), rounds(others)
    wall = statistics.median(a - b for a, b in zip(ours, theirs, strict=True))
    base = statistics.mean(side.processor for side in others)
    processor = statistics.mean(side.processor for side in some) - base
    return (
        f"wall {wall:+.3f} ms, {100 * wall / statistics.median(theirs):+.1f} %; "
        f"processor {processor:+.3f} ms, {100 * processor / base:+.1f} %"
    )


def main() -> None:
    for name in [name for name in os.environ if name.startswith(("MERGECELLS_", "OTEL_"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as place, upstream() as base, ExitStack() as stack:
        folder = Path(place)
        # Services watch the folder that holds the config: nothing else may be written there.
        make_config(folder / "watched" / "config", base)
        _, otlp = stack.enter_context(child("receiver"))
        sides = []
        for number, kind in enumerate((WITH, WITH, WITHOUT, WITHOUT, BY_HAND)):
            process, port = stack.enter_context(child(kind, str(folder), str(number), otlp, *sys.argv[1:]))
            sides.append(Side(kind, Client(int(port), process.pid)))
        leads = [json.dumps({**LEAD, "years": years}).encode() for years in range(12)]
        compare("one score", "/v1/score", lambda at: [leads[at % 12]] * 10, 200, sides, f"under {SCORE_GOAL:g} %")
        ours = [side for side in sides if side.kind != BY_HAND]
        asked = {"inputs": {"company": "Acme"}, "run_id": "r", "persona": "ada", "node": "line"}
        path, goal = "/v1/prompts/line/complete", f"under {CALL_GOAL} ms"
        fresh = json.dumps({**asked, "cache": False}).encode()
        compare("one LLM call, the provider asked", path, lambda _: [fresh] * 2, 100, ours, goal)
        cached = json.dumps(asked).encode()
        compare("one LLM call, from the cache", path, lambda _: [cached] * 5, 100, ours, goal)
        lines = sum(each.read_text().count("http.request") for each in (folder / "logs").iterdir())
        print(f"  {lines:,} log lines were written")


if __name__ == "__main__":
    main()
