"""What a call costs, at the most before it is made and as reported after it, in US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mergecells.domain.llm import CostSource, ModelRequest, ReportedUsage, TokenSource
from mergecells.domain.messages import ImagePart
from mergecells.domain.prices import Price, Prices
from mergecells.domain.routing import Model, Provider, ProviderKind
from mergecells.transforms.price_table import bundled_cost, is_in_bundled_table

WORST_IMAGE_TOKENS = 6_000
WORST_MESSAGE_TOKENS = 16
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceOf:
    """The price of one model: that of `prices.yaml`, else (`stated` is None) of the bundled table."""

    name: str
    model: Model
    provider: Provider
    stated: Price | None

    def cost(self, given: int, made: int, cached: int = 0, written: int = 0) -> float | None:
        """Dollars for one request; None when it cannot be told."""
        if self.stated is None:
            return bundled_cost(self.name, self.model, self.provider, given, made, cached, written)
        price = self.stated
        cached_price = price.input if price.cached is None else price.cached
        tokens = (given - cached) * price.input + cached * cached_price + made * price.output
        return tokens / MILLION + price.request


class Metered(NamedTuple):
    """Tokens and cost of one answer, with where each number is from."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    token_source: TokenSource
    cost: float | None
    cost_source: CostSource


def find_price(prices: Prices, name: str, model: Model, provider: Provider) -> PriceOf | None:
    """The price of a model; None when neither table has one."""
    stated = prices.prices.get(name)
    if stated is None and not _is_bundled(name, model.id, model.provider, provider.kind):
        return None
    return PriceOf(name, model, provider, stated)


@lru_cache(maxsize=1_024)
def _is_bundled(name: str, model_id: str | None, provider_name: str, kind: ProviderKind) -> bool:
    model = Model(provider=provider_name, id=model_id, context_tokens=1, max_output_tokens=1)
    return is_in_bundled_table(name, model, Provider.model_construct(kind=kind))


def worst_case(price: PriceOf | None, request: ModelRequest) -> float | None:
    """The most that one request can cost; None without a price.

    A tokenizer of bytes makes no more tokens than a text has bytes, so the bound holds for every model.
    """
    if price is None:
        return None
    # What Perplexity reads in the web is input too, and may fill the context.
    searches = request.provider.kind == "perplexity"
    given = price.model.context_tokens if searches else most_input_tokens(request)
    return price.cost(given, request.max_output_tokens)


def most_input_tokens(request: ModelRequest) -> int:
    """More tokens than the request's input can have."""
    tokens = sum(len(message.text.encode()) + WORST_MESSAGE_TOKENS for message in request.messages)
    images = sum(isinstance(part, ImagePart) for message in request.messages for part in message.parts)
    schema = len(str(request.output_schema)) if request.output_schema is not None else 0
    return tokens + images * WORST_IMAGE_TOKENS + schema * 2


def meter(
    price: PriceOf | None, usage: ReportedUsage, counted: tuple[int, int], method: TokenSource, has_text: bool
) -> Metered:
    """Tokens and cost of an answer. `counted` are our own numbers, by `method`, for what the provider left out.

    A report of 0 for a text that is there is taken for none.
    """
    given = usage.input_tokens or None
    made = usage.output_tokens if usage.output_tokens or not has_text else None
    reported = given is not None and made is not None
    tokens = (counted[0] if given is None else given, counted[1] if made is None else made)
    cached = min(usage.cached_input_tokens, tokens[0])
    source: TokenSource = "provider" if reported else method
    if usage.cost is not None:
        return Metered(*tokens, cached, source, usage.cost, "precise")
    cost = price.cost(*tokens, cached, usage.cache_written_tokens) if price else None
    if cost is None:
        return Metered(*tokens, cached, source, None, "unknown")
    # prices.yaml has no price for what is written to a provider's cache.
    guessed = price is not None and price.stated is not None and usage.cache_written_tokens > 0
    return Metered(*tokens, cached, source, cost, "precise" if reported and not guessed else "heuristic")
