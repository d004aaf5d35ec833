"""The Messages API as Anthropic publishes it.

Source: the types of the library anthropic (message_create_params, message, raw_message_stream_event), generated from
Anthropic's own API description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mergecells.domain.llm import Finish, ModelAnswer, ModelRequest
from mergecells.domain.messages import ImagePart, Message, Part
from mergecells.transforms.openai_format import cut
from mergecells.transforms.provider_failures import unreadable
from mergecells.transforms.usage_read import read_anthropic_usage

_FINISH: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


def anthropic_body(request: ModelRequest) -> dict[str, Any]:
    """The parameters of `messages.create`, without `stream` and without the form of the answer."""
    options = request.options
    system, rest = split_system(request.messages)
    body: dict[str, Any] = {
        "model": request.model_id,
        "max_tokens": request.max_output_tokens,
        "messages": [{"role": each.role, "content": [_part(part) for part in each.parts]} for each in rest],
        "system": system or None,
        # Anthropic's scale ends at 1, that of the others at 2.
        "temperature": None if options.temperature is None else min(options.temperature, 1.0),
        "top_p": options.top_p,
        "stop_sequences": options.stop_sequences or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def split_system(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """(what the system says, together; the conversation). A prompt of the system alone is the user's: providers refuse
    a conversation without one."""
    rest = [each for each in messages if each.role != "system"]
    system = "\n\n".join(each.text for each in messages if each.role == "system" and each.text)
    if not rest:
        return "", [Message("user", tuple(part for each in messages for part in each.parts))]
    return system, rest


def data_image(source: str) -> tuple[str, str] | None:
    """(media type, base64) of a `data:` text; None for an address."""
    if not source.startswith("data:"):
        return None
    head, _, data = source.partition(",")
    return head.removeprefix("data:").removesuffix(";base64"), data


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, ImagePart):
        return {"type": "text", "text": part.text}
    data = data_image(part.source)
    if data is None:
        return {"type": "image", "source": {"type": "url", "url": part.source}}
    return {"type": "image", "source": {"type": "base64", "media_type": data[0], "data": data[1]}}


def read_anthropic_answer(provider: str, data: Any, request_id: str = "") -> ModelAnswer:
    """A message → the answer. Raises ProviderError for what is none."""
    content = data.get("content") if isinstance(data, Mapping) else None
    if not isinstance(content, list):
        raise unreadable(provider, 200, "JSON without content")
    parts = (each.get("text") for each in content if isinstance(each, Mapping) and each.get("type") == "text")
    text = "".join(part for part in parts if isinstance(part, str))
    return ModelAnswer(text, _finish(data.get("stop_reason")), read_anthropic_usage(data.get("usage")), request_id)


class AnthropicStream:
    """Takes the events of one stream in their order."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.request_id = ""
        self._texts: list[str] = []
        self._usage: dict[str, Any] = {}
        self._reason: Any = None
        self._ended = False

    def take(self, event: Any) -> str:
        """The text that an event adds, often none."""
        if not isinstance(event, Mapping):
            return ""
        match event.get("type"):
            case "message_start":
                message = event.get("message")
                self._use(message.get("usage") if isinstance(message, Mapping) else None)
            case "content_block_delta":
                delta = event.get("delta")
                text = delta.get("text") if isinstance(delta, Mapping) and delta.get("type") == "text_delta" else None
                if isinstance(text, str) and text:
                    self._texts.append(text)
                    return text
            case "message_delta":
                delta = event.get("delta")
                self._reason = (delta.get("stop_reason") if isinstance(delta, Mapping) else None) or self._reason
                self._use(event.get("usage"))
            case "message_stop":
                self._ended = True
        return ""

    def answer(self) -> ModelAnswer:
        """Raises ProviderError when `message_stop` never came."""
        if not self._ended:
            raise cut(self.provider, sum(map(len, self._texts)))
        return self.so_far()

    def so_far(self) -> ModelAnswer:
        """What was taken until now, whether it is whole or not."""
        usage = read_anthropic_usage(self._usage)
        return ModelAnswer("".join(self._texts), _finish(self._reason), usage, self.request_id)

    def _use(self, usage: Any) -> None:
        """The counts are cumulative: a later one takes the place of an earlier one, what is left out stays."""
        if isinstance(usage, Mapping):
            self._usage.update({name: value for name, value in usage.items() if value is not None})


def _finish(reason: Any) -> Finish:
    return _FINISH.get(reason, "other") if isinstance(reason, str) else "other"
