"""One server for all formats: it answers by script, else by its API, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came. `body` is its JSON."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """What is sent: `pieces` one by one, `pause` seconds before each, `delay` before all. `cut`: the connection is
    broken off after the pieces. Without `length` the body is chunked, as streams are."""

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pause: float = 0.0
    cut: bool = False
    length: bool = True
    wait_for: threading.Event | None = None
    """Set by the test before the last piece is sent."""


def json_reply(value: Any, status: int = 200, **more: Any) -> Reply:
    return Reply(status, (json.dumps(value).encode(),), **more)


def event_reply(events: list[bytes], **more: Any) -> Reply:
    return Reply(200, tuple(events), "text/event-stream", length=False, **more)


class ModelServer:
    """`script` is answered first, one reply for each request; then `respond` answers."""

    def __init__(self, respond: Callable[[Asked], Reply]) -> None:
        self.respond = respond
        self.script: deque[Reply] = deque()
        self.asked: list[Asked] = []
        self.url = ""
        self.dropped = 0
        """Requests whose client went away before the end."""
        self._lock = threading.Lock()

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            scripted = self.script.popleft() if self.script else None
        return scripted or self.respond(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server_of: ModelServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(content or b"null"))
        try:
            self._send(self.server_of.reply(asked))
        except (BrokenPipeError, ConnectionResetError):
            self.server_of.dropped += 1
            self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.length:
            self.send_header("Content-Length", str(sum(map(len, reply.pieces)) + (100 if reply.cut else 0)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for number, piece in enumerate(reply.pieces):
            if reply.wait_for is not None and number == len(reply.pieces) - 1:
                reply.wait_for.wait(20)
            time.sleep(reply.pause)
            self.wfile.write(piece if reply.length else b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        if reply.cut:
            self.close_connection = True
            return
        if not reply.length:
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that went away is what many tests want; nothing on stderr."""


@contextmanager
def model_server(respond: Callable[[Asked], Reply]) -> Iterator[ModelServer]:
    """Runs until the block ends."""
    made = ModelServer(respond)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": made}))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
