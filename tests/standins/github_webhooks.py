"""Webhook payloads as GitHub sends them: made from its published schemas, and valid against them."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_SCHEMAS = Path(__file__).resolve().parents[1] / "conformance" / "github" / "webhooks.json.gz"
_TEXTS = {"date-time": "2026-11-27T10:00:00Z", "uri": "https://example.com/x", "email": "ada@example.com"}
_PLAIN: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "null": None, "object": {}}


@cache
def _definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(_SCHEMAS.read_bytes()))["definitions"]
    return found


def payload(name: str, slug: str = "acme/leads", **facts: Any) -> dict[str, Any]:
    """The payload of an event (`push$event`, `pull_request$closed`), with `facts` in the place of what they name."""
    made = _sample({"$ref": f"#/definitions/{name}"})
    owner, _, short = slug.partition("/")
    if "repository" in made:
        made["repository"] |= {"full_name": slug, "name": short}
        made["repository"]["owner"]["login"] = owner
    for key, value in facts.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) else value
    schema = {"$ref": f"#/definitions/{name}", "definitions": _definitions()}
    jsonschema_rs.validator_for(schema).validate(made)
    return dict(made)


def _sample(schema: Any) -> Any:
    """The smallest value of a schema: required members only."""
    if "$ref" in schema:
        return _sample(_definitions()[schema["$ref"].removeprefix("#/definitions/")])
    for choice in ("const", "enum"):
        if choice in schema:
            return schema[choice] if choice == "const" else schema[choice][0]
    if "allOf" in schema:
        return _joined([_sample(part) for part in schema["allOf"] if part.keys() - {"tsAdditionalProperties"}])
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _sample(schema[choice][0])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {key: _sample(schema["properties"][key]) for key in schema.get("required", ())}
    if kind == "array":
        return [_sample(schema["items"])] * schema.get("minItems", 0)
    return _TEXTS.get(schema.get("format", ""), "0" * 40) if kind == "string" else _PLAIN[kind]


def _joined(parts: list[Any]) -> Any:
    if not all(isinstance(part, dict) for part in parts):
        return parts[-1]
    made: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            made[key] = _joined([made[key], value]) if key in made else value
    return made
