"""The last steps of a change: the service serves it, and scores its first lead with it."""

from __future__ import annotations

import time

from mergecells.ports import LoopTracer
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Rejection


class LoopSpans:
    """`serves` is told of every swap, `scored` of every score: it is one comparison unless it is the first."""

    def __init__(self, tracer: LoopTracer, instance: str = "") -> None:
        """`instance` tells this service from others of its kind."""
        self._tracer, self._who = tracer, {"mergecells.instance": instance}
        self._awaited: str | None = None

    def serves(self, snapshot: Snapshot) -> None:
        """`snapshot` serves from now on."""
        now = time.time()
        self._tracer.span("live", snapshot.traceparent, now, now, self._facts(snapshot))
        self._awaited = snapshot.revision

    def refuses(self, rejection: Rejection) -> None:
        """A newer revision cannot serve: its trace shows this service as one that lags, and why."""
        now = time.time()
        facts = {"mergecells.revision": rejection.revision or "", **self._who}
        self._tracer.span("live", rejection.traceparent, now, now, facts, failed=rejection.reason)

    def scored(self, snapshot: Snapshot, seconds: float) -> None:
        """A request was scored with `snapshot`, in so many seconds."""
        if self._awaited is not None and self._awaited == snapshot.revision:
            self._awaited = None
            now = time.time()
            self._tracer.span("first score", snapshot.traceparent, now - seconds, now, self._facts(snapshot))

    def _facts(self, snapshot: Snapshot) -> dict[str, str]:
        return {"mergecells.revision": snapshot.revision, **self._who}
