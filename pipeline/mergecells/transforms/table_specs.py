"""Which tabs there are, and which part of which file each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from mergecells.domain.configset import (
    EXAMPLES_FILE,
    FIELDS_FILE,
    RULES_FILE,
    TABLES_FOLDER,
    VERTICALS_FOLDER,
    Document,
    vertical_file,
)
from mergecells.domain.manifest import CustomTab, Manifest
from mergecells.domain.scoring import FieldType
from mergecells.domain.tables import Column, ColumnKind, TableSpec
from mergecells.transforms.call_tables import call_specs

REMOVE = "remove"
"""The column that shows a row whose node is null: a vertical takes it out of the base rules."""

ITEM = "[]"
"""The last segment of a row path whose rows are the items of a sequence."""

_FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)

_WEIGHT = Column("weight", "weight", ("weight",), required=True, note="A share between 0 and 1.")
_OWN_WEIGHT = Column("weight", "weight", ("weight",), note="A new share; blank keeps that of the base rules.")
_DESCRIPTION = Column("description", "text", ("description",))
_FACTOR_FORMULA = Column(
    "formula", "formula", ("formula",), note="Result in 0..1. Blank: the lead's field of the same name counts."
)
_COMPONENT_FORMULA = Column(
    "formula", "formula", ("formula",), note="Over the component's factors. Blank: their weighted sum."
)
_REMOVE = Column(REMOVE, "boolean", (), note="TRUE takes this row out for this vertical.")

_TIERS = TableSpec(
    tab="Tiers",
    file=RULES_FILE,
    keys=("tier",),
    columns=(
        Column("min", "number", ("min",), required=True, note="Lowest score of the tier, inclusive, 0 to 100."),
        Column("label", "text", ("label",)),
        _DESCRIPTION,
    ),
    row_path=("tiers", "{tier}"),
)
_COMPONENTS = TableSpec(
    tab="Components",
    file=RULES_FILE,
    keys=("component",),
    columns=(_WEIGHT, _COMPONENT_FORMULA, _DESCRIPTION),
    row_path=("components", "{component}"),
)
_FACTORS = TableSpec(
    tab="Factors",
    file=RULES_FILE,
    keys=("component", "factor"),
    columns=(_WEIGHT, _FACTOR_FORMULA, _DESCRIPTION),
    row_path=("components", "{component}", "factors", "{factor}"),
)
_FORMULAS = TableSpec(
    tab="Formulas",
    file=RULES_FILE,
    keys=("name",),
    columns=(Column("formula", "formula", (), required=True, note="A named value that other formulas may use."),),
    row_path=("formulas", "{name}"),
)
_LISTS = TableSpec(tab="Lists", file=RULES_FILE, keys=("list", "value"), columns=(), row_path=("lists", "{list}", ITEM))
_LEAD = TableSpec(
    tab="Lead",
    file=FIELDS_FILE,
    keys=("field",),
    columns=(
        Column("column", "text", ("column",), note="Title of the column in a file of leads; blank: the field's name."),
        Column("type", "text", ("type",), required=True, choices=_FIELD_TYPES),
        Column("sample", "scalar", ("sample",), note="The sample lead's value: formulas show their result for it."),
        _DESCRIPTION,
    ),
    row_path=("fields", "{field}"),
)
_EXAMPLE_COLUMNS = (
    Column("vertical", "text", ("vertical",), note="Score with this vertical; blank: the base rules."),
    Column("tier", "text", ("tier",), required=True, note="The tier that this lead must get."),
    Column("score", "number", ("score",), note="The score that it must get, within 0.05; blank: not compared."),
    _DESCRIPTION,
)


def table_specs(documents: Mapping[str, Document], manifest: Manifest) -> dict[str, TableSpec]:
    """Every tab in its order: the built-in ones, one for each lookup table and each vertical, those of prompts, routes,
    budgets and prices where these have files, the manifest's own.

    The built-in tabs are there whatever the files hold. Examples has one column for each field of the lead.
    """
    specs = [_TIERS, _COMPONENTS, _FACTORS, _FORMULAS, _LISTS, _LEAD, _examples(documents)]
    specs += [_lookup_table(file, columns) for file, columns in _table_columns(documents)]
    specs += [_vertical(name) for name in _vertical_names(documents)]
    custom = [_custom(tab) for tab in manifest.tabs]
    taken = frozenset(spec.tab.lower() for spec in (*specs, *custom))
    specs += [*call_specs(documents, taken), *custom]
    return {spec.tab: spec for spec in specs}


def _examples(documents: Mapping[str, Document]) -> TableSpec:
    taken = {"example", *(column.title for column in _EXAMPLE_COLUMNS)}
    columns = list(_EXAMPLE_COLUMNS)
    for name in _lead_names(documents):
        title = f"lead.{name}" if name.lower() in taken else name
        columns.append(Column(title, "scalar", ("lead", name)))
    return TableSpec(
        tab="Examples",
        file=EXAMPLES_FILE,
        keys=("example",),
        columns=tuple(columns),
        row_path=("examples", "{example}"),
    )


def _lead_names(documents: Mapping[str, Document]) -> list[str]:
    """The fields, and whatever else a lead of an example names, so that nothing is hidden."""
    names: dict[str, None] = dict.fromkeys(_mapping_in(documents.get(FIELDS_FILE), "fields"))
    for example in _mapping_in(documents.get(EXAMPLES_FILE), "examples").values():
        lead = example.get("lead") if isinstance(example, dict) else None
        names.update(dict.fromkeys(lead if isinstance(lead, dict) else ()))
    return list(names)


def _mapping_in(document: Document | None, key: str) -> dict[str, Any]:
    value = document.value.get(key) if document and isinstance(document.value, dict) else None
    return value if isinstance(value, dict) else {}


def _table_columns(documents: Mapping[str, Document]) -> Iterator[tuple[str, list[Column]]]:
    """Each lookup table's file and its columns; the first is the key. What has no columns has no tab."""
    for file in sorted(file for file in documents if file.startswith(TABLES_FOLDER)):
        stated = _mapping_in(documents[file], "columns")
        columns = [_table_column(name, body if isinstance(body, dict) else {}) for name, body in stated.items()]
        if columns:
            yield file, columns


