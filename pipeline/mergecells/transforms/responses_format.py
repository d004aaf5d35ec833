"""The Responses API as Perplexity's Agent API speaks it, which took the place of its chat completions in 2026.

Source: docs.perplexity.ai (Create Agent Response, OpenAI compatibility, migration from Sonar), and the types of the
library openai (`types/responses`). Output items and events are an open set: what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import Finish, ModelAnswer, ModelRequest
from mergecells.domain.messages import ImagePart, Message, Part
from mergecells.transforms.anthropic_format import split_system
from mergecells.transforms.openai_format import cut
from mergecells.transforms.provider_failures import refused, unreadable
from mergecells.transforms.usage_read import read_responses_usage

MOST_STEPS = 1
"""Of searching before the answer. Each costs a fee and reads pages, so more would leave the worst case open."""

_ENDS = ("response.completed", "response.incomplete", "response.failed")


def responses_body(request: ModelRequest) -> dict[str, Any]:
    """The parameters of `responses.create`, without `stream`; what is Perplexity's own is in `extra_body`."""
    system, rest = split_system(request.messages)
    extra: dict[str, Any] = {"max_steps": MOST_STEPS}
    if request.output_schema is not None and request.json_schema:
        schema = {"name": "answer", "schema": dict(request.output_schema)}
        extra["response_format"] = {"type": "json_schema", "json_schema": schema}
    body: dict[str, Any] = {
        "model": request.model_id,
        "input": [_message(message) for message in rest],
        "instructions": system or None,
        "max_output_tokens": request.max_output_tokens,
        "temperature": request.options.temperature,
        "top_p": request.options.top_p,
        "tools": [{"type": "web_search"}],
        "extra_body": extra,
    }
    return {name: value for name, value in body.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    if not any(isinstance(part, ImagePart) for part in message.parts):
        return {"type": "message", "role": message.role, "content": message.text}
    return {"type": "message", "role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, ImagePart):
        return {"type": "input_image", "image_url": part.source}
    return {"type": "input_text", "text": part.text}


def read_response(provider: str, data: Any, request_id: str = "") -> ModelAnswer:
    """A response → the answer. Raises ProviderError for what is none, and for one that says that it failed."""
    output = data.get("output") if isinstance(data, Mapping) else None
    if not isinstance(output, list):
        raise unreadable(provider, 200, "JSON without output")
    if data.get("status") == "failed":
        raise _failed(provider, data.get("error"))
    parts = [part for item in output for part in _contents(item)]
    texts = (part.get("text") for part in parts if part.get("type") == "output_text")
    text = "".join(each for each in texts if isinstance(each, str))
    usage = read_responses_usage(data.get("usage"))
    return ModelAnswer(text, _finish(data), usage, request_id or str(data.get("id") or "")[:200])


class ResponsesStream:
    """Takes the events of one stream in their order."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.request_id = ""
        self._characters = 0
        self._end: Any = None

    def take(self, event: Any) -> str:
        """The text that an event adds, often none. Raises ProviderError for one that says that the answer failed."""
        kind = event.get("type") if isinstance(event, Mapping) else None
        if kind == "response.output_text.delta" and isinstance(event.get("delta"), str):
            self._characters += len(event["delta"])
            return str(event["delta"])
        if kind == "error":
            raise _failed(self.provider, event.get("error") or event)
        if kind in _ENDS:
            self._end = event.get("response")
        return ""

    def answer(self) -> ModelAnswer:
        """Raises ProviderError when no end ever came."""
        if not isinstance(self._end, Mapping):
            raise cut(self.provider, self._characters)
        return read_response(self.provider, self._end, self.request_id)


def _contents(item: Any) -> list[Mapping[str, Any]]:
    content = item.get("content") if isinstance(item, Mapping) and item.get("type") == "message" else None
    return [part for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []


def _finish(data: Mapping[str, Any]) -> Finish:
    if data.get("status") == "completed":
        return "stop"
    details = data.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    if reason == "content_filter":
        return "content_filter"
    return "length" if data.get("status") == "incomplete" else "other"


def _failed(provider: str, error: Any) -> ProviderError:
    code = error.get("code") if isinstance(error, Mapping) else None
    status = code if isinstance(code, int) and 400 <= code <= 599 else 500
    failure = refused(provider, status, {"error": error} if isinstance(error, Mapping) else None)
    failure.may_cost = True
    return failure
