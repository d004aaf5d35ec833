"""What the stand-ins answer has the form that the providers' own libraries were generated from."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pydantic
import pytest

from standins.llm import anthropic_api, gemini_api, openai_api, perplexity_api

# By name: importing the libraries takes a third of the time in which pytest reads all tests.
MESSAGE, EVENT = "anthropic.types:Message", "anthropic.types:RawMessageStreamEvent"
COMPLETION, CHUNK = "openai.types.chat:ChatCompletion", "openai.types.chat:ChatCompletionChunk"


def problems(kind: str, value: Any) -> list[str]:
    """Where a value does not fit a type of a library, strictly: no conversion, nothing missing."""
    try:
        pydantic.TypeAdapter(resolve_name(kind)).validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        return [str(each) for each in error.errors()]
    return []


def unknown(model: str, value: dict[str, Any]) -> list[str]:
    """Fields that the library's type does not know, at any depth."""
    read = pydantic.TypeAdapter(resolve_name(model)).validate_python(value)
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
    assert problems(COMPLETION, made) == []
    assert unknown(COMPLETION, made) == []
    for chunk in openai_api.chunks("Hello there", finish=finish):
        assert problems(CHUNK, chunk) == []
        assert unknown(CHUNK, chunk) == []


def test_openai_compatible_additions_are_the_only_unknown_fields() -> None:
    """Perplexity and Moonshot differ from OpenAI where their pages say so, and nowhere else."""
    perplexity = openai_api.completion("Hi", usage=openai_api.PERPLEXITY_USAGE)
    assert unknown(COMPLETION, perplexity) == ["cost", "search_context_size"]
    moonshot = openai_api.completion("Hi", usage=openai_api.MOONSHOT_USAGE)
    assert unknown(COMPLETION, moonshot) == ["cached_tokens"]


def test_perplexity_answers_are_read_by_the_library_of_openai() -> None:
    """Perplexity says that its Agent API is compatible with it: text and status arrive in the library's type."""
    read = resolve_name("openai.types.responses:Response").construct(**perplexity_api.response("Hi"))
    assert (read.output_text, read.status) == ("Hi", "completed")


def test_anthropic_answers_fit_the_types_of_the_library() -> None:
    """A whole answer and each event of a stream are valid, and have no field that Anthropic does not."""
    for made in (anthropic_api.message("Hi"), anthropic_api.message("Hi", usage=anthropic_api.CACHED_USAGE)):
        assert problems(MESSAGE, made) == []
        assert unknown(MESSAGE, made) == []
    for event in anthropic_api.events("Hello there"):
        if event["type"] != "ping":  # The library leaves pings out before its types.
            assert problems(EVENT, event) == []


def test_gemini_answers_fit_the_types_of_the_library() -> None:
    """A whole answer and each response of a stream are valid; the type forbids fields that it does not know."""
    kind = resolve_name("google.genai.types:GenerateContentResponse")
    assert kind.model_config["extra"] == "forbid"
    for made in (
        gemini_api.response("Hi"),
        gemini_api.response("Hi", usage=gemini_api.THOUGHT_USAGE),
        *gemini_api.responses("Hello there"),
    ):
        kind.model_validate(made)
