"""A hub at fault: it holds every request to the signing of the hub's interface and answers what a test tells it to, so
that the add-on can be seen with answers that the real hub gives only on a bad day. It plays GitHub's dispatches too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
HTML = "<html><title>502 Bad Gateway</title><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Said:
    status: int
    body: Json | str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> tuple[bytes, str]:
        if isinstance(self.body, str):
            return self.body.encode(), "text/html; charset=utf-8"
        kind = "application/json" if self.status < 400 else "application/problem+json"
        return json.dumps(self.body).encode(), kind


def problem(status: int, kind: str, detail: str, hint: str = "") -> Said:
    """As the hub words what is wrong (RFC 9457)."""
    about = {"type": f"urn:mergecells:problem:{kind}", "title": kind, "status": status}
    return Said(status, {**about, "detail": detail, "hint": hint, "request_id": "r-1"})


@dataclass
class FaultyHub:
    """`answers`: what each `METHOD /path` gives, in order, the last for good. `problems`: what was signed wrongly."""

    url: str = ""
    answers: dict[str, list[Said]] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    requests: list[tuple[str, Json, dict[str, str]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def say(self, call: str, *said: Said) -> None:
        self.answers[call] = list(said)

    def answer(self, call: str, headers: dict[str, str], body: bytes) -> Said:
        content = json.loads(body) if body else {}
        self.requests.append((call, content, headers))
        if call.startswith("POST /repos/"):  # GitHub, for the way without a hub
            return self._next(call) or Said(404, {"message": "Not Found", "status": "404"})
        if call == "POST /v1/sessions":
            return self._next(call) or self._open(headers, content)
        if headers.get("x-mergecells-session") not in self.keys:
            return problem(401, "session-unknown", "There is no such session, or it has ended.")
        self._check(call, headers, body)
        return self._next(call) or Said(404, {"title": "Not Found", "detail": f"{call} was not expected"})

    def _next(self, call: str) -> Said | None:
        waiting = self.answers.get(call, [])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0] if waiting else None

    def _open(self, headers: dict[str, str], content: Json) -> Said:
        if not headers.get("authorization", "").startswith("Bearer ") or set(content) != {"spreadsheet"}:
            self.problems.append(f"a session asked for with {sorted(headers)} and {sorted(content)}")
        name, key = secrets.token_hex(8), secrets.token_bytes(32)
        self.keys[name] = key
        told = {"session": name, "key": base64.b64encode(key).decode(), "expires_at": "2099-01-01T00:00:00Z"}
        return Said(201, {**told, "email": "ada@example.com"})

    def _check(self, call: str, headers: dict[str, str], body: bytes) -> None:
        method, path = call.split(" ")
        stamp, nonce = headers["x-mergecells-timestamp"], headers["x-mergecells-nonce"]
        signed = f"{method}\n{path}\n{stamp}\n{nonce}\n".encode() + body
        right = hmac.new(self.keys[headers["x-mergecells-session"]], signed, hashlib.sha256).hexdigest()
        if headers["x-mergecells-signature"] != f"sha256={right}":
            self.problems.append(f"{call}: the signature is wrong")
        if abs(int(stamp) - time.time()) > 300 or nonce in self.nonces or len(nonce) < 16:
            self.problems.append(f"{call}: timestamp {stamp} or nonce {nonce}")
        if "authorization" in headers:
            self.problems.append(f"{call}: the identity token was sent where it is not needed")
        self.nonces.add(nonce)


class _Handler(BaseHTTPRequestHandler):
    hub: FaultyHub

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, verb: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = self.hub.answer(f"{verb} {self.path}", headers, body)
        content, kind = said.content
        self.send_response(said.status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def faulty_hub() -> Iterator[FaultyHub]:
    """On a free port of loopback until the block ends, which fails when a request was signed wrongly."""
    hub = FaultyHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
        assert hub.problems == []
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
