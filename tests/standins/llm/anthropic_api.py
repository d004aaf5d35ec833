"""The Messages API as Anthropic answers it.

Formats: the types `Message` and `RawMessageStreamEvent` of the library anthropic, generated from Anthropic's API
description; tests validate each answer against them strictly. Errors: Anthropic's page of errors.
"""

from __future__ import annotations

import json
from typing import Any

from standins.llm.server import Asked, Reply, event_reply, json_reply

USAGE = {
    "input_tokens": 20,
    "output_tokens": 5,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "service_tier": "standard",
}
CACHED_USAGE = {**USAGE, "input_tokens": 8, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 2}
SAID = "A good answer."


def respond(asked: Asked) -> Reply:
    """What is answered without a script."""
    model = asked.body.get("model", "m")
    return stream(SAID, model=model) if asked.body.get("stream") else answer(SAID, model=model)


def message(
    text: str, *, model: str = "claude-haiku-4-5", reason: str | None = "end_turn", usage: Any = USAGE
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text, "citations": None}],
        "stop_reason": reason,
        "stop_sequence": None,
    }
    return made if usage is ... else {**made, "usage": usage}


def answer(text: str = SAID, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    return json_reply(message(text, **more), headers={"request-id": "req_018EeWyXxfu5pfWkrYcMdjWG", **headers})


def events(
    text: str, *, model: str = "claude-haiku-4-5", reason: str = "end_turn", usage: Any = USAGE
) -> list[dict[str, Any]]:
    start = {**message("", model=model, reason=None, usage={**usage, "output_tokens": 1}), "content": []}
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": None}},
        {"type": "ping"},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}}
            for each in pieces
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": usage["output_tokens"]},
        },
        {"type": "message_stop"},
    ]


def event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def stream(text: str = SAID, *, cut: bool = False, pause: float = 0.0, **more: Any) -> Reply:
    made = [event(each) for each in events(text, **more)]
    if cut:
        return event_reply(made[:5], cut=True, pause=pause)
    return event_reply(made, pause=pause, headers={"request-id": "req_2"})


def error_body(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}


def error(status: int, kind: str = "api_error", text: str = "Something is wrong.", **more: Any) -> Reply:
    return json_reply(error_body(kind, text), status, **more)


def error_in_stream(kind: str = "overloaded_error", after: int = 5) -> Reply:
    made = [event(each) for each in events(SAID)[:after]]
    return event_reply([*made, event(error_body(kind, "Overloaded"))])
