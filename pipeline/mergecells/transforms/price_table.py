"""What a model costs: from `prices.yaml`, else from the bundled table (genai-prices), else unknown."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from mergecells.domain.routing import Model, Provider, ProviderKind

_PROVIDERS: Mapping[ProviderKind, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "perplexity": "perplexity",
    "moonshot": "moonshotai",
}
"""Our kinds → the providers of genai-prices. A compatible server of one's own has prices of its own."""


def bundled_table_is_there() -> bool:
    """Whether genai-prices is installed."""
    return find_spec("genai_prices") is not None


def bundled_provider(kind: ProviderKind) -> str | None:
    """What genai-prices calls this provider; None when it has no prices for it."""
    return _PROVIDERS.get(kind)


def is_in_bundled_table(name: str, model: Model, provider: Provider) -> bool:
    """Whether the bundled table has a price for this model. False without the table."""
    known_as = bundled_provider(provider.kind)
    if known_as is None or not bundled_table_is_there():
        return False
    from genai_prices import Usage, calc_price

    try:
        calc_price(Usage(input_tokens=1, output_tokens=1), model_ref=model.id or name, provider_id=known_as)
    except LookupError:
        return False
    return True


def bundled_cost(
    name: str, model: Model, provider: Provider, given: int, made: int, cached: int = 0, written: int = 0
) -> float | None:
    """Dollars for one request by the bundled table, fees for requests and steps for long contexts included; None
    where it has no price."""
    known_as = bundled_provider(provider.kind)
    if known_as is None or not bundled_table_is_there():
        return None
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=given, output_tokens=made, cache_read_tokens=cached or None, cache_write_tokens=written or None
    )
    try:
        return float(calc_price(usage, model_ref=model.id or name, provider_id=known_as).total_price)
    except (LookupError, ValueError):
        return None
