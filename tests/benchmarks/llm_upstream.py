"""A provider for benchmarks, in a process of its own: OpenAI's chat completions by a hand-written server, so that the
floor is low and the same for all.

`/ok/v1/…` answers at once, `/slow/v1/…` after 50 ms, `/busy/v1/…` with 503; `GET /count` gives how many were
asked for since the last time. Prints its port.

Run: python llm_upstream.py
"""

from __future__ import annotations

import asyncio
import json

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_800_000_000,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A short and friendly opening line for Acme. " * 6},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 60, "completion_tokens": 60, "total_tokens": 120},
    }
).encode()
BUSY = b'{"error": {"message": "busy", "type": "server_error", "code": null, "param": null}}'


def reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Upstream(asyncio.Protocol):
    """One kept connection."""

    asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._held = transport, b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].decode("latin-1")
            length = next(
                (int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0
            )
            if len(self._held) < end + 4 + length:
                return
            self._held = self._held[end + 4 + length :]
            self._answer(head.split(" ", 2)[1])

    def _answer(self, path: str) -> None:
        if path == "/count":
            self._send(reply("200 OK", str(Upstream.asked).encode()))
            Upstream.asked = 0
            return
        Upstream.asked += 1
        if path.startswith("/busy"):
            self._send(reply("503 Service Unavailable", BUSY))
        elif path.startswith("/slow"):
            asyncio.get_running_loop().call_later(0.05, self._send, reply("200 OK", ANSWER))
        else:
            self._send(reply("200 OK", ANSWER))

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