def _table_column(name: str, body: Mapping[str, Any]) -> Column:
    kind: ColumnKind = next((each for each in _FIELD_TYPES if each == body.get("type")), "scalar")
    note = body.get("description")
    return Column(name, kind, (name,), note=note if isinstance(note, str) else "")


def _lookup_table(file: str, columns: list[Column]) -> TableSpec:
    key, *others = columns
    return TableSpec(
        tab=file[len(TABLES_FOLDER) : -len(".yaml")],
        file=file,
        keys=(key.title,),
        columns=tuple(others),
        row_path=("rows", "{" + key.title + "}"),
        key_column=key,
    )


def _vertical_names(documents: Mapping[str, Document]) -> list[str]:
    files = [file for file in documents if file.startswith(VERTICALS_FOLDER)]
    return sorted(file[len(VERTICALS_FOLDER) : -len(".yaml")] for file in files)


def _vertical(name: str) -> TableSpec:
    return TableSpec(
        tab=name,
        file=vertical_file(name),
        keys=("component", "factor"),
        columns=(_OWN_WEIGHT, _FACTOR_FORMULA, _DESCRIPTION, _REMOVE),
        row_path=("components", "{component}", "factors", "{factor}"),
        optional_last_key=True,
        removable=True,
        title=f"What {name} changes in the base rules",
    )


def _custom(tab: CustomTab) -> TableSpec:
    root = tuple(part for part in tab.root.split(".") if part)
    return TableSpec(
        tab=tab.tab,
        file=tab.file,
        keys=(tab.key,),
        columns=tuple(Column(title, "scalar", (title,)) for title in tab.columns),
        row_path=(*root, "{" + tab.key + "}"),
    )
