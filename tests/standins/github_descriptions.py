"""GitHub's published descriptions, pruned: what a request and an answer must look like.

Made by tools/prune_github_descriptions.py from @octokit/openapi and @octokit/graphql-schema.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from graphql import GraphQLSchema, build_schema

FOLDER = Path(__file__).resolve().parents[1] / "conformance" / "github"


class NotAsDescribedError(AssertionError):
    """A request of ours, or an answer of the stand-in, that the published description does not allow."""


@cache
def openapi() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(gzip.decompress((FOLDER / "openapi.json.gz").read_bytes()))
    return _as_json_schema(whole)  # type: ignore[no-any-return]


@cache
def graphql_schema() -> GraphQLSchema:
    return build_schema(gzip.decompress((FOLDER / "schema.graphql.gz").read_bytes()).decode())


def _as_json_schema(value: Any) -> Any:
    """OpenAPI 3.0 says `nullable`, JSON Schema says `null` among the types."""
    if isinstance(value, list):
        return [_as_json_schema(part) for part in value]
    if not isinstance(value, dict):
        return value
    told = {key: _as_json_schema(part) for key, part in value.items()}
    if told.pop("nullable", None) is True:
        if "type" in told and isinstance(told["type"], str):
            told["type"] = [told["type"], "null"]
            if "enum" in told:
                told["enum"] = [*told["enum"], None]
        else:
            told = {"anyOf": [told, {"type": "null"}]}
    return told


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """The most literal template first: `git/refs/{ref}` takes slashes, as GitHub's own routes do."""
    found = []
    for template in openapi()["paths"]:
        pattern = re.sub(r"\{(ref|basehead)\}", "(.+)", template)
        pattern = re.sub(r"\{[a-z_]+\}", "([^/]+)", pattern)
        found.append((re.compile(pattern), template))
    return sorted(found, key=lambda item: (item[1].count("{"), -len(item[1])))


def operation(verb: str, path: str) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Template, description and path parameters of a request. Raises for what is not in the description."""
    for pattern, template in _templates():
        match = pattern.fullmatch(path)
        described = openapi()["paths"][template].get(verb.lower()) if match else None
        if match and described:
            return template, described, match.groups()
    raise NotAsDescribedError(f"{verb} {path} is not among the described operations")


_validators: dict[int, Any] = {}
"""By the place of a schema in memory: each is a part of `openapi()`, which stays."""


def _check(schema: dict[str, Any], value: Any, what: str) -> None:
    validator = _validators.get(id(schema))
    if validator is None:
        whole = {**schema, "components": openapi()["components"]}
        validator = _validators[id(schema)] = jsonschema_rs.validator_for(whole)
    errors = list(validator.iter_errors(value))
    if errors:
        first = errors[0]
        place = "/".join(str(part) for part in first.instance_path)
        raise NotAsDescribedError(f"{what}: {place or 'the whole'}: {first.message[:400]}")


def check_request(verb: str, path: str, query: dict[str, str], body: Any) -> None:
    """A body that the description allows, with no key that it does not name, and no unknown query parameter."""
    template, described, _ = operation(verb, path)
    known = {resolved(parameter)["name"] for parameter in described.get("parameters", ())}
    if unknown := query.keys() - known:
        raise NotAsDescribedError(f"{verb} {template}: unknown query parameters {sorted(unknown)}")
    if "requestBody" not in described:
        if body is not None:
            raise NotAsDescribedError(f"{verb} {template} takes no body")
        return
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    _check(schema, body, f"request {verb} {template}")
    names = resolved(schema).get("properties", {}).keys()
    if isinstance(body, dict) and names and (unknown := body.keys() - names):
        raise NotAsDescribedError(f"{verb} {template}: unknown keys {sorted(unknown)}")


def check_answer(verb: str, path: str, status: int, body: Any) -> None:
    """The status is a described one, and the body is of its schema."""
    template, described, _ = operation(verb, path)
    if str(status) not in described["responses"]:
        raise NotAsDescribedError(f"{verb} {template} never answers {status}")
    schema = _schema_of(described, status)
    if schema is None:
        if body is not None:
            raise NotAsDescribedError(f"{verb} {template} {status} has no body")
        return
    _check(schema, body, f"answer {verb} {template} {status}")


def _schema_of(described: dict[str, Any], status: int) -> dict[str, Any] | None:
    content = resolved(described["responses"][str(status)]).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return schema


def filled(verb: str, path: str, status: int, facts: dict[str, Any]) -> dict[str, Any]:
    """The description's own example of an answer, with the facts in the place of the example's."""
    _, described, _ = operation(verb, path)
    content = resolved(described["responses"][str(status)])["content"]["application/json"]
    examples = [resolved(example)["value"] for example in content.get("examples", {}).values()]
    example = next((value for value in examples if isinstance(value, dict)), {})
    if not example and examples and isinstance(examples[0], list):
        example = examples[0][0]
    return overlaid(copy.deepcopy(example), facts)


def overlaid(under: Any, over: Any) -> Any:
    """`over` laid upon `under`, objects key by key, everything else as it is."""
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{key: overlaid(under.get(key), value) for key, value in over.items()}}
    return over


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """The target of a `$ref`, or the value itself."""
    if "$ref" not in value:
        return value
    found: Any = openapi()
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found)
