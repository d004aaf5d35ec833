"""The tabs of prompts, routes, budgets, prices, quality: each is there when its file is, and no table has its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from mergecells.domain.budgets import BUDGETS_FILE
from mergecells.domain.configset import Document
from mergecells.domain.prices import PRICES_FILE
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.quality import QUALITY_FILE
from mergecells.domain.routing import ROUTING_FILE, ProviderKind
from mergecells.domain.tables import Column, TableSpec
from mergecells.transforms.prompt_types import BODY, prompt_documents

PROMPT_KEY = "prompt"
PROMPTS_TABLE = TableSpec(
    tab="Prompts",
    file=PROMPTS_FOLDER + "{" + PROMPT_KEY + "}.md",
    keys=(PROMPT_KEY,),
    columns=(
        Column(
            "type", "text", ("metadata", "type"), note="hook, script, critic, strategy … It sets the limit of length."
        ),
        Column("description", "text", ("description",)),
        Column("model", "text", ("model", "id"), note="The model of the tab Models that is tried first."),
        Column("temperature", "number", ("model", "options", "temperature"), note="0 to 2; blank: the provider's own."),
        Column("max tokens", "number", ("model", "options", "maxOutputTokens"), note="Of the answer."),
        Column(
            BODY,
            "text",
            (BODY,),
            required=True,
            note="The text. {{ company }} stands for an input; a line system: or user: begins a message.",
        ),
    ),
    row_path=(),
)
_DESCRIPTION = Column("description", "text", ("description",))
_PROVIDERS = TableSpec(
    tab="Providers",
    file=ROUTING_FILE,
    keys=("provider",),
    columns=(
        Column("kind", "text", ("kind",), required=True, choices=get_args(ProviderKind)),
        Column("base_url", "text", ("base_url",), note="Address of the API; blank: the provider's own."),
        Column("key_env", "text", ("key_env",), note="The environment variable that holds the key. Never the key."),
        _DESCRIPTION,
    ),
    row_path=("providers", "{provider}"),
)
_MODELS = TableSpec(
    tab="Models",
    file=ROUTING_FILE,
    keys=("model",),
    columns=(
        Column("provider", "text", ("provider",), required=True),
        Column("id", "text", ("id",), note="What the provider calls it; blank: as here."),
        Column("context_tokens", "number", ("context_tokens",), required=True, note="Input and output together."),
        Column("max_output_tokens", "number", ("max_output_tokens",), required=True),
        Column("vision", "boolean", ("vision",), note="It reads images."),
        Column("json_schema", "boolean", ("json_schema",), note="Its answers can be held to a JSON Schema."),
        Column("streaming", "boolean", ("streaming",), note="Blank: TRUE."),
        _DESCRIPTION,
    ),
    row_path=("models", "{model}"),
)
_INTENTS = TableSpec(
    tab="Intents",
    file=ROUTING_FILE,
    keys=("intent", "rule"),
    columns=(
        Column("keywords", "text", ("keywords",), note="Separated by commas; found as whole words."),
        Column("pattern", "text", ("pattern",), note="A regular expression of RE2's syntax."),
        Column("weight", "number", ("weight",), note="What it adds when it is found; blank: 1."),
        _DESCRIPTION,
    ),
    row_path=("intents", "{intent}", "rules", "{rule}"),
)
_ROUTING = TableSpec(
    tab="Routing",
    file=ROUTING_FILE,
    keys=("intent", "model"),
    columns=(
        Column("timeout_s", "number", ("timeout_s",), note="Seconds; blank: 30."),
        Column("retries", "number", ("retries",), note="Further tries with this model; blank: 1."),
        Column("backoff_s", "number", ("backoff_s",), note="Seconds before the first retry; blank: 0.5."),
        Column("fall_through", "text", ("fall_through",), note="Errors after which the next row is tried, or none."),
    ),
    row_path=("intents", "{intent}", "ladder", "{model}"),
)
_BUDGETS = TableSpec(
    tab="Budgets",
    file=BUDGETS_FILE,
    keys=("scope",),
    columns=(
        Column("warn", "number", ("warn",), note="US dollars from which on the caller is warned; blank: 1."),
        Column("halt", "number", ("halt",), note="US dollars that are never passed; blank: 5."),
        _DESCRIPTION,
    ),
    row_path=("budgets", "{scope}"),
)
_PRICES = TableSpec(
    tab="Prices",
    file=PRICES_FILE,
    keys=("model",),
    columns=(
        Column("input", "number", ("input",), required=True, note="US dollars per million tokens."),
        Column("output", "number", ("output",), required=True, note="US dollars per million tokens."),
        Column("cached", "number", ("cached",), note="Input that the provider had cached; blank: as input."),
        Column("request", "number", ("request",), note="US dollars for each request, on top."),
        _DESCRIPTION,
    ),
    row_path=("prices", "{model}"),
)
_QUALITY = TableSpec(
    tab="Quality",
    file=QUALITY_FILE,
    keys=("dimension",),
    columns=(
        Column("weight", "number", ("weight",), note="Its part in the overall score; blank: 1."),
        Column("minimum", "number", ("minimum",), note="0 to 1; below it a result fails. Blank: 0."),
        _DESCRIPTION,
    ),
    row_path=("dimensions", "{dimension}"),
)


def call_specs(documents: Mapping[str, Document], taken: frozenset[str]) -> Iterator[TableSpec]:
    """The tabs, in their order. `taken` are the names, in lower case, that lookup tables and verticals have."""
    there = [PROMPTS_TABLE] if prompt_documents(documents) else []
    there += [
        spec
        for spec in (_PROVIDERS, _MODELS, _INTENTS, _ROUTING, _BUDGETS, _PRICES, _QUALITY)
        if spec.file in documents
    ]
    yield from (spec for spec in there if spec.tab.lower() not in taken)
