"""Spans of LLM calls as a backend gets them, decoded; and backends that are wrong, slow or dead."""

from __future__ import annotations

import base64
import json
import logging
import time

import pytest

from fakes.llm_turns import REVISION, sample_turn
from mergecells.adapters import otlp_provider
from mergecells.adapters.otlp_backends import read_backends
from mergecells.adapters.otlp_tracer import OtlpTracer
from mergecells.adapters.span_counts import SpanCounts
from mergecells.apps.redaction import redact_text
from mergecells.domain.errors import UsageError
from mergecells.domain.llm import Attempt, CallContext
from mergecells.domain.messages import ImagePart, Message, TextPart
from mergecells.domain.routing import Provider
from standins.otlp import OtlpReceiver, attributes, otlp_receiver

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAID = (Message("user", (TextPart("Bearer abcdef0123456789 and hello"), ImagePart("data:image/png;base64,AAAA"))),)


def _tracer(receiver: OtlpReceiver, *, content: bool = False) -> OtlpTracer:
    backends = read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base})
    return OtlpTracer(
        backends, "leads", content=content, redact=redact_text, providers=lambda _: Provider(kind="gemini")
    )


def test_a_call_is_a_span_with_its_tries_below_it() -> None:
    """In the trace of the request that caused it, with the revision on each span, and the persona as its user."""
    tries = (
        Attempt("google", "gemini-2.5-flash", "overloaded", 503, 1_790_000_000.1, 0.1, None, "busy"),
        Attempt("google", "gemini-2.5-flash", "ok", 200, 1_790_000_000.2, 0.2, 0.01),
    )
    context = CallContext(persona="sales", trace_id=TRACE, parent_span_id=PARENT, session_id="t1")
    with otlp_receiver() as receiver:
        tracer = _tracer(receiver)
        tracer.turn_finished(sample_turn(attempts=tries, context=context, provider="google"), SAID, "answer")
        tracer.close()
        spans = {span.name: span for span in receiver.wait_for_spans(3)}
        assert {span.trace_id.hex() for span in receiver.spans} == {TRACE}
        call = spans["prompt hook"]
        assert call.parent_span_id.hex() == PARENT
        below = [span for span in receiver.spans if span.name == "chat gemini-2.5-flash"]
        assert [span.parent_span_id for span in below] == [call.span_id, call.span_id]
        assert [span.status.code for span in below] == [2, 0]
        failed, good = (attributes(span) for span in below)
        assert (failed["error.type"], failed["http.response.status_code"]) == ("overloaded", 503)
        assert good["gen_ai.provider.name"] == "gcp.gemini"
        assert {attributes(span)["mergecells.revision"] for span in receiver.spans} == {REVISION}
        assert {attributes(span)["user.id"] for span in receiver.spans} == {"sales"}
        assert {attributes(span)["langfuse.version"] for span in receiver.spans} == {REVISION}
        shown = attributes(call)
        assert (shown["gen_ai.usage.input_tokens"], shown["mergecells.cost.usd"]) == (100, 0.000104)
        assert "gen_ai.input.messages" not in shown
        assert call.end_time_unix_nano - call.start_time_unix_nano == pytest.approx(500_000_000, abs=1_000)


def test_a_trace_id_without_a_span_makes_the_call_its_root() -> None:
    """The id that our headers and logs show is the one that the backend has, and no parent is missing there."""
    with otlp_receiver() as receiver:
        tracer = _tracer(receiver)
        tracer.turn_finished(sample_turn(context=CallContext(trace_id=TRACE)), SAID, "answer")
        tracer.close()
        call = next(span for span in receiver.wait_for_spans(2) if span.name == "prompt hook")
        assert (call.trace_id.hex(), call.parent_span_id) == (TRACE, b"")


def test_content_is_recorded_when_allowed_and_without_secrets() -> None:
    """Texts are there, a token is not, and of an image only that there was one."""
    with otlp_receiver() as receiver:
        tracer = _tracer(receiver, content=True)
        tracer.turn_finished(sample_turn(), SAID, "the answer")
        tracer.close()
        call = next(span for span in receiver.wait_for_spans(2) if span.name == "prompt hook")
        sent = json.loads(attributes(call)["gen_ai.input.messages"])
        assert sent[0]["role"] == "user"
        assert "hello" in sent[0]["parts"][0]["content"]
        assert "abcdef0123456789" not in json.dumps(sent)
        assert sent[0]["parts"][1] == {"type": "uri", "uri": "data:…"}
        assert "the answer" in attributes(call)["gen_ai.output.messages"]


def test_metrics_go_where_a_backend_takes_them() -> None:
    """The histograms of the conventions, by model and kind of token."""
    with otlp_receiver() as receiver:
        tracer = _tracer(receiver)
        tracer.turn_finished(sample_turn(first_token_seconds=0.2), SAID, "answer")
        tracer.close()
        receiver.wait_for_spans(2)
        names = {metric.name: metric for metric in receiver.metrics}
        assert {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} <= names.keys()
        points = names["gen_ai.client.token.usage"].histogram.data_points
        assert sorted(point.sum for point in points) == [40, 100]


