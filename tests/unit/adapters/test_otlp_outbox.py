"""Spans on their way: backends that recover, settings of OpenTelemetry, forks; and metrics in their two forms."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fakes.llm_turns import sample_turn
from mergecells.adapters import otlp_meters, otlp_outbox
from mergecells.adapters.otlp_backends import read_backends
from mergecells.adapters.otlp_outbox import Outbox
from mergecells.adapters.otlp_tracer import OtlpTracer
from mergecells.adapters.span_counts import SpanCounts
from mergecells.domain.llm import CallContext
from mergecells.transforms.otlp_spans import INTERNAL, SpanIds, encode_origin, encode_span
from standins.otlp import OtlpReceiver, otlp_receiver

SPAN = encode_span(SpanIds(b"t" * 16, b"s" * 8), "step", INTERNAL, (1, 2), b"")


def _outbox(receiver: OtlpReceiver, counts: SpanCounts) -> Outbox:
    (backend,) = read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base})
    return Outbox(backend, encode_origin({"service.name": "leads"}, "mergecells", "1"), counts, 100)


def test_a_backend_that_recovers_gets_the_same_spans_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 503 is tried again: nothing is lost, and nothing counted twice."""
    monkeypatch.setattr(otlp_outbox, "FIRST_PAUSE", 0.01)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    counts = SpanCounts()
    with otlp_receiver() as receiver:
        receiver.status = 503
        receiver.gate.clear()
        outbox = _outbox(receiver, counts)
        outbox.put(SPAN)
        receiver.wait_for_spans(1)
        receiver.gate.set()
        receiver.wait_for_spans(2)
        receiver.status = 200
        end = time.monotonic() + 20
        while not any(counts.read().values()):
            assert time.monotonic() < end
            time.sleep(0.005)
        outbox.end()
        assert outbox.join(20)
    assert counts.read() == {("otlp", "sent"): 1, ("otlp", "lost"): 0}


def test_a_certificate_that_is_not_there_costs_spans_and_not_the_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each batch is tried, counted as lost, and the log says why."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(tmp_path / "absent.pem"))
    (backend,) = read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:9"})
    counts = SpanCounts()
    outbox = Outbox(backend, encode_origin({"service.name": "leads"}, "mergecells", "1"), counts, 100)
    for lost in (1, 2):
        outbox.put(SPAN)
        end = time.monotonic() + 20
        while counts.read()["otlp", "lost"] < lost:
            assert time.monotonic() < end
            time.sleep(0.005)
    outbox.end()
    assert outbox.join(20)
    assert "absent.pem" in caplog.text


def test_settings_of_opentelemetry_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delay, size of a batch and compression."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with otlp_receiver() as receiver:
        outbox = _outbox(receiver, SpanCounts())
        for _ in range(3):
            outbox.put(SPAN)
        assert [span.name for span in receiver.wait_for_spans(3)] == ["step"] * 3
        assert [headers["content-encoding"] for _, headers in receiver.requests] == ["gzip"]
        outbox.end()
        assert outbox.join(20)


def test_a_child_process_has_its_own_queue_and_thread() -> None:
    """What waits in the parent is the parent's to send, and its thread is not in the child."""
    counts = SpanCounts()
    with otlp_receiver() as receiver:
        outbox = _outbox(receiver, counts)
        outbox.put(SPAN)
        parent, outbox._thread = outbox._thread, None
        outbox.begin()
        outbox.put(SPAN)
        assert outbox._thread is not parent
        outbox.end()
        assert outbox.join(20)
        assert len(receiver.spans) == 1


@pytest.mark.parametrize(
    ("sampler", "argument", "kept"),
    [("always_off", "", set()), ("traceidratio", "0.5", {1}), ("parentbased_always_off", "", {3})],
)
def test_the_sampler_of_the_environment_decides(
    sampler: str, argument: str, kept: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a call and its tries together. The ratio goes by the lower half of a trace id; a caller that samples is
    followed where parents count. Metrics count every call."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    traces = {1: f"{1:032x}", 2: "f" * 32, 3: f"{'f' * 31}e"}
    with otlp_receiver() as receiver:
        tracer = OtlpTracer(read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base}))
        for number, trace in traces.items():
            context = CallContext(trace_id=trace, parent_span_id="1" * 16 if number == 3 else "")
            tracer.turn_finished(sample_turn(context=context), (), "")
        tracer.close()
        found = sorted(span.trace_id.hex() for span in receiver.spans)
        assert found == sorted(trace for number, trace in traces.items() if number in kept for _ in range(2))
        (seconds,) = [each for each in receiver.metrics if each.name == "gen_ai.client.operation.duration"]
        assert seconds.histogram.data_points[0].count == 3


@pytest.mark.parametrize(("preference", "form", "counts"), [("", 2, [1, 2]), ("delta", 1, [1, 1])])
def test_metrics_are_sent_as_the_backend_wants_them(
    preference: str, form: int, counts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cumulative or as differences; each value in the bucket whose bound it does not pass."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", preference)
    monkeypatch.setattr(otlp_meters, "EVERY_SECONDS", 0.01)
    with otlp_receiver() as receiver:
        tracer = OtlpTracer(read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base}))
        tracer.turn_finished(sample_turn(seconds=0.64), (), "")
        with receiver.arrived:
            assert receiver.arrived.wait_for(lambda: receiver.metrics, 20)
        tracer.turn_finished(sample_turn(seconds=0.65), (), "")
        tracer.close()
        sent = [each.histogram for each in receiver.metrics if each.name == "gen_ai.client.operation.duration"]
        points = [point for each in sent for point in each.data_points]
    assert {each.aggregation_temporality for each in sent} == {form}
    assert [points[0].count, points[-1].count] == counts
    assert points[0].bucket_counts[6] == 1
    assert points[0].explicit_bounds[6] == 0.64
    assert points[-1].bucket_counts[7] == 1
    assert points[-1].max == 0.65
