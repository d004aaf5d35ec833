"""The services of `bench_overhead.py`: each kind in a process of its own, until its stdin closes."""

from __future__ import annotations

import asyncio
import cProfile
import json
import logging
import os
import pstats
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import uvicorn  # noqa: E402
from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: E402
from starlette.types import ASGIApp, Scope  # noqa: E402

from mergecells.apps.logs import set_up_logs  # noqa: E402
from mergecells.apps.service import app as service_app  # noqa: E402
from mergecells.apps.service.http_frame import Answer  # noqa: E402
from mergecells.apps.service.middleware import RequestFrame  # noqa: E402
from mergecells.apps.service.process import http_config  # noqa: E402
from mergecells.apps.service.request_metrics import RequestMetrics  # noqa: E402
from mergecells.apps.service.settings import ServiceSettings  # noqa: E402
from mergecells.apps.service.wiring import Service, build_service  # noqa: E402
from mergecells.prompting.silence import NoLlmMetrics  # noqa: E402

WITH, WITHOUT, BY_HAND = "with", "without", "by hand"
KINDS: Final = (WITH, WITHOUT, BY_HAND)


class Unwatched(RequestFrame):
    """Tells nobody anything; what every answer must carry stays, its ids too."""

    def record(self, scope: Scope, answer: Answer, seconds: float) -> None:
        """Counts and logs nothing."""


class Uncounted(RequestMetrics):
    """Scores that nobody counts."""

    def count_scores(self, answers: Any) -> None:
        """Counts nothing."""


class PlainJson(logging.Formatter):
    """A line as many programs write it."""

    def format(self, record: logging.LogRecord) -> str:
        known = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        return json.dumps({**known, "message": record.getMessage(), **getattr(record, "facts", {})})


class ByHand(RequestFrame):
    """A counter, a histogram and a line, each as its library's own documentation shows it."""

    requests = Counter("by_hand_requests", "Requests.", ("method", "route", "status"), registry=CollectorRegistry())
    seconds = Histogram("by_hand_seconds", "Their seconds.", ("route",), registry=CollectorRegistry())
    lines = logging.getLogger("by_hand")

    def record(self, scope: Scope, answer: Answer, seconds: float) -> None:
        method, route = scope["method"], getattr(scope.get("route"), "path", "unmatched")
        self.requests.labels(method, route, str(answer.status)).inc()
        self.seconds.labels(route).observe(seconds)
        facts = {"route": route, "status": answer.status, "duration_ms": round(seconds * 1000, 3), **answer.facts}
        self.lines.info("%s %s", method, scope["path"], extra={"facts": facts})


def without_instruments(frame: type[RequestFrame]) -> None:
    """What is built from now on in this process has no instruments of ours, but those of `frame`."""
    from mergecells.adapters import prometheus_llm

    service_app.RequestFrame, service_app.RequestMetrics = frame, Uncounted  # type: ignore[misc]
    prometheus_llm.PrometheusLlmMetrics = lambda registry: NoLlmMetrics()  # type: ignore[assignment, misc, return-value]


def build(root: Path, state: Path) -> Service:
    settings = ServiceSettings(state_dir=str(state), llm_per_minute=10**9)
    service = build_service(root, settings)
    service.start("here")
    return service


@contextmanager
def served(app: ASGIApp, profile: cProfile.Profile | None = None) -> Iterator[int]:
    """The port of `app` behind the service's own HTTP protocol, in a thread."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen(64)
    server = uvicorn.Server(http_config(app, 60, timeout_keep_alive=60))

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


def serve(kind: str, folder: Path, number: str, otlp: str) -> None:
    """One service, until stdin closes. Prints its port."""
    os.environ["XDG_STATE_HOME"] = f"{folder}/xdg-{number}"
    (folder / "logs").mkdir(exist_ok=True)
    profile = cProfile.Profile() if "--profile" in sys.argv and kind == WITH else None
    with ExitStack() as stack:
        log = stack.enter_context((folder / "logs" / number).open("w"))
        set_up_logs(service="leads", stream=log)
        if kind == WITH:
            os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = otlp
        else:
            without_instruments(ByHand if kind == BY_HAND else Unwatched)
        if kind == BY_HAND:
            handler = logging.StreamHandler(log)
            handler.setFormatter(PlainJson())
            ByHand.lines.addHandler(handler)
            ByHand.lines.propagate = False
        service = build(folder / "watched" / "config", folder / f"state-{number}")
        stack.callback(service.close)
        print(stack.enter_context(served(service.app, profile)), flush=True)
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
    """Takes what services send by OTLP. Prints its address."""
    from standins.otlp import otlp_receiver

    with otlp_receiver() as made:
        print(made.base, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "receiver":
        receive()
    else:
        serve(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:5])
