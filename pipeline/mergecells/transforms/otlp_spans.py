"""Spans as OpenTelemetry's protocol has them on the wire, from plain values.

Field numbers are those of opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto, version 1.x, whose
meaning never changes. Objects of the SDK or of protobuf for the same bytes take ten times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

Value = str | bool | int | float

INTERNAL: Final = 1
CLIENT: Final = 3
"""Kinds of spans."""

_UNSET: Final = b"\x7a\x00"
_ERROR: Final = b"\x18\x02"
_HAS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200
_U64: Final = (1 << 64) - 1
_TIMES: Final = struct.Struct("<BQBQ").pack
_DOUBLE: Final = struct.Struct("<Bd").pack
_FLAGS: Final = struct.Struct("<HI").pack


class SpanIds(NamedTuple):
    """`trace` of 16 bytes, `span` of 8, `parent` of 8 or empty. `remote`: the parent is of another process."""

    trace: bytes
    span: bytes
    parent: bytes = b""
    remote: bool = False


def encode_span(
    ids: SpanIds, name: str, kind: int, times: tuple[int, int], attributes: bytes, failed: str | None = None
) -> bytes:
    """One span as it stands among the spans of a scope. `times`: start and end in Unix nanoseconds; `attributes`: of
    `encode_attributes`, also several in a row; `failed`: the message of an error, None for none."""
    flags = _HAS_REMOTE | _IS_REMOTE if ids.remote else _HAS_REMOTE
    body = b"".join((
        b"\x0a\x10", ids.trace, b"\x12\x08", ids.span, b"\x22\x08" + ids.parent if ids.parent else b"",
        _sized(b"\x2a", _bytes(name)), b"\x30", _varint(kind), _TIMES(0x39, times[0], 0x41, times[1]), attributes,
        _UNSET if failed is None else _sized(b"\x7a", _sized(b"\x12", _bytes(failed)) + _ERROR), _FLAGS(0x0185, flags),
    ))  # fmt: skip
    return _sized(b"\x12", body)


def encode_attributes(attributes: Mapping[str, Value | None]) -> bytes:
    """Attributes of a span; those that are None or an empty text are left out."""
    return b"".join([
        (_long if type(value) is str and len(value) > _SHORT else _kept)(key, value)
        for key, value in attributes.items()
        if value is not None and value != ""
    ])  # fmt: skip


def encode_origin(resource: Mapping[str, Value], scope: str, version: str) -> tuple[bytes, bytes]:
    """(resource, scope) of all spans of one maker, once for all requests."""
    named = _sized(b"\x0a", _bytes(scope)) + _sized(b"\x12", _bytes(version))
    stated = b"".join(_sized(b"\x0a", _pair(key, value)) for key, value in resource.items())
    return _sized(b"\x0a", stated), _sized(b"\x0a", named)


def encode_request(origin: tuple[bytes, bytes], spans: Iterable[bytes]) -> bytes:
    """An ExportTraceServiceRequest with spans of `encode_span`."""
    resource, scope = origin
    return _sized(b"\x0a", resource + _sized(b"\x12", scope + b"".join(spans)))


def _pair(key: str, value: Value) -> bytes:
    """A KeyValue."""
    if isinstance(value, str):
        inner = _sized(b"\x0a", _bytes(value))
    elif isinstance(value, bool):
        inner = b"\x10\x01" if value else b"\x10\x00"
    elif isinstance(value, int):
        inner = b"\x18" + _varint(value & _U64)
    else:
        inner = _DOUBLE(0x21, value)
    return _sized(b"\x0a", _bytes(key)) + _sized(b"\x12", inner)


def _long(key: str, value: Value) -> bytes:
    return _sized(b"\x4a", _pair(key, value))


_kept = lru_cache(maxsize=2_048, typed=True)(_long)
"""Most of what a span says was said by the one before: of 30 attributes of a call, 25."""

_SHORT: Final = 100
"""Characters of a text that is kept."""


def _sized(tag: bytes, body: bytes) -> bytes:
    return tag + _varint(len(body)) + body


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_SMALL: Final = [bytes((number,)) for number in range(128)]


def _varint(number: int) -> bytes:
    if number < 128:
        return _SMALL[number]
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    made.append(number)
    return bytes(made)
