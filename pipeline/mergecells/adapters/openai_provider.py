"""OpenAI, and those that speak its chat completions: Moonshot, servers of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai

from mergecells.adapters.provider_http import BoundedClient, check_stream, read_json, translated
from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ModelAnswer, ModelRequest
from mergecells.domain.routing import Provider, ProviderKind
from mergecells.transforms.openai_format import OpenAIStream, openai_body, read_openai_answer
from mergecells.transforms.provider_failures import refused

ADDRESSES: dict[ProviderKind, str] = {
    "openai": "https://api.openai.com/v1",
    "moonshot": "https://api.moonshot.ai/v1",
}


class OpenAIProvider:
    """One provider of `routing.yaml`. `key` may be empty for a server that asks for none."""

    def __init__(self, name: str, provider: Provider, key: str) -> None:
        self._name, self._key = name, key
        # What the library would add from its own environment variables is for OpenAI, and for nobody else.
        foreign = {} if provider.kind == "openai" else dict.fromkeys(("OpenAI-Organization", "OpenAI-Project"), _OMIT)
        base = provider.base_url or ADDRESSES[provider.kind]
        # Whole, or the library takes it apart three times for each request.
        self._completions = f"{base.rstrip('/')}/chat/completions"
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=base,
            max_retries=0,
            http_client=BoundedClient(),
            default_headers=foreign,  # type: ignore[arg-type]
        )

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        with translated(self._name, self._key):
            # The method that the library has for any path: its own one for this path looks at each field of the request
            # by its type, and of the answer, which takes a fifth of the time of a call, and changes neither.
            response = await self._client.post(
                self._completions,
                body=openai_body(request),
                cast_to=httpx2.Response,
                options={"timeout": request.timeout_s, "headers": dict(request.headers)},
            )
            return read_openai_answer(self._name, read_json(self._name, response), _request_id(response))

    async def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelAnswer]:
        taken = OpenAIStream(self._name)
        with translated(self._name, self._key):
            chunks = await self._client.chat.completions.create(
                **openai_body(request),
                stream=True,
                stream_options={"include_usage": True},
                timeout=request.timeout_s,
                extra_headers=dict(request.headers),
            )
            try:
                check_stream(self._name, chunks.response)
                taken.request_id = _request_id(chunks.response)
                async for chunk in chunks:
                    text = taken.take(chunk.to_dict(mode="python", exclude_unset=True, warnings=False))
                    if text:
                        yield text
            except openai.APIStatusError:
                raise
            except openai.APIConnectionError:
                raise
            except openai.APIError as error:  # An error event in the middle of the stream.
                raise _in_stream(self._name, error) from None
            finally:
                await chunks.close()
            yield taken.answer()

    async def close(self) -> None:
        await self._client.close()


_OMIT = openai.Omit()


def _request_id(response: Any) -> str:
    return str(response.headers.get("x-request-id", ""))[:200]


def _in_stream(name: str, error: openai.APIError) -> ProviderError:
    status = error.body.get("code") if isinstance(error.body, dict) else None
    status = status if isinstance(status, int) and 400 <= status <= 599 else 500
    failure = refused(name, status, {"error": error.body} if isinstance(error.body, dict) else error.message)
    failure.may_cost = True
    return failure
