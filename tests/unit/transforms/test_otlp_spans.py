"""Spans as bytes, held to what OpenTelemetry's own encoder makes of the same span."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from mergecells.transforms.otlp_spans import (
    CLIENT,
    INTERNAL,
    SpanIds,
    Value,
    encode_attributes,
    encode_origin,
    encode_request,
    encode_span,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
VALUES = st.one_of(
    TEXTS.filter(bool),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.just("x" * 20_000),
)
ATTRIBUTES = st.dictionaries(TEXTS.filter(bool), VALUES, max_size=12)
TIMES = st.integers(0, 2**63)
IDS = st.builds(
    SpanIds,
    st.binary(min_size=16, max_size=16).filter(any),
    st.binary(min_size=8, max_size=8).filter(any),
    st.one_of(st.just(b""), st.binary(min_size=8, max_size=8).filter(any)),
    st.booleans(),
)


def _by_the_sdk(
    ids: SpanIds, name: str, kind: int, times: tuple[int, int], attributes: dict[str, Value], failed: str | None
) -> ExportTraceServiceRequest:
    trace, span = int.from_bytes(ids.trace, "big"), int.from_bytes(ids.span, "big")
    parent = SpanContext(trace, int.from_bytes(ids.parent, "big"), ids.remote, TraceFlags(1)) if ids.parent else None
    made = ReadableSpan(
        name,
        SpanContext(trace, span, False, TraceFlags(1)),
        parent,
        Resource({"service.name": "leads", "n": 3}),
        attributes,
        kind={INTERNAL: SpanKind.INTERNAL, CLIENT: SpanKind.CLIENT}[kind],
        instrumentation_scope=InstrumentationScope("mergecells", "1.0"),
        status=Status(StatusCode.UNSET) if failed is None else Status(StatusCode.ERROR, failed),
        start_time=times[0],
        end_time=times[1],
    )
    return encode_spans([made])


@given(IDS, TEXTS, st.sampled_from([INTERNAL, CLIENT]), st.tuples(TIMES, TIMES), ATTRIBUTES, st.none() | TEXTS)
def test_a_span_is_what_opentelemetry_would_have_sent(
    ids: SpanIds, name: str, kind: int, times: tuple[int, int], attributes: dict[str, Value], failed: str | None
) -> None:
    """Field by field, decoded by protobuf: any text, whole numbers of 64 bits, errors, parents of other processes."""
    ids = ids if ids.parent else ids._replace(remote=False)
    origin = encode_origin({"service.name": "leads", "n": 3}, "mergecells", "1.0")
    ours = encode_request(origin, [encode_span(ids, name, kind, times, encode_attributes(attributes), failed)])
    assert ExportTraceServiceRequest.FromString(ours) == _by_the_sdk(ids, name, kind, times, attributes, failed)


def test_attributes_without_a_value_are_left_out_and_zero_and_false_stay() -> None:
    """No cost that is known is another thing than a cost of 0; `True`, `1` and `1.0` are three values."""
    spoken = {"a": "", "b": None, "c": 0, "d": False, "e": 0.0, "f": True, "g": 1, "h": 1.0}
    span = encode_span(SpanIds(b"t" * 16, b"s" * 8), "n", INTERNAL, (1, 2), encode_attributes(spoken))
    request = ExportTraceServiceRequest.FromString(encode_request((b"", b""), [span, span]))
    found = request.resource_spans[0].scope_spans[0].spans
    assert len(found) == 2
    kinds = {each.key: each.value.WhichOneof("value") for each in found[1].attributes}
    assert kinds.pop("d") == kinds.pop("f") == "bool_value"
    assert kinds == {"c": "int_value", "e": "double_value", "g": "int_value", "h": "double_value"}


def test_half_a_surrogate_pair_does_not_lose_the_span() -> None:
    """A lead's text may hold one; it becomes a question mark."""
    span = encode_span(SpanIds(b"t" * 16, b"s" * 8), "n", INTERNAL, (1, 2), encode_attributes({"a": "x\ud800"}))
    request = ExportTraceServiceRequest.FromString(encode_request((b"", b""), [span]))
    assert request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.string_value == "x?"
