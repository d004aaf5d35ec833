"""Perplexity: its Agent API, through the library of OpenAI, which it is compatible with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai

from mergecells.adapters.provider_http import BoundedClient, check_stream, read_json, translated
from mergecells.domain.llm import ModelAnswer, ModelRequest
from mergecells.domain.routing import Provider
from mergecells.transforms.responses_format import ResponsesStream, read_response, responses_body

ADDRESS = "https://api.perplexity.ai/v1"
_OMIT = openai.Omit()


class PerplexityProvider:
    def __init__(self, name: str, provider: Provider, key: str) -> None:
        self._name, self._key = name, key
        foreign = dict.fromkeys(("OpenAI-Organization", "OpenAI-Project"), _OMIT)
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=provider.base_url or ADDRESS,
            max_retries=0,
            http_client=BoundedClient(),
            default_headers=foreign,  # type: ignore[arg-type]
        )

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        with translated(self._name, self._key):
            raw = await self._client.responses.with_raw_response.create(
                **responses_body(request), timeout=request.timeout_s
            )
            return read_response(self._name, read_json(self._name, raw.http_response))

    async def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelAnswer]:
        taken = ResponsesStream(self._name)
        with translated(self._name, self._key):
            events = await self._client.responses.create(
                **responses_body(request), stream=True, timeout=request.timeout_s
            )
            try:
                check_stream(self._name, events.response)
                async for event in events:
                    text = taken.take(event.to_dict(mode="python", exclude_unset=True, warnings=False))
                    if text:
                        yield text
            finally:
                await events.close()
            yield taken.answer()

    async def close(self) -> None:
        await self._client.close()
