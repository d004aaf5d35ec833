"""What metrics, logs and traces cost a request: two services in one process, one with all of it, one with none.

Both are the reference service's own application behind its own HTTP server on loopback, and take turns, block by block,
so that both meet the same machine. With: Prometheus metrics with exemplars, JSON log lines at `info` to a file, and
OpenTelemetry spans and metrics of LLM calls to a receiver. Without: nobody is told; revision and ids are in the headers
of both, as the contract demands. Processor time is that of all threads of the servers' process; the client is another.

Run: python tests/benchmarks/bench_overhead.py [--profile]
"""

from __future__ import annotations

import asyncio
import cProfile
import http.client
import json
import os
import pstats
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import uvicorn  # noqa: E402
from bench_llm import make_config, upstream  # noqa: E402
from starlette.types import ASGIApp, Scope  # noqa: E402

from mergecells.apps.logs import set_up_logs  # noqa: E402
from mergecells.apps.service import app as service_app  # noqa: E402
from mergecells.apps.service.http_frame import Answer  # noqa: E402
from mergecells.apps.service.middleware import RequestFrame  # noqa: E402
from mergecells.apps.service.patient_protocol import PatientProtocol  # noqa: E402
from mergecells.apps.service.request_metrics import RequestMetrics  # noqa: E402
from mergecells.apps.service.settings import ServiceSettings  # noqa: E402
from mergecells.apps.service.wiring import Service, build_service  # noqa: E402
from mergecells.prompting.silence import NoLlmMetrics  # noqa: E402

BLOCK, ROUNDS = 50, 40
SCORE_GOAL, CALL_GOAL = 5.0, 0.2
LEAD = {
    "years": 7,
    "employees": 240,
    "industry": "Logistics",
    "job_title": "CTO",
    "email": "a@example.com",
    "seats": 40,
}


class Unwatched(RequestFrame):
    """Tells nobody anything; what every answer must carry stays, its ids too."""

    def record(self, scope: Scope, answer: Answer, seconds: float) -> None:
        """Counts and logs nothing."""


class Uncounted(RequestMetrics):
    """Scores that nobody counts."""

    def count_scores(self, answers: Any) -> None:
        """Counts nothing."""


@contextmanager
def unwatched() -> Iterator[None]:
    """Inside, what is built has no instruments."""
    from mergecells.adapters import prometheus_llm

    real = service_app.RequestFrame, service_app.RequestMetrics, prometheus_llm.PrometheusLlmMetrics
    service_app.RequestFrame, service_app.RequestMetrics = Unwatched, Uncounted  # type: ignore[misc]
    prometheus_llm.PrometheusLlmMetrics = lambda registry: NoLlmMetrics()  # type: ignore[assignment, misc, return-value]
    try:
        yield
    finally:
        service_app.RequestFrame, service_app.RequestMetrics, prometheus_llm.PrometheusLlmMetrics = real  # type: ignore[misc]


