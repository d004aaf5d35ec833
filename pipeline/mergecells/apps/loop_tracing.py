"""Who traces the steps of a change in this process: one tracer for each program, made when it is first asked for."""

from __future__ import annotations

import atexit
import os
import time
from functools import cache
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mergecells.adapters.otlp_backends import read_backends
from mergecells.domain.loop_trace import new_traceparent
from mergecells.ports import LoopTracer
from mergecells.serving.silence import NoLoopTracer

if TYPE_CHECKING:  # Services trace too, and submit nothing.
    from mergecells.authoring.propose import Submission


@cache
def loop_tracer(service: str) -> LoopTracer:
    """Spans of `service` to every backend of the environment; to nobody where none is set, or OpenTelemetry is not
    installed. Closed at the end of the process, which waits a second for it at most."""
    backends = read_backends(os.environ)
    if not backends or find_spec("opentelemetry") is None:
        return NoLoopTracer()
    from mergecells.adapters.otlp_loop import OtlpLoop

    tracer = OtlpLoop(backends, service)
    atexit.register(tracer.close)
    return tracer


class SubmissionTrace:
    """The first steps of a trace; its block is the submission.

    Its context goes into the commit whether or not this program sends spans: the follower and the services may.
    """

    def __init__(self, service: str, workbook: str) -> None:
        self.traceparent = new_traceparent()
        self._tracer, self._workbook = loop_tracer(service), workbook
        self._started = time.time()
        self._steps: list[tuple[str, float]] = []
        self.submission: Submission | None = None

    def tell(self, step: str) -> None:
        """A step begins, as `SubmitRequest.tell` names them."""
        self._steps.append((step, time.time()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """The submission ended, or failed: now its spans are sent."""
        now = time.time()
        ends = [*(at for _, at in self._steps[1:]), now][: len(self._steps)]  # it may have failed before any
        facts = {"mergecells.workbook": self._workbook}
        for (step, at), until in zip(self._steps, ends, strict=True):
            self._tracer.span(step, self.traceparent, at, until, facts)
        pull = self.submission.pull if self.submission else None
        facts |= {
            "mergecells.outcome": self.submission.outcome if self.submission else "failed",
            "mergecells.pull": str(pull.number) if pull else "",
            "mergecells.proposed": pull.head_revision if pull else "",
        }
        failed = "" if error is None else str(error) or type(error).__name__
        self._tracer.span("submission", self.traceparent, self._started, now, facts, root=True, failed=failed)
