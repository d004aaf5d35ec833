"""Changes of values that no tab shows: the version, the examples' date, the manifest, a vertical's tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.domain.budgets import BUDGETS_FILE
from mergecells.domain.changes import Change
from mergecells.domain.configset import (
    EXAMPLES_FILE,
    FIELDS_FILE,
    RULES_FILE,
    TABLES_FOLDER,
    VERTICALS_FOLDER,
    Document,
)
from mergecells.domain.locations import DocumentPath
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.prices import PRICES_FILE
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.quality import QUALITY_FILE
from mergecells.domain.routing import ROUTING_FILE
from mergecells.domain.tables import TableSpec, TableValue
from mergecells.transforms.prompt_to_config import is_prompt
from mergecells.transforms.table_diff import same_value
from mergecells.transforms.table_specs import ITEM

_AREAS = {
    ROUTING_FILE: "Routing",
    BUDGETS_FILE: "Budgets",
    PRICES_FILE: "Prices",
    QUALITY_FILE: "Quality",
    RULES_FILE: "Rules",
    FIELDS_FILE: "Lead",
    EXAMPLES_FILE: "Examples",
    MANIFEST_NAME: "Manifest",
}

Leaves = dict[DocumentPath, TableValue]


def diff_rest(
    specs: Mapping[str, TableSpec], base: Mapping[str, Document], head: Mapping[str, Document]
) -> Iterator[Change]:
    """One change for each scalar that differs and belongs to no table."""
    for file in sorted({*base, *head}):
        patterns = [pattern for spec in specs.values() if _holds(spec, file) for pattern in _shown(spec)]
        old, new = _leaves(base.get(file), patterns), _leaves(head.get(file), patterns)
        for path in {**old, **new}:
            if path not in old or path not in new or not same_value(old[path], new[path]):
                yield _change(file, path, old, new, head if path in new else base)


def _holds(spec: TableSpec, file: str) -> bool:
    return is_prompt(file) if spec.is_per_file else spec.file == file


def _shown(spec: TableSpec) -> Iterator[tuple[str, ...]]:
    """The paths of a table's cells, with placeholders; ITEM stands for any index."""
    if spec.is_per_file:  # the name is that of the row
        yield ("name",)
    for column in spec.columns:
        yield (*spec.row_path, *column.path)
        if spec.optional_last_key:
            yield (*spec.row_path[:-2], *column.path)
    if not spec.columns:
        yield spec.row_path


def _leaves(document: Document | None, patterns: list[tuple[str, ...]]) -> Leaves:
    found: Leaves = {}
    if document is not None:
        _collect(document.value, (), patterns, found)
    return found


def _collect(value: Any, path: DocumentPath, patterns: list[tuple[str, ...]], found: Leaves) -> None:
    """Walks the document; `patterns` are those that agree with the path so far."""
    if any(len(pattern) == len(path) for pattern in patterns) and not isinstance(value, dict | list):
        return
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in items:
            _collect(child, (*path, key), [p for p in patterns if _agrees(p, len(path), key)], found)
    elif not _is_empty_branch(value, path, patterns):
        found[path] = value


def _is_empty_branch(value: Any, path: DocumentPath, patterns: list[tuple[str, ...]]) -> bool:
    """A key without a value where rows or cells would be: `factors:`."""
    return value is None and any(len(pattern) > len(path) for pattern in patterns)


def _agrees(pattern: tuple[str, ...], depth: int, key: str | int) -> bool:
    if len(pattern) <= depth:
        return False
    part = pattern[depth]
    return part == key or part.startswith("{") or (part == ITEM and isinstance(key, int))


def _change(file: str, path: DocumentPath, old: Leaves, new: Leaves, documents: Mapping[str, Document]) -> Change:
    kind = "added" if path not in old else "removed" if path not in new else "changed"
    folder = next((each for each in (VERTICALS_FOLDER, TABLES_FOLDER) if file.startswith(each)), "")
    area = file[len(folder) :].removesuffix(".yaml") if folder else ""
    key = ".".join(map(str, path))
    if is_prompt(file):
        area, key = "Prompts", f"{file[len(PROMPTS_FOLDER) : -len('.md')]} / {key}"
    return Change.model_validate(
        {
            "kind": kind,
            "area": area or _AREAS.get(file, file),
            "key": key,
            "old": old.get(path),
            "new": new.get(path),
            "file": file,
            "line": documents[file].locate(path).line,
        }
    )
