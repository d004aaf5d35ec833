"""`generateContent` and `streamGenerateContent` as Google answers them.

Formats: the type `GenerateContentResponse` of the library google-genai by its REST names, as ai.google.dev shows them;
tests validate each answer against it, with unknown fields forbidden. Errors: google.rpc.Status with its details.
"""

from __future__ import annotations

import json
from typing import Any

from standins.llm.server import Asked, Reply, event_reply, json_reply

USAGE = {
    "promptTokenCount": 20,
    "candidatesTokenCount": 5,
    "totalTokenCount": 25,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
}
THOUGHT_USAGE = {**USAGE, "thoughtsTokenCount": 30, "cachedContentTokenCount": 12, "totalTokenCount": 55}
SAID = "A good answer."


def respond(asked: Asked) -> Reply:
    """What is answered without a script."""
    return stream(SAID) if "streamGenerateContent" in asked.path else answer(SAID)


def response(
    text: str | None, *, reason: str | None = "STOP", usage: Any = USAGE, model: str = "gemini-2.5-flash"
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0}
    if text is not None:
        candidate["content"] = {"role": "model", "parts": [{"text": text}]}
    if reason:
        candidate["finishReason"] = reason
    made: dict[str, Any] = {"candidates": [candidate], "modelVersion": model, "responseId": "mAitaLmkHPPlz7IPvtfUqQ4"}
    return made if usage is ... else {**made, "usageMetadata": usage}


def answer(text: str | None = SAID, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    return json_reply(response(text, **more), content_type="application/json; charset=UTF-8", headers=headers)


def blocked(reason: str = "PROHIBITED_CONTENT") -> Reply:
    """A prompt that was not answered at all."""
    usage = {"promptTokenCount": 20, "totalTokenCount": 20}
    return json_reply({"promptFeedback": {"blockReason": reason}, "usageMetadata": usage, "modelVersion": "g"})


def responses(text: str, *, reason: str = "STOP", usage: Any = USAGE) -> list[dict[str, Any]]:
    pieces = [text[at : at + 8] for at in range(0, len(text), 8)]
    made = [response(each, reason=None, usage={"promptTokenCount": 20, "totalTokenCount": 20}) for each in pieces]
    made[-1] = response(pieces[-1], reason=reason, usage=usage)
    return made


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\r\n\r\n"


def stream(text: str = SAID, *, cut: bool = False, pause: float = 0.0, **more: Any) -> Reply:
    made = [event(each) for each in responses(text, **more)]
    return event_reply(made[:1], cut=True, pause=pause) if cut else event_reply(made, pause=pause)


def error(status: int, name: str = "INTERNAL", text: str = "Something is wrong.", **more: Any) -> Reply:
    details = more.pop("details", [])
    body = {"error": {"code": status, "message": text, "status": name, "details": details}}
    return json_reply(body, status, **more)


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s"}
INVALID_KEY = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
}
