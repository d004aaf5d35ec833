"""What telling of one LLM call costs, apart from the call: its spans and metrics for a tracing backend, and its metrics
for Prometheus; beside OpenTelemetry's SDK, which makes the same spans and metrics out of the same attributes.

A call here has one try, three budgets and 30 attributes, and its spans go to a receiver in a process of its own. Rounds
take turns. `caller` is the wall time of whoever made the call, p50 and fastest tenth; `processor` is that of all
threads of this process, sending included.

Run: python tests/benchmarks/bench_telemetry.py
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from overhead_servers import child  # noqa: E402
from prometheus_client import CollectorRegistry  # noqa: E402

from fakes.llm_turns import sample_turn  # noqa: E402
from mergecells.adapters import genai_names as names  # noqa: E402
from mergecells.adapters import otlp_tracer  # noqa: E402
from mergecells.adapters.otlp_backends import read_backends  # noqa: E402
from mergecells.adapters.otlp_provider import resource_of  # noqa: E402
from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics  # noqa: E402
from mergecells.domain.llm import BudgetState, CallContext, Turn  # noqa: E402

CALLS, ROUNDS = 500, 8
CONTEXT = CallContext(
    persona="ada", run_id="bench", node="line", request_id="ab" * 16, trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    parent_span_id="00f067aa0ba902b7",
)  # fmt: skip


def ours(base: str) -> tuple[Callable[[Turn], object], Callable[[], object]]:
    """(tells of a call, closes)."""
    tracer = otlp_tracer.OtlpTracer(read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": base}), "leads")
    return lambda turn: tracer.turn_finished(turn, (), ""), tracer.close


def by_the_sdk(base: str) -> tuple[Callable[[Turn], object], Callable[[], object]]:
    """The same spans and numbers by OpenTelemetry's own tracer and instruments, as its documentation shows."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, set_span_in_context

    spans = TracerProvider(resource=resource_of("leads"), shutdown_on_exit=False)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces")))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{base}/v1/metrics"), export_interval_millis=15_000)
    meters = MeterProvider([reader], resource_of("leads"), shutdown_on_exit=False)
    tracer, meter = spans.get_tracer("bench"), meters.get_meter("bench")
    seconds, tokens = meter.create_histogram(names.METRIC_DURATION), meter.create_histogram(names.METRIC_TOKENS)

    def tell(turn: Turn) -> None:
        shared: dict[str, Any] = {key: value for key, value in otlp_tracer._shared(turn).items() if value}
        own = {key: value for key, value in otlp_tracer._of_turn(turn).items() if value is not None}
        begun, ended = int(turn.at * 1e9), int((turn.at + turn.seconds) * 1e9)
        span = tracer.start_span(f"prompt {turn.prompt_slug}", attributes=shared | own, start_time=begun)
        (attempt,) = turn.attempts
        labels = {names.OPERATION: names.CHAT, names.PROVIDER: attempt.provider, names.REQUEST_MODEL: attempt.model}
        more = {
            names.OUTCOME: attempt.outcome,
            names.HTTP_STATUS: attempt.status or 0,
            names.COST: attempt.cost_est or 0,
        }
        inside = tracer.start_span(
            f"chat {attempt.model}",
            set_span_in_context(span),
            SpanKind.CLIENT,
            shared | labels | more,
            start_time=begun,
        )
        inside.end(ended)
        span.end(ended)
        seconds.record(turn.seconds, labels)
        tokens.record(turn.usage.input_tokens, {**labels, names.TOKEN_TYPE: "input"})
        tokens.record(turn.usage.output_tokens, {**labels, names.TOKEN_TYPE: "output"})

    def close() -> None:
        spans.shutdown()
        meters.shutdown()

    return tell, close


def prometheus() -> tuple[Callable[[Turn], object], Callable[[], object]]:
    """All that a call tells Prometheus from its begin to its end."""
    metrics = PrometheusLlmMetrics(CollectorRegistry())
    held = [BudgetState(key, 1.0, 5.0, 0.1, 0.1) for key in ("run:bench", "day:2026-11-27", "total")]
    paid = [BudgetState(key, 1.0, 5.0, 0.2, 0.0) for key in ("run:bench", "day:2026-11-27", "total")]

    def tell(turn: Turn) -> None:
        metrics.cache_asked("miss")
        metrics.budgets_seen(held)
        metrics.attempt_finished(turn.attempts[0])
        metrics.budgets_seen(paid)
        metrics.turn_finished(turn)

    return tell, lambda: None


def main() -> None:
    for name in [name for name in os.environ if name.startswith(("MERGECELLS_", "OTEL_"))]:
        del os.environ[name]
    turn = sample_turn(context=CONTEXT)
    with child("receiver") as (_, base):
        told = {
            "spans and metrics, ours": ours(base),
            "the same by the SDK": by_the_sdk(base),
            "Prometheus": prometheus(),
        }
        wall: dict[str, list[float]] = {name: [] for name in told}
        spent: dict[str, list[float]] = {name: [] for name in told}
        for number in range(ROUNDS + 1):  # The first imports and connects.
            for name, (tell, _) in told.items():
                begun = time.process_time()
                for _ in range(CALLS):
                    at = time.perf_counter()
                    tell(turn)
                    if number:
                        wall[name].append(time.perf_counter() - at)
                time.sleep(0.3 if number else 6)  # Batches of 512 are sent meanwhile.
                spent[name].append((time.process_time() - begun) / CALLS)
        for name, times in wall.items():
            p50, tenth = statistics.median(times) * 1e3, sorted(times)[len(times) // 10] * 1e3
            processor = statistics.median(spent[name][1:]) * 1e3
            print(f"  {name:25} caller {p50:.3f} ms ({tenth:.3f}), processor {processor:.3f} ms")
        for _, close in told.values():
            close()


if __name__ == "__main__":
    main()