@contextmanager
def served(app: ASGIApp, profile: cProfile.Profile | None = None) -> Iterator[int]:
    """The port of `app` behind the service's own HTTP protocol, in a thread."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        http=partial(PatientProtocol, 60),  # type: ignore[arg-type]
    )
    server = uvicorn.Server(config)

    def work() -> None:
        asyncio.run(server.serve([bound]))

    thread = threading.Thread(target=(lambda: profile.runcall(work)) if profile else work)
    thread.start()
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


class Client:
    """One kept connection to a process whose processor time is read from here."""

    def __init__(self, port: int, process_id: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._clock = (~process_id << 3) | 2  # CPUCLOCK_SCHED of a process: <linux/posix-timers.h>

    def block(self, path: str, bodies: Sequence[bytes]) -> tuple[list[float], float]:
        """(seconds of each request, processor seconds of the servers)."""
        times = []
        before = time.clock_gettime(self._clock)
        for body in bodies:
            begun = time.perf_counter()
            self._connection.request("POST", path, body)
            answer = self._connection.getresponse()
            content = answer.read()
            times.append(time.perf_counter() - begun)
            assert answer.status == 200, content
        return times, time.clock_gettime(self._clock) - before


def compare(title: str, path: str, bodies: Sequence[bytes], servers: Servers, goal: str) -> None:
    """Print both sides: the medians over the blocks, and the median difference of a block and its neighbour."""
    clients = [Client(port, servers.process_id) for port in (servers.whole, servers.bare)]
    for client in clients:
        client.block(path, bodies * 4)
    spent: list[list[float]] = [[], []]
    medians: list[list[float]] = [[], []]
    for turn in range(ROUNDS):
        for side in (0, 1) if turn % 2 else (1, 0):
            times, processor = clients[side].block(path, bodies)
            medians[side].append(statistics.median(times))
            spent[side].append(processor / len(bodies))
    print(f"{title} (goal: {goal})")
    for name, blocks in (("processor", spent), ("wall, p50", medians)):
        with_, without = (statistics.median(each) * 1e3 for each in blocks)
        difference = statistics.median(a - b for a, b in zip(*blocks, strict=True)) * 1e3
        print(
            f"  {name:10} {with_:7.3f} ms with, {without:7.3f} ms without: {difference:+.3f} ms, "
            f"{100 * difference / without:+.1f} %",
            flush=True,
        )


def build(root: Path, state: Path) -> Service:
    settings = ServiceSettings(state_dir=str(state), llm_per_minute=10**9)
    service = build_service(root, settings)
    service.start("here")
    return service


class Servers(NamedTuple):
    """Two ports of one process: with instruments, and without."""

    process_id: int
    whole: int
    bare: int


def serve_both(folder: Path, otlp: str) -> None:
    """Both servers, until stdin closes. Prints their ports."""
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    with ExitStack() as stack:
        root = folder / "config"
        set_up_logs(service="leads", stream=stack.enter_context((folder / "log").open("w")))
        with unwatched():
            bare = build(root, folder / "bare")
            stack.callback(bare.close)
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp
        whole = build(root, folder / "whole")
        stack.callback(whole.close)
        print(stack.enter_context(served(whole.app, profile)), stack.enter_context(served(bare.app)), flush=True)
        sys.stdin.read()
    if profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(60)


@contextmanager
def child(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """This program in another part, and its first line; it ends when its stdin closes."""
    command = [sys.executable, __file__, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(60)


def receive() -> None:
    from standins.otlp import otlp_receiver

    with otlp_receiver() as made:
        print(made.base, flush=True)
        sys.stdin.read()


def main() -> None:
    for name in [name for name in os.environ if name.startswith(("MERGECELLS_", "OTEL_"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as place, upstream() as base, child("--receiver") as (_, otlp):
        folder = Path(place)
        make_config(folder / "config", base)
        os.environ["XDG_STATE_HOME"] = f"{folder}/xdg"
        with child("--servers", str(folder), otlp, *sys.argv[1:]) as (process, ports):
            servers = Servers(process.pid, *map(int, ports.split()))
            leads = [json.dumps({**LEAD, "years": number % 12}).encode() for number in range(BLOCK)]
            compare("one score", "/v1/score", leads, servers, f"under {SCORE_GOAL:g} %")
            asked = {"inputs": {"company": "Acme"}, "run_id": "r", "persona": "ada", "node": "line"}
            calls = [json.dumps({**asked, "cache": False}).encode()] * (BLOCK // 5)
            goal = f"under {CALL_GOAL} ms"
            compare("one LLM call, the provider asked", "/v1/prompts/line/complete", calls, servers, goal)
            cached = [json.dumps(asked).encode()] * (BLOCK // 5)
            compare("one LLM call, from the cache", "/v1/prompts/line/complete", cached, servers, goal)
            print(f"  {(folder / 'log').read_text().count('http.request'):,} log lines were written")


if __name__ == "__main__":
    if "--servers" in sys.argv:
        serve_both(Path(sys.argv[2]), sys.argv[3])
    elif "--receiver" in sys.argv:
        receive()
    else:
        main()