def test_langfuse_and_langsmith_get_their_paths_and_keys() -> None:
    """Both take plain OTLP; they differ in address and headers."""
    with otlp_receiver() as receiver:
        tracer = OtlpTracer(
            read_backends(
                {
                    "LANGFUSE_PUBLIC_KEY": "pk",
                    "LANGFUSE_SECRET_KEY": "sk",
                    "LANGFUSE_HOST": receiver.base,
                    "LANGSMITH_API_KEY": "ls",
                    "LANGSMITH_ENDPOINT": f"{receiver.base}/",
                    "LANGSMITH_PROJECT": "leads",
                }
            )
        )
        tracer.turn_finished(sample_turn(), SAID, "answer")
        tracer.close()
        receiver.wait_for_spans(4)
        sent = dict(receiver.requests)
        assert set(sent) == {"/api/public/otel/v1/traces", "/otel/v1/traces"}
        fuse = sent["/api/public/otel/v1/traces"]
        assert fuse["authorization"] == "Basic " + base64.b64encode(b"pk:sk").decode()
        assert fuse["x-langfuse-ingestion-version"] == "4"
        assert (sent["/otel/v1/traces"]["x-api-key"], sent["/otel/v1/traces"]["langsmith-project"]) == ("ls", "leads")


def test_without_keys_nothing_is_configured_and_half_a_pair_is_said() -> None:
    """Off is off; a forgotten secret is an error at the start, not a silence."""
    assert read_backends({}) == []
    assert read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1", "OTEL_SDK_DISABLED": "true"}) == []
    with pytest.raises(UsageError, match="LANGFUSE_SECRET_KEY"):
        read_backends({"LANGFUSE_PUBLIC_KEY": "pk"})
    with pytest.raises(UsageError, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        read_backends({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"})


def test_keys_are_not_shown() -> None:
    """A backend may stand in a log or a traceback."""
    assert "sk-secret" not in repr(
        read_backends({"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk-secret", "LANGSMITH_API_KEY": "k"})
    )


def test_closing_does_not_wait_for_a_backend_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    """It returns while the backend still holds the request, and says that spans may be lost."""
    with otlp_receiver() as receiver:
        receiver.gate.clear()
        tracer = _tracer(receiver)
        tracer.turn_finished(sample_turn(), SAID, "answer")
        tracer.close()
        assert not receiver.gate.is_set()
    assert any(getattr(record, "event", "") == "otlp.close" for record in caplog.records)


@pytest.mark.parametrize("status", [401, 503])
def test_a_backend_that_refuses_is_told_once_and_breaks_nothing(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Wrong keys or a sick backend: calls go on, and the log has one line, not one a batch, and no key."""
    caplog.set_level(logging.WARNING)
    with otlp_receiver() as receiver:
        receiver.status = status
        tracer = _tracer(receiver)
        for _ in range(5):
            tracer.turn_finished(sample_turn(), SAID, "answer")
        tracer.close()
        receiver.wait_for_spans(10)
        for _ in range(1_000):  # the line comes after the answer, beside us
            told = [record.getMessage() for record in caplog.records if "took no spans" in record.getMessage()]
            if told:
                break
            time.sleep(0.01)
    assert len(told) == 1
    assert f"HTTP status {status}" in told[0]
    assert ("check OTEL_EXPORTER_OTLP_HEADERS" in told[0]) == (status == 401)


def test_a_turn_that_cannot_be_recorded_is_logged_and_swallowed(caplog: pytest.LogCaptureFixture) -> None:
    """A trace id that is no hexadecimal number, say."""
    with otlp_receiver() as receiver:
        tracer = _tracer(receiver)
        tracer.turn_finished(sample_turn(context=CallContext(trace_id="no hex")), SAID, "answer")
        tracer.close()
    assert any(getattr(record, "event", "") == "otlp.failure" for record in caplog.records)


def _gained(receiver: OtlpReceiver, patch: pytest.MonkeyPatch, calls: int = 1) -> dict[str, int]:
    """What counts of the calls, by what became of their spans: once the tracer is closed, or the backend hangs."""
    counts = SpanCounts()
    patch.setattr(otlp_provider, "SPANS", counts)
    tracer = _tracer(receiver)
    for _ in range(calls):
        tracer.turn_finished(sample_turn(attempts=()), (), "")
    if receiver.gate.is_set():
        tracer.close()
    return {result: spans for (_, result), spans in counts.read().items()}


def test_spans_are_counted_as_sent_or_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the backend took, what it refused, and what found no room while it hung; nothing twice."""
    with otlp_receiver() as receiver:
        assert _gained(receiver, monkeypatch) == {"sent": 1, "lost": 0}
        receiver.status = 400
        assert _gained(receiver, monkeypatch) == {"sent": 0, "lost": 1}
        receiver.gate.clear()
        monkeypatch.setattr(otlp_provider, "QUEUE", 520)
        assert _gained(receiver, monkeypatch, 523) == {"sent": 0, "lost": 3}
