"""A provider of `routing.yaml` → the client of its library, which is imported when it is first called."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mergecells.domain.errors import ProviderError
from mergecells.domain.routing import Provider
from mergecells.ports import ModelProvider


class ProviderFactory:
    """Makes providers with the keys of the environment. `environment` is read at each call: a key may come later."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def __call__(self, name: str, provider: Provider) -> ModelProvider:
        """Raises ProviderError (`auth`) without the key's variable, (`not_found`) without the library."""
        key = self._key(name, provider)
        try:
            return _make(name, provider, key)
        except ImportError as error:
            raise ProviderError(
                "not_found", f"The library of {name} is not installed ({error.name}).",
                'Install it: pip install "mergecells[llm]".',
            ) from error  # fmt: skip

    def key_digest(self, provider: Provider) -> int:
        """Changes when the key does, so that a client with an old one is not used on."""
        return hash(self._environment.get(provider.key_env or "", ""))

    def _key(self, name: str, provider: Provider) -> str:
        if not provider.key_env:
            return ""
        key = self._environment.get(provider.key_env, "").strip()
        if not key:
            raise ProviderError(
                "auth", f"The environment variable {provider.key_env} is not set, which holds the key of {name}.",
                f"Set it for this process; prompts/routing.yaml names it as `key_env` of {name}.",
            )  # fmt: skip
        if not key.isascii() or not key.isprintable():
            raise ProviderError("auth", f"{provider.key_env} holds something that is no key.", "Set it anew.")
        return key


def _make(name: str, provider: Provider, key: str) -> ModelProvider:
    if provider.kind == "anthropic":
        from mergecells.adapters.anthropic_provider import AnthropicProvider

        return AnthropicProvider(name, provider, key)
    if provider.kind == "perplexity":
        from mergecells.adapters.perplexity_provider import PerplexityProvider

        return PerplexityProvider(name, provider, key)
    if provider.kind == "gemini":
        from mergecells.adapters.gemini_provider import GeminiProvider

        return GeminiProvider(name, provider, key)
    from mergecells.adapters.openai_provider import OpenAIProvider

    return OpenAIProvider(name, provider, key)
