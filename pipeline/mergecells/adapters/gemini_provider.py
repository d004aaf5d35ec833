"""Gemini's API through Google's own library."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from google import genai
from google.genai import types
from pydantic import ValidationError

from mergecells.adapters.provider_http import BoundedClient, translated
from mergecells.domain.llm import ModelAnswer, ModelRequest
from mergecells.domain.routing import Provider
from mergecells.transforms.gemini_format import GeminiStream, gemini_config, gemini_contents, read_gemini_answer
from mergecells.transforms.provider_failures import unreadable

ADDRESS = "https://generativelanguage.googleapis.com"
_NO_TOOLS = types.AutomaticFunctionCallingConfig(disable=True)


class GeminiProvider:
    def __init__(self, name: str, provider: Provider, key: str) -> None:
        self._name, self._key = name, key
        self._http = BoundedClient(mend=without_odd_usage)
        options = types.HttpOptions(base_url=provider.base_url or ADDRESS, httpx_async_client=self._http)
        # Stated, since the library would read GOOGLE_GENAI_USE_VERTEXAI and then want a project.
        self._client = genai.Client(api_key=key or "none", vertexai=False, http_options=options)

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        with translated(self._name, self._key):
            # As it came: what the provider's types do not know, or find odd, must not lose an answer that was paid for.
            response = await self._client.aio.models.generate_content(
                **_arguments(request, should_return_http_response=True)
            )
            raw = response.sdk_http_response
            content_type = (raw.headers or {}).get("content-type", "") if raw else ""
            return read_gemini_answer(self._name, _json(self._name, raw.body if raw else None, content_type))

    async def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelAnswer]:
        taken = GeminiStream(self._name)
        with translated(self._name, self._key):
            responses = await self._client.aio.models.generate_content_stream(**_arguments(request))
            try:
                async for response in responses:
                    data = response.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)
                    text = taken.take(data)
                    if text:
                        yield text
            finally:
                close = getattr(responses, "aclose", None)
                if close is not None:
                    await close()
            yield taken.answer()

    async def close(self) -> None:
        await self._http.aclose()


def _arguments(request: ModelRequest, **more: Any) -> dict[str, Any]:
    http = types.HttpOptions(timeout=max(1, round(request.timeout_s * 1000)))
    config = types.GenerateContentConfig(
        **gemini_config(request), http_options=http, automatic_function_calling=_NO_TOOLS, **more
    )
    return {"model": request.model_id, "contents": gemini_contents(request), "config": config}


def without_odd_usage(line: bytes) -> bytes:
    """A line of a stream without counts that make no sense: the library would end the stream at them, and the answer
    that was paid for would be lost. What is left out is counted by ourselves."""
    if not line.startswith(b"data:") or b"usageMetadata" not in line:
        return line
    try:
        data = json.loads(line[5:])
        types.GenerateContentResponseUsageMetadata.model_validate(data["usageMetadata"])
    except ValidationError:
        del data["usageMetadata"]
        return b"data: " + json.dumps(data).encode() + line[len(line.rstrip(b"\r")) :]
    except (ValueError, TypeError, KeyError, RecursionError):
        return line
    return line


def _json(name: str, body: str | None, content_type: str) -> Any:
    try:
        return json.loads(body or "")
    except (ValueError, RecursionError):
        raise unreadable(name, 200, content_type) from None
