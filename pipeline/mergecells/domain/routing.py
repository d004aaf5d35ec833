"""`prompts/routing.yaml`: providers, models, and for each intent how it is told and which models serve it, in order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mergecells.domain.manifest import Whole
from mergecells.domain.prompts import ModelName, Slug
from mergecells.domain.scoring import ConfigModel, Name

ROUTING_FILE = "prompts/routing.yaml"
INTENTS = ("coding_help", "question_answering", "editing_writing", "reasoning_math", "social_chat", "ambiguous")
"""What a message can be about; the client tells them apart by the rules. Other intents are those of single prompts."""

AMBIGUOUS = "ambiguous"
ProviderKind = Literal["openai", "anthropic", "gemini", "perplexity", "moonshot", "openai-compatible"]

ERROR_CLASSES = (
    "timeout",
    "connection",
    "rate_limit",
    "overloaded",
    "server_error",
    "truncated",
    "content_filter",
    "invalid_output",
)
"""What may go on to the next model. A refused request (400) or key (401, 403) is a mistake of the config: never."""

DEFAULT_FALL_THROUGH = ("timeout", "connection", "rate_limit", "overloaded", "server_error")
_CLASS = "(" + "|".join(ERROR_CLASSES) + ")"
FALL_THROUGH_PATTERN = f"^(none|{_CLASS}(, ?{_CLASS})*)$"
BASE_URL_PATTERN = r"^https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?$"
VARIABLE_PATTERN = r"^[A-Z_][A-Z0-9_]{0,99}$"

BaseUrl = Annotated[str, StringConstraints(max_length=400, pattern=BASE_URL_PATTERN)]
IntentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
FallThrough = Annotated[str, StringConstraints(pattern=FALL_THROUGH_PATTERN)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Provider(ConfigModel):
    """Where models are called. The key itself is never config: only the name of the variable that holds it."""

    kind: ProviderKind
    base_url: BaseUrl | None = Field(
        default=None, description="The address of the API; the provider's own if left out. openai-compatible needs it."
    )
    key_env: str | None = Field(
        default=None, pattern=VARIABLE_PATTERN, description="The environment variable that holds the key."
    )
    failures_to_open: Whole = Field(
        default=5, ge=1, le=1_000, description="So many failures in a row, and the provider is left alone for a while."
    )
    cool_down_s: Seconds = Field(default=30, description="For so long; then one call tries it again.")
    description: str = ""


class Model(ConfigModel):
    provider: Name = Field(description="A key of providers.")
    id: str | None = Field(
        default=None, min_length=1, max_length=200, description="What the provider calls it; its key here if left out."
    )
    context_tokens: Whole = Field(ge=1, le=100_000_000, description="Input and output together.")
    max_output_tokens: Whole = Field(ge=1, le=100_000_000)
    vision: bool = Field(default=False, description="It reads images.")
    json_schema: bool = Field(default=False, description="Its answers can be held to a JSON Schema.")
    streaming: bool = True
    description: str = ""


class DetectionRule(ConfigModel):
    """Adds its weight to the intent when a keyword or the pattern is found in the message."""

    keywords: str | None = Field(
        default=None,
        min_length=1,
        max_length=8_000,
        description="Separated by commas; each found as whole words, without regard to case.",
    )
    pattern: str | None = Field(
        default=None, min_length=1, max_length=1_000, description="A regular expression of RE2's syntax."
    )
    weight: float = Field(default=1, gt=0, le=100, allow_inf_nan=False)
    description: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The keywords one by one, lower case, without blanks around them."""
        return tuple(word.strip().lower() for word in (self.keywords or "").split(",") if word.strip())


class Rung(ConfigModel):
    """One model of a ladder."""

    timeout_s: Seconds = 30
    retries: Whole = Field(default=1, ge=0, le=10, description="Further tries with the same model.")
    backoff_s: float = Field(
        default=0.5,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="Before the first retry; doubled each time, jittered.",
    )
    fall_through: FallThrough | None = Field(
        default=None,
        description="Errors, separated by commas, that the next model is tried after, or none; if left out: "
        + ", ".join(DEFAULT_FALL_THROUGH)
        + ".",
    )

    @property
    def falls_through(self) -> frozenset[str]:
        """The error classes after which the next rung is tried."""
        stated = (part.strip() for part in self.fall_through.split(",")) if self.fall_through else DEFAULT_FALL_THROUGH
        return frozenset(stated) - {"none"}


class Intent(ConfigModel):
    description: str = ""
    rules: dict[Name, DetectionRule] = Field(
        default_factory=dict, description="How a message of this intent is told; none for a prompt's own intent."
    )
    ladder: dict[ModelName, Rung] = Field(
        default_factory=dict, description="Model → how it is called, in the order in which models are tried."
    )


class Routing(ConfigModel):
    """`prompts/routing.yaml`. An intent with the name of a prompt is that prompt's own ladder."""

    providers: dict[Name, Provider] = Field(default_factory=dict)
    models: dict[ModelName, Model] = Field(default_factory=dict)
    threshold: float = Field(
        default=1,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="An intent needs this much weight, and more than every other; else the message is ambiguous.",
    )
    classifier: Slug | None = Field(
        default=None,
        description="The prompt that a model is asked with where the rules say ambiguous; left out: no model is asked.",
    )
    intents: dict[IntentName, Intent] = Field(default_factory=dict)
