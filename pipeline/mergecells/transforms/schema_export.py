"""Models → the published JSON Schemas (draft 2020-12) that editors and other languages read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from mergecells.domain.budgets import Budgets
from mergecells.domain.manifest import ManifestFile
from mergecells.domain.prices import Prices
from mergecells.domain.prompts import PromptFront
from mergecells.domain.quality import Quality
from mergecells.domain.routing import Routing
from mergecells.domain.scoring import Examples, Fields, LookupTable, Rules, Vertical
from mergecells.domain.smoke import Smoke

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = "schemas/"

MODELS: Mapping[str, type[BaseModel]] = {
    "rules": Rules,
    "fields": Fields,
    "examples": Examples,
    "vertical": Vertical,
    "table": LookupTable,
    "manifest": ManifestFile,
    "prompt": PromptFront,
    "routing": Routing,
    "budgets": Budgets,
    "prices": Prices,
    "quality": Quality,
    "smoke": Smoke,
}
"""Kind of file → its model."""


def schema_file(kind: str) -> str:
    """`schemas/rules.schema.json`, relative to the config root."""
    return f"{FOLDER}{kind}.schema.json"


def export_schema(kind: str) -> dict[str, Any]:
    """The schema of one kind of file. It gives the same verdict as the model on every document."""
    body = MODELS[kind].model_json_schema(by_alias=True)
    _close_mappings(body)
    title = {"title": f"mergecells {kind}", "description": body.pop("description", "")}
    body.pop("title", None)
    return {"$schema": DRAFT, "$id": f"urn:mergecells:schema:{kind}:1", **title, **body}


def export_schemas() -> dict[str, bytes]:
    """Every schema by its file: `{"schemas/rules.schema.json": b"{…"}`."""
    return {
        schema_file(kind): (json.dumps(export_schema(kind), indent=2, ensure_ascii=False) + "\n").encode()
        for kind in MODELS
    }


def _close_mappings(node: Any) -> None:
    """A mapping with a pattern for its keys allows no other key; pydantic leaves that out of the schema."""
    if isinstance(node, dict):
        if "patternProperties" in node:
            node.setdefault("additionalProperties", False)
        for inner in node.values():
            _close_mappings(inner)
    elif isinstance(node, list):
        for inner in node:
            _close_mappings(inner)
