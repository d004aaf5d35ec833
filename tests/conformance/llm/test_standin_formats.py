"""What the stand-ins answer has the form that the providers' own libraries were generated from."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response

from standins.llm import anthropic_api, gemini_api, openai_api, perplexity_api


def problems(kind: Any, value: Any) -> list[str]:
    """Where a value does not fit a type of a library, strictly: no conversion, nothing missing."""
    try:
        pydantic.TypeAdapter(kind).validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        return [str(each) for each in error.errors()]
    return []


def unknown(model: type[pydantic.BaseModel], value: dict[str, Any]) -> list[str]:
    """Fields that the library's type does not know, at any depth."""
    read = pydantic.TypeAdapter(model).validate_python(value)
    return sorted(_extra(read))


def _extra(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for each in value for name in _extra(each)]
    if not isinstance(value, pydantic.BaseModel):
        return []
    inner = [name for each in value.__dict__.values() for name in _extra(each)]
    return [*(value.model_extra or {}), *inner]


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter"])
def test_openai_answers_fit_the_types_of_the_library(finish: str) -> None:
    """A whole answer and each chunk of a stream are valid, and have no field that OpenAI does not."""
    made = openai_api.completion("Hi", finish=finish)
    assert problems(ChatCompletion, made) == []
    assert unknown(ChatCompletion, made) == []
    for chunk in openai_api.chunks("Hello there", finish=finish):
        assert problems(ChatCompletionChunk, chunk) == []
        assert unknown(ChatCompletionChunk, chunk) == []


def test_openai_compatible_additions_are_the_only_unknown_fields() -> None:
    """Perplexity and Moonshot differ from OpenAI where their pages say so, and nowhere else."""
    perplexity = openai_api.completion("Hi", usage=openai_api.PERPLEXITY_USAGE)
    assert unknown(ChatCompletion, perplexity) == ["cost", "search_context_size"]
    moonshot = openai_api.completion("Hi", usage=openai_api.MOONSHOT_USAGE)
    assert unknown(ChatCompletion, moonshot) == ["cached_tokens"]


def test_perplexity_answers_are_read_by_the_library_of_openai() -> None:
    """Perplexity says that its Agent API is compatible with it: text and status arrive in the library's type."""
    read = Response.construct(**perplexity_api.response("Hi"))
    assert (read.output_text, read.status) == ("Hi", "completed")


def test_anthropic_answers_fit_the_types_of_the_library() -> None:
    """A whole answer and each event of a stream are valid, and have no field that Anthropic does not."""
    for made in (anthropic_api.message("Hi"), anthropic_api.message("Hi", usage=anthropic_api.CACHED_USAGE)):
        assert problems(Message, made) == []
        assert unknown(Message, made) == []
    for event in anthropic_api.events("Hello there"):
        if event["type"] != "ping":  # The library leaves pings out before its types.
            assert problems(RawMessageStreamEvent, event) == []


def test_gemini_answers_fit_the_types_of_the_library() -> None:
    """A whole answer and each response of a stream are valid; the type forbids fields that it does not know."""
    assert GenerateContentResponse.model_config["extra"] == "forbid"
    for made in (
        gemini_api.response("Hi"),
        gemini_api.response("Hi", usage=gemini_api.THOUGHT_USAGE),
        *gemini_api.responses("Hello there"),
    ):
        GenerateContentResponse.model_validate(made)
