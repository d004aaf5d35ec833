"""Where everything will stand in a workbook: the columns of each tab, the row of each key, the addresses of both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mergecells.domain.locations import column_letters, quoted_sheet
from mergecells.domain.tables import RowKey, Table, TableSpec
from mergecells.transforms.workbook_header import KEY_COLUMN, VALUE_COLUMN, input_columns

TIERS, COMPONENTS, FACTORS, FORMULAS = "Tiers", "Components", "Factors", "Formulas"
LISTS, LEAD, EXAMPLES, OVERVIEW = "Lists", "Lead", "Examples", "Overview"
POINTS_COLUMN = "points"
FACTOR_SUM_COLUMN = "factors sum"

PROMPTS = "Prompts"
INPUTS_COLUMN, FORM_COLUMN, PROMPT_EXAMPLES_COLUMN = "inputs", "answer", "examples"

HEADER_ROW = 1
SPARE_ROWS = 200
"""How far below a table ranges and validations reach, so that rows added at the end count without a new fill."""

_CELL_LIKE = re.compile(r"(?:[A-Za-z]{1,3}[0-9]+|[Rr][0-9]*(?:[Cc][0-9]*)?|[Cc][0-9]*|TRUE|FALSE)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TabPlan:
    """One tab's columns by title and rows by key; rows and columns count from 1."""

    spec: TableSpec
    columns: Mapping[str, int]
    rows: Mapping[RowKey, int]

    @property
    def last_row(self) -> int:
        """The last row that ranges reach: the table and the spare rows below."""
        return HEADER_ROW + len(self.rows) + SPARE_ROWS

    def cell(self, title: str, row: int) -> str:
        """`D7`, for a formula in the same tab."""
        return f"{column_letters(self.columns[title])}{row}"

    def fixed(self, title: str, row: int) -> str:
        """`Lead!$D$7`, for defined names and other tabs."""
        return f"{quoted_sheet(self.spec.tab)}!${column_letters(self.columns[title])}${row}"

    def span(self, title: str, first: int = HEADER_ROW + 1, last: int | None = None) -> str:
        """`Factors!$C$2:$C$240`: the column's rows, spare ones included unless `last` is given."""
        return f"{self.fixed(title, first)}:${column_letters(self.columns[title])}${last or self.last_row}"


def plan_tab(table: Table) -> TabPlan:
    """Keys first, then the columns with the computed ones behind the formula, descriptions, and the hidden key last."""
    spec = table.spec
    titles = [column.title for column in input_columns(spec)]
    computed = computed_titles(spec)
    at = titles.index("formula") + 1 if "formula" in titles else len(titles)
    ordered = [*spec.keys, *titles[:at], *computed, *titles[at:], KEY_COLUMN]
    columns = {title: number for number, title in enumerate(ordered, start=1)}
    rows = {key: number for number, key in enumerate(table.rows, start=HEADER_ROW + 1)}
    return TabPlan(spec, columns, rows)


def computed_titles(spec: TableSpec) -> tuple[str, ...]:
    """The columns that the workbook computes; nobody types into them."""
    if spec.tab == COMPONENTS:
        return (VALUE_COLUMN, POINTS_COLUMN, FACTOR_SUM_COLUMN)
    if spec.tab == FACTORS:
        return (VALUE_COLUMN, POINTS_COLUMN)
    if spec.tab == PROMPTS and spec.is_per_file:
        return (INPUTS_COLUMN, FORM_COLUMN, PROMPT_EXAMPLES_COLUMN)
    if spec.tab == FORMULAS or spec.optional_last_key:
        return (VALUE_COLUMN,)
    return ()


def is_definable(name: str) -> bool:
    """Whether a spreadsheet can hold this defined name; `tax2024` is a cell's address and cannot be one."""
    return _CELL_LIKE.match(name) is None
