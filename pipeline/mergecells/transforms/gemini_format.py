"""`generateContent` as Google publishes it.

Source: the types of the library google-genai (GenerateContentConfig, GenerateContentResponse and what they hold), and
the REST names of the same fields on ai.google.dev.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import Finish, ModelAnswer, ModelRequest
from mergecells.domain.messages import ImagePart, Part
from mergecells.transforms.anthropic_format import data_image, split_system
from mergecells.transforms.openai_format import cut
from mergecells.transforms.provider_failures import clean, unreadable
from mergecells.transforms.usage_read import read_gemini_usage

_FINISH: Mapping[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}


def gemini_contents(request: ModelRequest) -> list[dict[str, Any]]:
    """The conversation; what the system says is in the config."""
    _, rest = split_system(request.messages)
    return [
        {"role": "model" if each.role == "assistant" else "user", "parts": [_part(part) for part in each.parts]}
        for each in rest
    ]


def gemini_config(request: ModelRequest) -> dict[str, Any]:
    """The fields of GenerateContentConfig, by the library's names."""
    options = request.options
    system, _ = split_system(request.messages)
    config: dict[str, Any] = {
        "system_instruction": system or None,
        "max_output_tokens": request.max_output_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "frequency_penalty": options.frequency_penalty,
        "presence_penalty": options.presence_penalty,
        "seed": options.seed,
        "stop_sequences": options.stop_sequences or None,
    }
    if request.output_schema is not None and request.json_schema:
        config["response_mime_type"] = "application/json"
        config["response_json_schema"] = dict(request.output_schema)
    return {name: value for name, value in config.items() if value is not None}


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, ImagePart):
        return {"text": part.text}
    data = data_image(part.source)
    if data is not None:
        return {"inline_data": {"mime_type": data[0], "data": data[1]}}
    kind = mimetypes.guess_type(urlsplit(part.source).path)[0]
    return {"file_data": {"file_uri": part.source, "mime_type": kind or "image/jpeg"}}


def read_gemini_answer(provider: str, data: Any, request_id: str = "") -> ModelAnswer:
    """A GenerateContentResponse → the answer. Raises ProviderError for what is none, and for a blocked prompt."""
    taken = GeminiStream(provider)
    if not isinstance(data, Mapping) or not ("candidates" in data or "promptFeedback" in data):
        raise unreadable(provider, 200, "JSON without candidates")
    taken.take(data)
    taken.request_id = request_id
    return taken.answer()


class GeminiStream:
    """Takes the responses of one stream in their order; a whole answer is a stream of one."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.request_id = ""
        self._texts: list[str] = []
        self._usage: Any = None
        self._reason: Any = None

    def take(self, data: Any) -> str:
        """The text that a response adds. Raises ProviderError when the prompt was blocked."""
        if not isinstance(data, Mapping):
            return ""
        self._usage = data.get("usageMetadata") or self._usage
        self.request_id = str(data.get("responseId") or self.request_id)[:200]
        _refuse_blocked(self.provider, data.get("promptFeedback"))
        candidates = data.get("candidates")
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        if not isinstance(first, Mapping):
            return ""
        self._reason = first.get("finishReason") or self._reason
        content = first.get("content")
        parts = content.get("parts") if isinstance(content, Mapping) else None
        text = "".join(_text(part) for part in parts) if isinstance(parts, list) else ""
        if text:
            self._texts.append(text)
        return text

    def answer(self) -> ModelAnswer:
        """Raises ProviderError when no reason to end ever came."""
        if not isinstance(self._reason, str):
            raise cut(self.provider, sum(map(len, self._texts)))
        return self.so_far()

    def so_far(self) -> ModelAnswer:
        """What was taken until now, whether it is whole or not."""
        finish = _FINISH.get(self._reason, "other") if isinstance(self._reason, str) else "other"
        return ModelAnswer("".join(self._texts), finish, read_gemini_usage(self._usage), self.request_id)


def _text(part: Any) -> str:
    """Of a part that is the answer's; a part with `thought` is what the model said to itself."""
    text = part.get("text") if isinstance(part, Mapping) and not part.get("thought") else None
    return text if isinstance(text, str) else ""


def _refuse_blocked(provider: str, feedback: Any) -> None:
    reason = feedback.get("blockReason") if isinstance(feedback, Mapping) else None
    if reason:
        raise ProviderError("content_filter", f"{provider} blocked the prompt ({clean(str(reason))}).")
