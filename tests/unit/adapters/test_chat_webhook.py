"""A report to a chat's webhook: what arrives, and what is said when it does not; the address stays a secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mergecells.adapters.chat_webhook import MOST_CHARACTERS, post_text
from mergecells.domain.errors import MergecellsError, UsageError


class _Chat:
    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.status, self.url = 200, ""


@pytest.fixture
def chat() -> Iterator[_Chat]:
    made = _Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(b"ok" if made.status == 200 else b"no_service")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/s3cret"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def test_a_report_arrives_as_one_text(chat: _Chat) -> None:
    """In a fence, so that columns stay columns."""
    post_text(chat.url, "a  b\nc  d")
    assert chat.taken == [{"text": "```\na  b\nc  d\n```"}]


def test_a_long_report_is_cut_and_says_so(chat: _Chat) -> None:
    """A chat would cut it in silence."""
    post_text(chat.url, "x" * (MOST_CHARACTERS + 1))
    assert "cut here" in chat.taken[0]["text"]
    assert len(chat.taken[0]["text"]) < 40_000


def test_a_refusal_is_told_without_the_address(chat: _Chat) -> None:
    """A webhook that was taken away, and nobody listening."""
    chat.status = 404
    with pytest.raises(MergecellsError, match="404 no_service") as refused:
        post_text(chat.url, "x")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(MergecellsError, match="cannot be reached") as gone:
        post_text("http://127.0.0.1:9/s3cret", "x")
    assert "s3cret" not in str(gone.value)


@pytest.mark.parametrize("address", ["", "slack", "ftp://h/x", "https://", "https://h/ x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError):
        post_text(address, "x")
