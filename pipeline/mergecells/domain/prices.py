"""`prompts/prices.yaml`: what models cost, where the bundled table of prices has them not or has them wrong."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mergecells.domain.prompts import ModelName
from mergecells.domain.scoring import ConfigModel

PRICES_FILE = "prompts/prices.yaml"
Dollars = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Price(ConfigModel):
    """US dollars per million tokens; `request` in dollars for each request, on top of the tokens."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = Field(
        default=None, description="Input that the provider had cached; as input if left out."
    )
    request: Dollars = Field(default=0, description="A fee for each request, as Perplexity has it.")
    description: str = ""


class Prices(ConfigModel):
    """`prompts/prices.yaml`: by the name that `routing.yaml` gives a model."""

    prices: dict[ModelName, Price] = Field(default_factory=dict)
