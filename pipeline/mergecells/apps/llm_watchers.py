"""Wires what watches calls: history, traces, counts of tokens; each only where it is installed and configured."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec

from mergecells.adapters.openai_vocabulary import find_counter
from mergecells.adapters.otlp_backends import read_backends
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.routing import Provider
from mergecells.ports import Tracer, TurnLog
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.silence import NoTracer, NoTurnLog

CONTENT_VARIABLE = "MERGECELLS_TRACE_CONTENT"


def make_turn_log(url: str = "") -> TurnLog:
    """The history, where its package is installed; else nothing is remembered."""
    if find_spec("sqlalchemy") is None and not url:
        return NoTurnLog()
    from mergecells.apps.history import open_turn_log

    return open_turn_log(url)


def make_tracer(providers: Callable[[str], Provider | None]) -> Tracer:
    """Spans to every backend that the environment configures. Raises UsageError for half a configuration."""
    backends = read_backends(os.environ)
    if not backends:
        return NoTracer()
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        told = ", ".join(backend.name for backend in backends)
        raise UsageError(
            f"Spans are to go to {told}, and OpenTelemetry is not installed.",
            "Install the extra: pip install 'mergecells[telemetry]'; or set OTEL_SDK_DISABLED=true.",
        )
    from mergecells.adapters.otlp_tracer import OtlpTracer
    from mergecells.apps.redaction import redact_text

    content = os.environ.get(CONTENT_VARIABLE, "").strip().lower() == "true"
    return OtlpTracer(backends, content=content, redact=redact_text, providers=providers)


def make_counter(history_url: str = "", *, wait: bool = False) -> TokenCounter:
    """Exact where a vocabulary is on the machine, calibrated where usage was recorded, else by a guess.

    Recorded usage is read beside the first calls; with `wait`, here and now, for a program that counts once.
    """
    if find_spec("sqlalchemy") is None:
        return TokenCounter(vocabulary=find_counter)
    from mergecells.apps.history import open_calibrations

    calibrations = open_calibrations(history_url)
    if wait:
        with suppress(MergecellsError):  # No history yet, or none that can be read: a guess, and said so.
            calibrations.refresh()
    return TokenCounter(find_counter, calibrations.characters_per_token)
