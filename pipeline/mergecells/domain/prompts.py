"""Prompts as data: a markdown file with YAML front matter that follows Prompty v2's keys, and a Jinja2 body.

The models hold the shape only; what needs the body, other prompts or the routes is a finding of
`transforms.prompt_check`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mergecells.domain.json_values import JsonAny, JsonMapping
from mergecells.domain.manifest import Whole
from mergecells.domain.scoring import ONE_LINE_PATTERN, ConfigModel, ExampleName, Name

PROMPTS_FOLDER = "prompts/"
PARTIALS_FOLDER = "prompts/partials/"
SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MODEL_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$"

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
"""A prompt's name and the stem of its file; part of addresses and of metric labels."""

ModelName = Annotated[str, StringConstraints(pattern=MODEL_NAME_PATTERN)]
"""How a model is called in `routing.yaml`, in prompts and in `prices.yaml`."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=ONE_LINE_PATTERN)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
InputKind = Literal["string", "number", "integer", "boolean", "array", "object", "image"]
"""`image`: an https address or a `data:image/…;base64,` text, which becomes an image part of its message."""

Role = Literal["system", "user", "assistant"]

# As `_NAME_MATCHER` of Prompty's parser: a line with nothing but a role and a colon, any case, `#` before it allowed.
ROLE_LINE = re.compile(r"^[ \t]*#?[ \t]*(system|user|assistant)[ \t]*:[ \t]*$", re.IGNORECASE | re.MULTILINE)
_INCLUDE = re.compile(r"\{%[-+]?\s*include\s+(?:'([^'\n]*)'|\"([^\"\n]*)\")")


class PromptMetadata(ConfigModel):
    type: Name = Field(
        default="general",
        description="hook, script, critic, strategy, email_body … or a type of your own; it sets the limit of length.",
    )
    version: Label | None = Field(default=None, description="What people call this version; git is what counts.")
    authors: list[Label] = Field(default_factory=list)
    tags: list[Label] = Field(default_factory=list)


class ModelOptions(ConfigModel):
    """Sampling settings by Prompty's names; what is left out is the provider's default."""

    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, alias="topP", ge=0, le=1, allow_inf_nan=False)
    max_output_tokens: Whole | None = Field(default=None, alias="maxOutputTokens", ge=1, le=1_000_000)
    frequency_penalty: float | None = Field(default=None, alias="frequencyPenalty", ge=-2, le=2, allow_inf_nan=False)
    presence_penalty: float | None = Field(default=None, alias="presencePenalty", ge=-2, le=2, allow_inf_nan=False)
    seed: Whole | None = Field(default=None, ge=0, le=9_007_199_254_740_991)
    stop_sequences: list[str] = Field(default_factory=list, alias="stopSequences", max_length=16)


class PromptModel(ConfigModel):
    id: ModelName | None = Field(default=None, description="A model of routing.yaml: the first that is tried.")
    provider: Name | None = Field(default=None, description="A provider of routing.yaml; it must be the model's.")
    options: ModelOptions = Field(default_factory=ModelOptions)


class PromptInput(ConfigModel):
    """One variable of the body. Without a value, `default` holds; without that, what is not required is none."""

    kind: InputKind = "string"
    required: bool = Field(default=True, description="A call without it and without a default is refused.")
    default: JsonAny = Field(default=None, description="The value when a call gives none.")
    description: str = ""
    sample: JsonAny = Field(default=None, description="What the prompt is shown with, and its length estimated from.")


class ExpectedAnswer(ConfigModel):
    """What a good answer to an example looks like; texts are compared without regard to case."""

    contains: list[str] = Field(default_factory=list)
    excludes: list[str] = Field(default_factory=list)
    matches: str | None = Field(
        default=None, max_length=1_000, description="A regular expression, of RE2's syntax, found somewhere in it."
    )
    min_words: Whole | None = Field(default=None, ge=0, le=1_000_000)
    max_words: Whole | None = Field(default=None, ge=1, le=1_000_000)


class PromptExample(ConfigModel):
    description: str = ""
    inputs: dict[Name, JsonAny] = Field(default_factory=dict, description="What is left out has its sample's value.")
    expected: ExpectedAnswer = Field(default_factory=ExpectedAnswer)


class PromptTemplate(ConfigModel):
    format: Literal["jinja2"] = "jinja2"


class PromptFront(ConfigModel):
    """The front matter of `prompts/<name>.md`, by Prompty v2's keys, and golden examples."""

    name: Slug = Field(description="The slug: the same as the file's name without .md.")
    description: Text = ""
    metadata: PromptMetadata = Field(default_factory=PromptMetadata)
    model: PromptModel = Field(default_factory=PromptModel)
    inputs: dict[Name, PromptInput] = Field(default_factory=dict, description="Every variable that the body uses.")
    outputs: JsonMapping | None = Field(
        default=None, description="JSON Schema of the answer; with it, the answer is JSON and is checked against it."
    )
    template: PromptTemplate = Field(default_factory=PromptTemplate)
    examples: dict[ExampleName, PromptExample] = Field(default_factory=dict)


class Prompt(ConfigModel):
    """One prompt as loaded. `body_line` is the line of the file in which the body begins, from 1.

    `sha` is the SHA-256, in hex, over the file and the partials that it uses: the same text has the same SHA at every
    revision. `partials` are the names of those partials, sorted, with what they include themselves.
    """

    slug: str
    file: str
    front: PromptFront
    body: str
    body_line: int
    sha: str
    partials: list[str] = Field(default_factory=list)


def included_partials(body: str) -> list[str]:
    """The names that `{% include "name" %}` states in a body, in their order; more than one time only once."""
    return list(dict.fromkeys(first or second for first, second in _INCLUDE.findall(body)))
