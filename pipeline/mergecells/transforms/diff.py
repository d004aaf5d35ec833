"""Two moments of a config → what changed, in the words of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mergecells.domain.changes import Change, ChangeSet
from mergecells.domain.configset import Document, LoadResult
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files, Revision
from mergecells.domain.tables import (
    AddRow,
    DeleteRow,
    Edit,
    MoveRow,
    RenameRow,
    Row,
    RowKey,
    SetCell,
    Table,
    Tables,
    TableSpec,
    TableValue,
)
from mergecells.transforms.diff_rest import diff_rest
from mergecells.transforms.table_places import row_location
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config


def diff_configs(
    base_files: Files,
    head_files: Files,
    base_rev: Revision,
    head_rev: Revision,
    head_tables: Tables | None = None,
) -> ChangeSet:
    """Every change from base to head: rows, cells, and the values that no tab shows.

    Each change names its file and line, in head where it still stands there, else in base. `head_tables` (a
    workbook's, with cell references) gives the cells. `files` names every file that differs, also one of which
    no row changed (a comment) or which does not parse on one side: of such a file nothing more is told.
    """
    base, head = load_config(base_files), load_config(head_files)
    files = tuple(sorted(n for n in {*base_files, *head_files} if base_files.get(n) != head_files.get(n)))
    sides = _comparable(base, head, base_files, head_files)
    specs = _specs(base, head)
    base_tables = tables_from_documents(specs, sides[0])
    tables = _with_former_keys(tables_from_documents(specs, sides[1]), head_tables or {})
    teller = _Teller(base_tables, tables, sides[0], sides[1], head_tables or {})
    changes = [*diff_rest(specs, *sides), *map(teller.tell, diff_tables(base_tables, tables))]
    return ChangeSet(base=base_rev, head=head_rev, changes=tuple(changes), files=files)


def _comparable(
    base: LoadResult, head: LoadResult, base_files: Files, head_files: Files
) -> tuple[dict[str, Document], dict[str, Document]]:
    """The documents without those files that are there but do not parse on one of the sides."""
    broken = {name for name in base_files if name in head.documents and name not in base.documents}
    broken |= {name for name in head_files if name in base.documents and name not in head.documents}
    return (
        {name: document for name, document in base.documents.items() if name not in broken},
        {name: document for name, document in head.documents.items() if name not in broken},
    )


def _specs(base: LoadResult, head: LoadResult) -> dict[str, TableSpec]:
    """The tabs of both sides; a tab of both has the columns of both."""
    old = table_specs(base.documents, base.config.manifest if base.config else Manifest())
    new = table_specs(head.documents, head.config.manifest if head.config else Manifest())
    specs = {**new, **{tab: spec for tab, spec in old.items() if tab not in new}}
    for tab in old.keys() & new.keys():
        titles = {column.title for column in new[tab].columns}
        more = tuple(column for column in old[tab].columns if column.title not in titles)
        specs[tab] = replace(new[tab], columns=new[tab].columns + more) if more else new[tab]
    return specs


def _with_former_keys(tables: Mapping[str, Table], told: Tables) -> dict[str, Table]:
    """What the workbook knows about renames is better than a guess from equal cells."""
    return {tab: _followed(table, told[tab]) if tab in told else table for tab, table in tables.items()}


def _followed(table: Table, told: Table) -> Table:
    rows = {}
    for key, row in table.rows.items():
        source = told.rows.get(key)
        rows[key] = replace(row, former_key=source.former_key) if source and source.former_key else row
    return Table(table.spec, rows)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts one edit into words with its places."""

    base: Tables
    head: Tables
    base_documents: Mapping[str, Document]
    head_documents: Mapping[str, Document]
    sheet: Tables

    def tell(self, edit: Edit) -> Change:
        match edit:
            case SetCell(tab, key, column, value, old):
                return self._change("changed", tab, key, field=column, old=old, new=value)
            case AddRow(tab, key):
                return self._change("added", tab, key, new=_summary(self.head[tab].rows[key]))
            case DeleteRow(tab, key):
                return self._change("removed", tab, key, old=_summary(self.base[tab].rows[key]))
            case RenameRow(tab, key, new_key):
                return self._change("renamed", tab, new_key, old=key_text(key), new=key_text(new_key))
            case MoveRow(tab, key, after):
                place = f"after {key_text(after)}" if after else "first"
                return self._change("moved", tab, key, new=place)

    def _change(self, kind: str, tab: str, key: RowKey, field: str = "", **values: TableValue) -> Change:
        table = (self.base if kind == "removed" else self.head)[tab]
        documents = self.base_documents if kind == "removed" else self.head_documents
        file = table.spec.file_of(key)
        place = row_location(table.spec, documents.get(file), key, field)
        row = self.sheet[tab].rows.get(key) if tab in self.sheet and kind != "removed" else None
        refs = row.refs if row else {}
        cell = refs.get(field or table.spec.keys[-1]) or refs.get(table.spec.keys[0])
        return Change.model_validate(
            {
                "kind": kind,
                "area": tab,
                "key": key_text(key),
                "field": field,
                **values,
                "file": file,
                "line": place.line if place else None,
                "cell": str(cell) if cell else None,
            }
        )


def key_text(key: RowKey) -> str:
    """`company_info / years_in_business`; a blank part (a vertical's component row) is left out."""
    return " / ".join(part for part in key if part)


def _summary(row: Row) -> str | None:
    return ", ".join(_told(row)) or None


def _told(row: Row) -> Iterator[str]:
    for title, value in row.cells.items():
        if value is not None:
            shown = str(value).upper() if isinstance(value, bool) else f"{value:g}" if _is_number(value) else value
            yield f"{title} {shown}"


def _is_number(value: TableValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
