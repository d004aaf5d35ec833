"""A receiver of OpenTelemetry's protocol over HTTP that decodes what arrives, and misbehaves on demand."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class OtlpReceiver:
    """What came, decoded; `status` is what every request is answered with once `gate` is open."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: list[Any] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.status = 200
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Condition()
        self.base = ""

    def wait_for_spans(self, count: int, seconds: float = 20.0) -> list[Span]:
        """The spans once there are `count`; fails when they do not come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.spans) >= count, seconds), self.requests
            return list(self.spans)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        with self.arrived:
            self.requests.append((path, headers))
            if path.endswith("/v1/traces"):
                message = ExportTraceServiceRequest.FromString(body)
                self.spans += [
                    span for group in message.resource_spans for scope in group.scope_spans for span in scope.spans
                ]
            elif path.endswith("/v1/metrics"):
                groups = ExportMetricsServiceRequest.FromString(body).resource_metrics
                self.metrics += [each for group in groups for scope in group.scope_metrics for each in scope.metrics]
            self.arrived.notify_all()


def attributes(span: Any) -> dict[str, Any]:
    """A span's attributes as plain values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


@contextmanager
def otlp_receiver() -> Iterator[OtlpReceiver]:
    """A receiver on a free port of loopback."""
    receiver = OtlpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            receiver.gate.wait(30)
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        server.server_close()
