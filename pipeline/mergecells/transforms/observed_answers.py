"""What a program got from a provider by itself → text, tokens and model, whatever library it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ModelAnswer
from mergecells.domain.routing import ProviderKind
from mergecells.transforms.anthropic_format import AnthropicStream, read_anthropic_answer
from mergecells.transforms.gemini_format import GeminiStream
from mergecells.transforms.openai_format import OpenAIStream, read_openai_answer

MOST_CHARACTERS = 2_000_000
"""Of the texts that are kept to count them."""


class Observed(NamedTuple):
    """`kind` and `model_id` as far as the answer tells them, else None and empty."""

    answer: ModelAnswer
    kind: ProviderKind | None
    model_id: str


class _Reader(Protocol):
    def take(self, data: Any) -> str: ...

    def so_far(self) -> ModelAnswer: ...


class ObservedAnswer:
    """Takes what a function returned, or what its generator gave, one by one."""

    def __init__(self) -> None:
        self._reader: _Reader | None = None
        self._whole: ModelAnswer | None = None
        self._texts: list[str] = []
        self._characters = 0
        self._kind: ProviderKind | None = None
        self._model_id = ""

    def take(self, item: Any) -> None:
        """Read one item. What is no answer of a known form is left out; nothing is raised."""
        if isinstance(item, str):
            self._keep(item)
            return
        data = plain(item)
        if data is None:
            return
        self._model_id = _model_id(data) or self._model_id
        kind = _kind(data)
        if kind is None:
            return
        self._kind = kind
        try:
            self._read(kind, data)
        except ProviderError:  # Blocked, or odd: what was said so far stands.
            return

    def result(self) -> Observed:
        if self._whole is not None:
            return Observed(self._whole, self._kind, self._model_id)
        if self._reader is not None:
            return Observed(self._reader.so_far(), self._kind, self._model_id)
        return Observed(ModelAnswer("".join(self._texts), "other"), None, self._model_id)

    def _read(self, kind: ProviderKind, data: Mapping[str, Any]) -> None:
        if kind == "openai" and data.get("object") != "chat.completion.chunk" and _has_message(data):
            self._whole = read_openai_answer("", data)
        elif kind == "anthropic" and data.get("type") == "message":
            self._whole = read_anthropic_answer("", data)
        else:
            self._reader = self._reader or _READERS[kind]("")
            self._reader.take(data)

    def _keep(self, text: str) -> None:
        self._characters += len(text)
        if self._characters <= MOST_CHARACTERS:
            self._texts.append(text)


_READERS: Mapping[str, Callable[[str], _Reader]] = {
    "openai": OpenAIStream,
    "anthropic": AnthropicStream,
    "gemini": GeminiStream,
}
_ANTHROPIC_EVENTS = ("message", "message_start", "content_block_delta", "message_delta", "message_stop")


def plain(item: Any) -> Mapping[str, Any] | None:
    """A mapping from a mapping or from a library's own object; None for anything else."""
    if isinstance(item, Mapping):
        return item
    dump = getattr(item, "model_dump", None)
    if not callable(dump):
        return None
    try:
        data = dump(mode="json", by_alias=True, exclude_none=True, warnings=False)
    except Exception:  # noqa: BLE001 - whatever a stranger's object does, the program's own call goes on
        return None
    return data if isinstance(data, Mapping) else None


def _kind(data: Mapping[str, Any]) -> ProviderKind | None:
    if "choices" in data:
        return "openai"
    if data.get("type") in _ANTHROPIC_EVENTS:
        return "anthropic"
    return "gemini" if "candidates" in data or "usageMetadata" in data else None


def _model_id(data: Mapping[str, Any]) -> str:
    message = data.get("message")
    inner = message.get("model") if isinstance(message, Mapping) else None
    found = data.get("model") or data.get("modelVersion") or inner
    return found[:200] if isinstance(found, str) else ""


def _has_message(data: Mapping[str, Any]) -> bool:
    choices = data.get("choices")
    return bool(isinstance(choices, list) and choices and isinstance(choices[0], Mapping) and "message" in choices[0])
