"""Encoded spans on their way to one backend: a queue that drops what the backend does not take, and a thread."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import deque
from typing import Any, Final

from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.span_counts import SpanCounts
from mergecells.transforms.otlp_spans import encode_request

logger = logging.getLogger("mergecells.telemetry")

EXPORT_SECONDS: Final = 5.0
"""So long one batch is tried, its repetitions included."""

FIRST_PAUSE: Final = 1.0
"""Before a batch is sent again, where the backend does not say; then twice as long each time."""

_AGAIN: Final = frozenset({429, 502, 503, 504})
"""What the protocol calls passing: https://opentelemetry.io/docs/specs/otlp/#failures-1."""

_TELL_EVERY: Final = 60.0
_OUTBOXES: weakref.WeakSet[Outbox] = weakref.WeakSet()


class Outbox:
    """`origin`: resource and scope of `encode_origin`. `room`: spans that may wait. The thread starts with the first
    span; after a fork the child has its own."""

    def __init__(self, backend: Backend, origin: tuple[bytes, bytes], counts: SpanCounts, room: int) -> None:
        self._backend, self._origin, self._counts, self._room = backend, origin, counts, room
        self._pause = _setting("OTEL_BSP_SCHEDULE_DELAY", 5_000) / 1_000
        self._most = _setting("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)
        self._told = float("-inf")
        counts.watch(backend.name)
        self.begin()
        _OUTBOXES.add(self)

    def begin(self) -> None:
        """With nothing in it."""
        self._queue: deque[bytes] = deque()
        self._lock, self._wake, self._closing = threading.Lock(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, span: bytes) -> None:
        """Does not wait; a span without room is lost, and counted."""
        if self._closing.is_set() or not self._counts.enter(self._backend.name, self._room):
            return
        self._queue.append(span)
        if self._thread is None:
            self._start()
        if len(self._queue) >= self._most:
            self._wake.set()

    def end(self) -> None:
        """Take no more, and send what waits; `join` waits for that."""
        self._closing.set()
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Whether all is done within so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mergecells-otlp", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        poster = Poster(self._backend)
        while not self._closing.is_set():
            self._wake.wait(self._pause)
            self._wake.clear()
            self._send(poster)
        self._send(poster)
        poster.close()

    def _send(self, poster: Poster) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
            try:
                problem = poster.post(encode_request(self._origin, batch), self._closing)
            except Exception as error:  # noqa: BLE001 - a certificate that is not there, for one; the thread goes on
                problem = f"{type(error).__name__}: {error}"
            self._counts.leave(self._backend.name, len(batch), sent=not problem)
            if problem:
                self._tell(problem, len(batch))

    def _tell(self, problem: str, lost: int) -> None:
        """Once a minute: a dead backend must not fill the log."""
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY:
            self._told = now
            name = self._backend.name
            logger.warning(
                "telemetry: %s took no spans: %s (%d spans lost)", name, problem, lost, extra={"event": "otlp.lost"}
            )


class Poster:
    """Requests to one backend over kept connections."""

    def __init__(self, backend: Backend) -> None:
        import requests
        from opentelemetry.context import attach, set_value

        # A program that has its HTTP clients traced must not have spans of sending spans.
        attach(set_value("suppress_instrumentation", True))
        self._failures = requests.RequestException
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "mergecells", **backend.headers})
        self._session.headers["Content-Type"] = "application/x-protobuf"
        self._address, self._keys, self._place = backend.traces, backend.keys, backend.place
        self._packed = _variable("COMPRESSION") == "gzip"
        if self._packed:
            self._session.headers["Content-Encoding"] = "gzip"
        # Said with each request: what a session says yields to REQUESTS_CA_BUNDLE.
        self._authority = _variable("CERTIFICATE") or None
        if own := _variable("CLIENT_CERTIFICATE"):
            self._session.cert = (own, key) if (key := _variable("CLIENT_KEY")) else own

    def post(self, body: bytes, closing: threading.Event) -> str:
        """What went wrong in the end; empty when the backend took it. No second try while `closing`."""
        if self._packed:
            import gzip

            body = gzip.compress(body, 1)
        end, pause = time.monotonic() + EXPORT_SECONDS, FIRST_PAUSE
        while True:
            left = max(0.1, end - time.monotonic())
            problem, wait = self._once(body, left)
            if not problem or wait is None:
                return problem
            pause, wait = pause * 2, wait or pause
            if time.monotonic() + wait > end or closing.wait(wait):
                return problem

    def close(self) -> None:
        self._session.close()

    def _once(self, body: bytes, seconds: float) -> tuple[str, float | None]:
        """(problem, seconds to wait before another try: 0 when nobody said, None when none is worth it)."""
        try:
            answer = self._session.post(
                self._address, body, timeout=seconds, allow_redirects=False, verify=self._authority
            )
        except self._failures as error:
            return type(error).__name__, 0.0
        if answer.status_code < 300:
            return "", None
        told: Any = answer.headers.get("Retry-After", "")
        pause = float(told) if told.isdecimal() else 0.0
        asked = {401: self._keys, 403: self._keys, 404: self._place}.get(answer.status_code)
        hint = f", check {asked}" if asked else ""
        return f"HTTP status {answer.status_code}{hint}", pause if answer.status_code in _AGAIN else None


def _variable(name: str) -> str:
    """As OpenTelemetry names it, for traces first."""
    return (
        os.environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}", "")
    ).strip()


def _setting(name: str, otherwise: int) -> int:
    """A whole number above 0 of the environment."""
    text = os.environ.get(name, "").strip()
    return int(text) if text.isdecimal() and int(text) else otherwise


def _after_fork() -> None:
    # The parent has the queue and the thread; locks may be held by threads that are not here.
    for outbox in list(_OUTBOXES):
        outbox.begin()


os.register_at_fork(after_in_child=_after_fork)
