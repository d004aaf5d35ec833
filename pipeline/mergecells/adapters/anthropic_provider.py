"""Anthropic's Messages API through its own library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import httpx2

from mergecells.adapters.provider_http import BoundedClient, check_stream, read_json, translated
from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ModelAnswer, ModelRequest
from mergecells.domain.routing import Provider
from mergecells.transforms.anthropic_format import AnthropicStream, anthropic_body, read_anthropic_answer
from mergecells.transforms.provider_failures import refused

ADDRESS = "https://api.anthropic.com"
# Errors in a stream come with the status of the stream, 200; what they mean is their type.
_STATUS = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
}


class AnthropicProvider:
    def __init__(self, name: str, provider: Provider, key: str) -> None:
        self._name, self._key = name, key
        self._client = anthropic.AsyncAnthropic(
            api_key=key or "none", base_url=provider.base_url or ADDRESS, max_retries=0, http_client=BoundedClient()
        )

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        with translated(self._name, self._key):
            # See OpenAIProvider.complete.
            response = await self._client.post(
                "/v1/messages",
                body=_body(request),
                cast_to=httpx2.Response,
                options={"timeout": request.timeout_s},
            )
            return read_anthropic_answer(self._name, read_json(self._name, response), _request_id(response))

    async def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelAnswer]:
        taken = AnthropicStream(self._name)
        with translated(self._name, self._key):
            events = await self._client.messages.create(**_typed(request), stream=True, timeout=request.timeout_s)
            try:
                check_stream(self._name, events.response)
                taken.request_id = _request_id(events.response)
                async for event in events:
                    text = taken.take(event.to_dict(mode="python", exclude_unset=True, warnings=False))
                    if text:
                        yield text
            except anthropic.APIStatusError as error:
                raise _in_stream(self._name, error) from None
            finally:
                await events.close()
            yield taken.answer()

    async def close(self) -> None:
        await self._client.close()


def _body(request: ModelRequest) -> dict[str, Any]:
    body = anthropic_body(request)
    if request.output_schema is not None and request.json_schema:
        # What Anthropic does not take in a schema becomes words of its description; we check the whole of it anyway.
        schema = anthropic.transform_schema(dict(request.output_schema))
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return body


def _typed(request: ModelRequest) -> dict[str, Any]:
    """The parameters of `messages.create`, which has none for sampling since newer models refuse it; the API has."""
    body = _body(request)
    sampling = {name: body.pop(name) for name in ("temperature", "top_p") if name in body}
    return body | {"extra_body": sampling} if sampling else body


def _request_id(response: Any) -> str:
    return str(response.headers.get("request-id", ""))[:200]


def _in_stream(name: str, error: anthropic.APIStatusError) -> ProviderError:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    kind = inner.get("type") if isinstance(inner, dict) else None
    failure = refused(name, _STATUS.get(str(kind), 500), body)
    failure.may_cost = True
    return failure
