"""Chat completions as OpenAI answers them, and as Perplexity, Moonshot and compatible servers differ.

Formats: the types `ChatCompletion` and `ChatCompletionChunk` of the library openai, generated from OpenAI's API
description; tests validate each answer against them strictly. Perplexity's and Moonshot's additions: their pages of
chat completions (`usage.cost`, `search_results`; `usage.cached_tokens`, `usage` in the last choice of a stream).
"""

from __future__ import annotations

import json
from typing import Any

from standins.llm.server import Asked, Reply, event_reply, json_reply

USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
PERPLEXITY_USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "search_context_size": "low",
    "cost": {
        "input_tokens_cost": 0.00002,
        "output_tokens_cost": 0.000005,
        "request_cost": 0.005,
        "total_cost": 0.005025,
    },
}
MOONSHOT_USAGE = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25, "cached_tokens": 8}
SAID = "A good answer."


def respond(asked: Asked) -> Reply:
    """What is answered without a script."""
    model = asked.body.get("model", "m")
    if asked.body.get("stream"):
        return stream(SAID, model=model, with_usage=bool((asked.body.get("stream_options") or {}).get("include_usage")))
    return answer(SAID, model=model)


def completion(
    text: str, *, model: str = "gpt-4.1-mini", finish: str = "stop", usage: Any = USAGE, refusal: str | None = None
) -> dict[str, Any]:
    """`usage` may be any JSON value, or `...` to leave it out."""
    message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal, "annotations": []}
    made: dict[str, Any] = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
    }
    return made if usage is ... else {**made, "usage": usage}


def answer(text: str = SAID, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    return json_reply(completion(text, **more), headers={"x-request-id": "req_1", **headers})


def chunks(
    text: str, *, model: str = "gpt-4.1-mini", finish: str | None = "stop", usage: Any = USAGE, with_usage: bool = True
) -> list[dict[str, Any]]:
    base = {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
    }

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        made = {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}
        return {**made, "usage": None} if with_usage else made

    pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
    made = [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *(chunk({"content": each}) for each in pieces),
    ]
    made += [chunk({}, finish)] if finish else []
    return made + ([{**base, "choices": [], "usage": usage}] if with_usage and usage is not ... else [])


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def stream(text: str = SAID, *, cut: bool = False, done: bool = True, pause: float = 0.0, **more: Any) -> Reply:
    """`cut`: the connection breaks before the end; `done=False`: it ends without `[DONE]`."""
    events = [event(each) for each in chunks(text, **more)]
    if cut:
        return event_reply(events[: max(2, len(events) // 2)], cut=True, pause=pause)
    return event_reply(events + ([b"data: [DONE]\n\n"] if done else []), pause=pause, headers={"x-request-id": "req_2"})


def error(status: int, message: str = "Something is wrong.", kind: str = "server_error", **more: Any) -> Reply:
    """The errors of OpenAI's page of error codes."""
    code = more.pop("code", None)
    return json_reply({"error": {"message": message, "type": kind, "param": None, "code": code}}, status, **more)


def moonshot_stream(text: str = SAID) -> Reply:
    """Usage comes in the last choice, and no chunk without choices."""
    made = chunks(text, with_usage=False)
    made[-1]["choices"][0]["usage"] = MOONSHOT_USAGE
    return event_reply([*map(event, made), b"data: [DONE]\n\n"])


def perplexity_stream(text: str = SAID) -> Reply:
    """Usage comes with every chunk."""
    made = [{**each, "usage": PERPLEXITY_USAGE} for each in chunks(text, with_usage=False)]
    return event_reply([*map(event, made), b"data: [DONE]\n\n"])
