"""The common form of a tab and of the part of a YAML file that it shows: rows by key, cells by column.

Export, fill, diff and merge all work on Tables, so that the built-in tabs and a team's own take one path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mergecells.domain.locations import CellRef

ColumnKind = Literal["text", "number", "weight", "boolean", "formula", "scalar", "date"]
"""`scalar` keeps whatever type the cell has; `weight` is a number in 0..1; `formula` is a text that starts with `=`."""

TableValue: TypeAlias = float | str | bool | None
RowKey: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`title` heads the column; `path` leads from the row node to the scalar (empty: the node is the scalar)."""

    title: str
    kind: ColumnKind
    path: tuple[str, ...]
    required: bool = False
    note: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """How a tab and a file correspond.

    `row_path` holds literal segments and `{key title}` placeholders:
    `("components", "{component}", "factors", "{factor}")`.
    A trailing segment `[]` means a sequence of scalars, where the last key is the item's value.
    `optional_last_key`: a row whose last key is blank stands for the parent node (a vertical's component row).
    `removable`: a row node of null is shown as a row with `remove` set.
    A `file` with a `{key title}` in it: one file for each row, whose top level is the row (`row_path` is empty).
    `key_column`: a lookup table, whose one key is a cell of this kind that people edit like the others.
    """

    tab: str
    file: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    row_path: tuple[str, ...]
    optional_last_key: bool = False
    removable: bool = False
    title: str = ""
    key_column: Column | None = None

    @property
    def is_per_file(self) -> bool:
        """Whether each row is a file of its own: the path then has the one key in it, and the rows no path inside."""
        return "{" in self.file

    def file_of(self, key: RowKey) -> str:
        """The file of a row."""
        return self.file.replace("{" + self.keys[0] + "}", key[0]) if self.is_per_file else self.file

    @property
    def place(self) -> str:
        """What a finding about the whole tab names: the file, or the folder of the files."""
        return self.file.partition("{")[0] if self.is_per_file else self.file


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` has one entry for each column of the spec; None is blank.

    `former_key` is the key that the workbook remembered for this row, set when it differs from `key` (a rename).
    `refs` gives the workbook cell of each column and key title, when the row came from a workbook.
    `shown` is what the workbook displayed for each formula column (a number, a text, an error text).
    """

    key: RowKey
    cells: Mapping[str, TableValue]
    former_key: RowKey | None = None
    refs: Mapping[str, CellRef] = field(default_factory=dict)
    shown: Mapping[str, TableValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in order. Keys are unique; what breaks this is a finding of the reader, and the later row is left out."""

    spec: TableSpec
    rows: Mapping[RowKey, Row]


Tables: TypeAlias = Mapping[str, Table]
"""By tab name."""


@dataclass(frozen=True, slots=True)
class SetCell:
    """Set one scalar; None removes the key from the file."""

    tab: str
    key: RowKey
    column: str
    value: TableValue
    old: TableValue = None


@dataclass(frozen=True, slots=True)
class AddRow:
    """Insert a row after the row `after` (None: first)."""

    tab: str
    key: RowKey
    cells: Mapping[str, TableValue]
    after: RowKey | None = None


@dataclass(frozen=True, slots=True)
class DeleteRow:
    tab: str
    key: RowKey


@dataclass(frozen=True, slots=True)
class RenameRow:
    """Same row, new key: the lines stay, the key changes."""

    tab: str
    key: RowKey
    new_key: RowKey


@dataclass(frozen=True, slots=True)
class MoveRow:
    """The row goes to the place after `after` (None: first) among its siblings."""

    tab: str
    key: RowKey
    after: RowKey | None


Edit: TypeAlias = SetCell | AddRow | DeleteRow | RenameRow | MoveRow


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same cell (or one deleted the row that the other changed) in different ways.

    For a row conflict `column` is None and the values are `"deleted"`, `"changed"`, `"renamed to …"`.
    """

    tab: str
    key: RowKey
    column: str | None
    base: TableValue
    ours: TableValue
    theirs: TableValue
    cell: CellRef | None = None


@dataclass(frozen=True, slots=True)
class MergeResult:
    """`edits` turn `theirs` (the head's tables) into the merged tables; empty when there is nothing to do."""

    merged: Tables
    edits: tuple[Edit, ...]
    conflicts: tuple[Conflict, ...]
