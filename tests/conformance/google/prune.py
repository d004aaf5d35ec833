"""Cut Google's API descriptions down to the methods that are used, without their prose.

    python tests/conformance/google/prune.py FOLDER

FOLDER holds `sheets.v4.json` and `drive.v3.json`, as the package google-api-python-client carries them in
`googleapiclient/discovery_cache/documents`. Every schema that a kept method reaches is kept whole: no field is left
out, so that an unknown field is one that Google does not describe either.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEPT = {
    "sheets.v4.json": (
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.batchUpdate",
        "sheets.spreadsheets.values.get",
        "sheets.spreadsheets.values.update",
        "sheets.spreadsheets.values.batchGet",
        "sheets.spreadsheets.values.batchUpdate",
    ),
    "drive.v3.json": ("drive.files.create", "drive.files.get", "drive.files.list", "drive.permissions.create"),
}
PARTS = (
    "id", "path", "httpMethod", "request", "response", "parameters", "type", "$ref", "enum", "format", "properties",
    "items", "additionalProperties", "readOnly", "required", "location", "repeated", "scopes", "default", "pattern",
    "annotations",
)  # fmt: skip


def methods(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for child in resource.get("resources", {}).values():
        yield from methods(child)


def bare(value: Any, names: bool = False) -> Any:
    """Without prose; inside `properties` and `parameters` the keys are names, and all stay."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if names or key in PARTS}
    told = value.get("description", "")
    if not names and isinstance(told, str) and ("his field is read-only" in told or told.startswith("Output only")):
        kept["readOnly"] = True  # said in prose only in the description of Sheets
    return {key: bare(each, not names and key in ("properties", "parameters")) for key, each in kept.items()}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def prune(whole: dict[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    found = {each["id"]: bare(each) for each in methods(whole) if each["id"] in wanted}
    assert set(found) == set(wanted), set(wanted) - set(found)
    schemas: dict[str, Any] = {}
    queue = list(references(found))
    while queue:
        name = queue.pop()
        if name not in schemas:
            schemas[name] = bare(whole["schemas"][name])
            queue += references(schemas[name])
    head = {key: whole[key] for key in ("name", "version", "revision", "rootUrl", "servicePath")}
    common = bare(whole["parameters"], names=True)
    return {**head, "parameters": common, "methods": found, "schemas": dict(sorted(schemas.items()))}


def main(folder: Path) -> None:
    for name, wanted in KEPT.items():
        pruned = prune(json.loads((folder / name).read_bytes()), wanted)
        (HERE / name).write_text(json.dumps(pruned, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
