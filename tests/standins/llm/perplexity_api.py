"""The Agent API as Perplexity answers it: responses, and events without `event:` lines and without `[DONE]`.

Formats: docs.perplexity.ai (Create Agent Response; ResponsesResponse, ResponsesUsage and ResponsesCost of its OpenAPI
description). Tests read each answer with the type `Response` of the library openai.
"""

from __future__ import annotations

import json
from typing import Any

from standins.llm.server import Asked, Reply, event_reply, json_reply

USAGE = {
    "input_tokens": 20,
    "output_tokens": 5,
    "total_tokens": 25,
    "input_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
    "output_tokens_details": {"reasoning_tokens": 0},
    "tool_calls_details": {"search_web": {"invocation": 1}},
    "cost": {
        "currency": "USD",
        "input_cost": 0.00002,
        "output_cost": 0.000005,
        "tool_calls_cost": 0.005,
        "total_cost": 0.005025,
    },
}
SAID = "A good answer."
SEARCHED = {
    "type": "search_results",
    "queries": ["answers"],
    "results": [{"id": 1, "url": "https://example.com", "title": "A"}],
}


def respond(asked: Asked) -> Reply:
    """What is answered without a script."""
    return stream(SAID) if asked.body.get("stream") else answer(SAID)


def response(text: str, *, status: str = "completed", reason: str | None = None, usage: Any = USAGE) -> dict[str, Any]:
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": status,
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    made: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1741570283,
        "status": status,
        "model": "perplexity/sonar",
        "output": [SEARCHED, message],
        "incomplete_details": {"reason": reason} if reason else None,
    }
    return made if usage is ... else {**made, "usage": usage}


def answer(text: str = SAID, *, reason: str | None = None, **more: Any) -> Reply:
    return json_reply(response(text, status="incomplete" if reason else "completed", reason=reason, **more))


def events(text: str, **more: Any) -> list[dict[str, Any]]:
    whole = response(text, **more)
    kind = "response.incomplete" if whole["status"] == "incomplete" else "response.completed"
    pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    made: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    made += [{"type": "response.reasoning.search_queries", "queries": ["answers"]}]
    made += [
        {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": each}
        for each in pieces
    ]
    made.append({"type": kind, "response": whole})
    return [{**each, "sequence_number": number} for number, each in enumerate(made)]


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def stream(text: str = SAID, *, cut: bool = False, reason: str | None = None, pause: float = 0.0, **more: Any) -> Reply:
    made = [event(each) for each in events(text, status="incomplete" if reason else "completed", reason=reason, **more)]
    return event_reply(made[:4], cut=True, pause=pause) if cut else event_reply(made, pause=pause)


def error(status: int, text: str = "Something is wrong.", **more: Any) -> Reply:
    return json_reply({"error": {"message": text, "type": "server_error", "code": status}}, status, **more)
