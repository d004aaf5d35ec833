"""Cut GitHub's published API descriptions down to what the tests' stand-in server answers.

Run: python tools/prune_github_descriptions.py OPENAPI_JSON GRAPHQL_SCHEMA

OPENAPI_JSON is `generated/api.github.com.json` of the npm package @octokit/openapi, GRAPHQL_SCHEMA is `schema.graphql`
of @octokit/graphql-schema; both are made from GitHub's own description. Writes tests/conformance/github/.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "tests" / "conformance" / "github"
REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    "/user": ["get"],
    "/app/installations/{installation_id}/access_tokens": ["post"],
    f"{REPO}": ["get"],
    f"{REPO}/installation": ["get"],
    f"{REPO}/git/ref/{{ref}}": ["get"],
    f"{REPO}/git/refs": ["post"],
    f"{REPO}/git/refs/{{ref}}": ["patch", "delete"],
    f"{REPO}/git/trees": ["post"],
    f"{REPO}/git/trees/{{tree_sha}}": ["get"],
    f"{REPO}/git/commits": ["post"],
    f"{REPO}/git/blobs": ["post"],
    f"{REPO}/git/blobs/{{file_sha}}": ["get"],
    f"{REPO}/commits/{{ref}}": ["get"],
    f"{REPO}/compare/{{basehead}}": ["get"],
    f"{REPO}/pulls": ["post", "get"],
    f"{REPO}/pulls/{{pull_number}}": ["get", "patch"],
    f"{REPO}/pulls/{{pull_number}}/merge": ["put"],
    f"{REPO}/pulls/{{pull_number}}/reviews": ["post"],
    f"{REPO}/pulls/{{pull_number}}/requested_reviewers": ["post"],
    f"{REPO}/issues": ["get", "post"],
    f"{REPO}/issues/{{issue_number}}": ["patch"],
    f"{REPO}/issues/{{issue_number}}/labels": ["post"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["patch"],
    f"{REPO}/check-runs": ["post"],
    f"{REPO}/check-runs/{{check_run_id}}": ["patch"],
    f"{REPO}/statuses/{{sha}}": ["post"],
    f"{REPO}/deployments": ["get", "post"],
    f"{REPO}/deployments/{{deployment_id}}/statuses": ["get", "post"],
    f"{REPO}/dispatches": ["post"],
}
MEMBERS = {"Bot", "User"}
"""What an Actor may be that no document of ours names."""

DROPPED = {"description", "summary", "tags", "externalDocs", "operationId", "x-github"}


def main() -> None:
    openapi, graphql = (Path(argument) for argument in sys.argv[1:3])
    OUT.mkdir(parents=True, exist_ok=True)
    whole = json.loads(openapi.read_text(encoding="utf-8"))
    text = json.dumps(prune_openapi(whole), separators=(",", ":"), sort_keys=True)
    # No name and no time in the header: the same input gives the same bytes.
    (OUT / "openapi.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    (OUT / "schema.graphql.gz").write_bytes(gzip.compress(prune_graphql(graphql.read_text()).encode(), 9, mtime=0))


def prune_openapi(whole: dict[str, Any]) -> dict[str, Any]:
    """The operations above with all that they refer to."""
    paths = {path: {verb: whole["paths"][path][verb] for verb in verbs} for path, verbs in OPERATIONS.items()}
    kept: dict[str, dict[str, Any]] = {}
    waiting = list(references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = whole["components"][kind][name]
            waiting += references(kept[kind][name])
    pruned = {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": kept}
    return {**stripped(pruned), "info": {"title": "GitHub REST API, pruned", "version": whole["info"]["version"]}}


def references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith("#/components/"):
            kind, _, name = target.removeprefix("#/components/").partition("/")
            yield kind, name
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def stripped(value: Any, named: bool = False) -> Any:
    """Without prose; `named` where keys are names and not words of the description language."""
    if isinstance(value, dict):
        names = {"properties", "schemas", "examples", "parameters", "responses", "headers", "paths"}
        return {
            key: stripped(part, key in names and isinstance(part, dict)) if key != "value" else part
            for key, part in value.items()
            if named or key not in DROPPED
        }
    return [stripped(part) for part in value] if isinstance(value, list) else value


def prune_graphql(text: str) -> str:
    """The types that our documents visit, with every field whose type is kept too."""
    from graphql import TypeInfo, TypeInfoVisitor, Visitor, build_schema, parse, visit

    from mergecells.adapters import github_queries as ours

    schema = build_schema(text, assume_valid_sdl=True)
    documents = [ours.PULLS, ours.ONE_PULL, ours.BEFORE_PROPOSING, ours.COMMENTS, ours.AUTO_MERGE]
    documents.append(ours.blobs_query(["0" * 40]))
    seen: set[str] = {"Query", "Mutation"}
    fields: dict[str, set[str]] = {}

    class Seen(Visitor):
        def __init__(self, info: TypeInfo) -> None:
            super().__init__()
            self.info = info

        def enter_field(self, node: Any, *_: Any) -> None:
            parent, found = self.info.get_parent_type(), self.info.get_type()
            if parent is not None and found is not None and not node.name.value.startswith("__"):
                fields.setdefault(parent.name, set()).add(node.name.value)
                seen.update((parent.name, str(found).strip("[]!").replace("!", "").replace("]", "")))

        def enter_inline_fragment(self, node: Any, *_: Any) -> None:
            seen.add(node.type_condition.name.value)

        def enter_fragment_definition(self, node: Any, *_: Any) -> None:
            seen.add(node.type_condition.name.value)

    for document in documents:
        info = TypeInfo(schema)
        visit(parse(document), TypeInfoVisitor(info, Seen(info)))
    seen |= MEMBERS
    return printed(schema, seen, fields)


def printed(schema: Any, seen: set[str], used: dict[str, set[str]]) -> str:
    from graphql import (
        GraphQLEnumType,
        GraphQLInputObjectType,
        GraphQLInterfaceType,
        GraphQLObjectType,
        GraphQLScalarType,
        GraphQLUnionType,
        get_named_type,
    )

    types = schema.type_map
    inputs: set[str] = set()

    def leaf(kind: Any) -> bool:
        return isinstance(kind, GraphQLScalarType | GraphQLEnumType)

    def take_input(kind: Any) -> None:
        kind = get_named_type(kind)
        if kind.name in inputs:
            return
        inputs.add(kind.name)
        if isinstance(kind, GraphQLInputObjectType):
            for field in kind.fields.values():
                take_input(field.type)

    lines: list[str] = []
    for name in sorted(seen):
        kind = types[name]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            root = name in {"Query", "Mutation"}
            kept = {}
            for key, field in kind.fields.items():
                named = get_named_type(field.type)
                wanted = key in used.get(name, ()) if root else leaf(named) or named.name in seen
                if wanted:
                    kept[key] = field
                    if leaf(named):
                        inputs.add(named.name)
                    for argument in field.args.values():
                        take_input(argument.type)
            word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
            parents = [parent.name for parent in kind.interfaces if parent.name in seen]
            head = f"{word} {name}{' implements ' + ' & '.join(parents) if parents else ''}"
            body = []
            for key, field in kept.items():
                arguments = ", ".join(f"{argument}: {value.type}" for argument, value in field.args.items())
                body.append(f"  {key}{f'({arguments})' if arguments else ''}: {field.type}")
            lines.append(head + " {\n" + "\n".join(body) + "\n}")
        elif isinstance(kind, GraphQLUnionType):
            members = [member.name for member in kind.types if member.name in seen]
            lines.append(f"union {name} = {' | '.join(members)}")
        elif leaf(kind):
            inputs.add(name)
    for name in sorted(inputs):
        kind = types[name]
        if isinstance(kind, GraphQLEnumType):
            lines.append(f"enum {name} {{ {' '.join(kind.values)} }}")
        elif isinstance(kind, GraphQLInputObjectType):
            body = " ".join(f"{key}: {field.type}" for key, field in kind.fields.items())
            lines.append(f"input {name} {{ {body} }}")
        elif name not in {"String", "Int", "Float", "Boolean", "ID"}:
            lines.append(f"scalar {name}")
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
