"""Chat completions as OpenAI publishes them, which Moonshot and many servers speak too.

Source: the types of the library openai (`types/chat`: completion_create_params, chat_completion,
chat_completion_chunk), generated from OpenAI's own API description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import Finish, ModelAnswer, ModelRequest
from mergecells.domain.messages import ImagePart, Message
from mergecells.transforms.json_answers import is_closed
from mergecells.transforms.provider_failures import unreadable
from mergecells.transforms.usage_read import read_openai_usage

_FINISH: Mapping[str, Finish] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


def openai_body(request: ModelRequest) -> dict[str, Any]:
    """The parameters of `chat.completions.create`, without `stream`."""
    options = request.options
    limit = "max_completion_tokens" if request.provider.kind == "openai" else "max_tokens"
    body: dict[str, Any] = {
        "model": request.model_id,
        "messages": [_message(message) for message in request.messages],
        limit: request.max_output_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "frequency_penalty": options.frequency_penalty,
        "presence_penalty": options.presence_penalty,
        "seed": options.seed,
        "stop": options.stop_sequences or None,
    }
    if request.output_schema is not None and request.json_schema:
        schema = dict(request.output_schema)
        asked = {"name": "answer", "schema": schema, "strict": is_closed(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": asked}
    return {name: value for name, value in body.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    if not any(isinstance(part, ImagePart) for part in message.parts):
        return {"role": message.role, "content": message.text}
    parts = [
        {"type": "image_url", "image_url": {"url": part.source}}
        if isinstance(part, ImagePart)
        else {"type": "text", "text": part.text}
        for part in message.parts
    ]
    return {"role": message.role, "content": parts}


def read_openai_answer(provider: str, data: Any, request_id: str = "") -> ModelAnswer:
    """A chat completion → the answer. Raises ProviderError for what is none."""
    choice = _first(data)
    message = choice.get("message") if choice else None
    if not isinstance(message, Mapping):
        raise unreadable(provider, 200, "JSON without a message")
    content = message.get("content")
    refusal = message.get("refusal")
    text = content if isinstance(content, str) else _joined(content)
    finish = _finish(choice.get("finish_reason") if choice else None)
    if not text and isinstance(refusal, str) and refusal:
        text, finish = refusal, "content_filter"
    return ModelAnswer(text, finish, read_openai_usage(data.get("usage")), request_id)


class OpenAIStream:
    """Takes the chunks of one stream in their order."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.request_id = ""
        self._texts: list[str] = []
        self._finish: str | None = None
        self._usage: Any = None
        self._refused = False

    def take(self, chunk: Any) -> str:
        """The text that a chunk adds, often none."""
        if not isinstance(chunk, Mapping):
            return ""
        # Some servers send the usage with every chunk, OpenAI in a last one without choices: the last one counts.
        self._usage = chunk.get("usage") or self._usage
        choice = _first(chunk)
        if choice is None:
            return ""
        # Moonshot sends the usage inside the last choice.
        self._usage = choice.get("usage") or self._usage
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta")
        text = delta.get("content") if isinstance(delta, Mapping) else None
        if not text and isinstance(delta, Mapping) and isinstance(delta.get("refusal"), str):
            self._refused = self._refused or bool(delta["refusal"])
        if not isinstance(text, str):
            return ""
        self._texts.append(text)
        return text

    def answer(self) -> ModelAnswer:
        """Raises ProviderError when the provider's own end never came."""
        if self._finish is None:
            raise cut(self.provider, sum(map(len, self._texts)))
        return self.so_far()

    def so_far(self) -> ModelAnswer:
        """What was taken until now, whether it is whole or not."""
        finish = "content_filter" if self._refused and not self._texts else _finish(self._finish)
        return ModelAnswer("".join(self._texts), finish, read_openai_usage(self._usage), self.request_id)


def cut(provider: str, characters: int) -> ProviderError:
    """The error for a stream that ends without its end."""
    return ProviderError("connection", f"{provider}'s stream was cut after {characters:,} characters.", may_cost=True)


def _first(data: Any) -> Mapping[str, Any] | None:
    choices = data.get("choices") if isinstance(data, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Mapping) else None


def _joined(content: Any) -> str:
    """Some servers answer with parts as they are asked with."""
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def _finish(reason: Any) -> Finish:
    return _FINISH.get(reason, "other") if isinstance(reason, str) else "other"
