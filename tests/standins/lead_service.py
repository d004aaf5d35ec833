"""A service that says which config it runs, as `mergecells serve` does at /internal/config and /readyz."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LeadService:
    """`revision` is what it runs, `rejected` what it refused, `name` what it is called at a hub; `deaf`: it fails."""

    def __init__(self) -> None:
        self.revision: str | None = None
        self.rejected: dict[str, Any] | None = None
        self.url = self.name = ""
        self.deaf = False

    def report(self) -> dict[str, Any]:
        status = "rejected" if self.rejected else "ok"
        times = {"loaded_at": "2026-11-27T10:00:00.000Z", "last_attempt": "2026-11-27T10:00:00.000Z"}
        named = {"service": self.name} if self.name else {}
        return {
            "revision": self.revision,
            "status": status,
            **times,
            "rejected": self.rejected,
            "unpublished": None,
            **named,
        }


class _Handler(BaseHTTPRequestHandler):
    service: LeadService

    def do_GET(self) -> None:
        content = json.dumps(self.service.report() if self.path == "/internal/config" else {}).encode()
        status = 200 if self.service.revision else 503 if self.path == "/readyz" else 200
        self.send_response(500 if self.service.deaf else status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def lead_service() -> Iterator[LeadService]:
    """Runs until the block ends."""
    made = LeadService()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": made}))
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
