"""One Table → one tab: titles with notes, values, live formulas, validations, the cells a person may change."""

from __future__ import annotations

from mergecells.domain.locations import CellRef
from mergecells.domain.tables import Column, Row, RowKey, Table, TableValue
from mergecells.domain.workbook_layout import CellLayout, Highlight, SheetLayout, Style, Validation
from mergecells.transforms import workbook_live as live
from mergecells.transforms.table_specs import ITEM, REMOVE
from mergecells.transforms.tables import item_value
from mergecells.transforms.workbook_computed import computed_cells
from mergecells.transforms.workbook_context import TabContext
from mergecells.transforms.workbook_header import KEY_COLUMN, VALUE_COLUMN, dump_key, input_columns, typed_columns
from mergecells.transforms.workbook_notes import header_note
from mergecells.transforms.workbook_plan import (
    COMPONENTS,
    EXAMPLES,
    FACTOR_SUM_COLUMN,
    FACTORS,
    FORM_COLUMN,
    FORMULAS,
    HEADER_ROW,
    INPUTS_COLUMN,
    LEAD,
    LISTS,
    POINTS_COLUMN,
    PROMPT_EXAMPLES_COLUMN,
    PROMPTS,
    TIERS,
    TabPlan,
    computed_titles,
)
from mergecells.transforms.workbook_values import may_run

_STYLES: dict[str, Style] = {
    "text": "text",
    "number": "number",
    "weight": "percent",
    "boolean": "boolean",
    "date": "date",
}
_WIDTHS = {"weight": 10, "formula": 20, VALUE_COLUMN: 10, POINTS_COLUMN: 10, FACTOR_SUM_COLUMN: 12, "description": 56}
_TAB_WIDTHS = {
    (LISTS, VALUE_COLUMN): 34,
    (FORMULAS, VALUE_COLUMN): 30,
    (FORMULAS, "formula"): 44,
    (PROMPTS, "body"): 80,
    (PROMPTS, INPUTS_COLUMN): 50,
    (PROMPTS, FORM_COLUMN): 44,
    (PROMPTS, PROMPT_EXAMPLES_COLUMN): 60,
}
_WIDE_TITLES = {"component": 22, "factor": 30, "field": 26, "column": 26, "sample": 30, "example": 34, "list": 22}
_FIELD_TYPES = ("text", "number", "boolean", "date")
_ANY_NUMBER = 1e300
Cells = dict[tuple[int, int], CellLayout]


def lay_out_tab(table: Table, context: TabContext) -> SheetLayout:
    """The tab of one table."""
    plan = context.plans[table.spec.tab]
    columns = {column.title: column for column in typed_columns(plan.spec)}
    cells: Cells = {
        (HEADER_ROW, number): _header(plan, title, columns.get(title)) for title, number in plan.columns.items()
    }
    for key, row in table.rows.items():
        _lay_out_row(cells, plan, row, plan.rows[key], context)
    hidden = plan.columns[KEY_COLUMN]
    return SheetLayout(
        name=plan.spec.tab,
        cells=cells,
        keys=tuple(plan.columns[key] for key in plan.spec.keys),
        typed_keys=plan.spec.row_path[-1:] == (ITEM,) or plan.spec.key_column is not None,
        column_widths={number: _width(plan.spec.tab, title) for title, number in plan.columns.items()},
        column_styles={
            number: _empty_style(plan, title, columns.get(title), context) for title, number in plan.columns.items()
        },
        frozen_columns=len(plan.spec.keys),
        hidden_columns=frozenset({hidden}),
        validations=_validations(plan, context),
        highlights=_highlights(plan),
        protected=True,
    )


def _header(plan: TabPlan, title: str, column: Column | None) -> CellLayout:
    computed = title in computed_titles(plan.spec)
    note = header_note(plan.spec, title, column)
    return CellLayout(title, style="computed-header" if computed else "header", note=note, locked=True)


def _width(tab: str, title: str) -> float:
    return (
        _TAB_WIDTHS.get((tab, title))
        or _WIDTHS.get(title)
        or _WIDE_TITLES.get(title)
        or max(14, min(30, len(title) + 4))
    )


def _empty_style(plan: TabPlan, title: str, column: Column | None, context: TabContext) -> Style:
    if title in computed_titles(plan.spec):
        return "facts" if plan.spec.is_per_file else "computed"
    if title == KEY_COLUMN:
        return "hidden"
    if column is None:
        return "text"
    return _column_style(column, context)


def _column_style(column: Column, context: TabContext) -> Style:
    if column.kind == "formula":
        return "formula"
    if column.kind != "scalar":
        return _STYLES[column.kind]
    fields = context.config.rules.fields
    field = fields.fields.get(column.path[-1]) if fields and column.path and column.path[0] == "lead" else None
    return _scalar_style(field.type if field else None)


def _scalar_style(kind: TableValue) -> Style:
    return _STYLES[kind] if isinstance(kind, str) and kind in _STYLES else "number"


def _lay_out_row(cells: Cells, plan: TabPlan, row: Row, number: int, context: TabContext) -> None:
    for title, part in zip(plan.spec.keys, row.key, strict=True):
        cells[number, plan.columns[title]] = _key_cell(plan, title, part)
    for column in input_columns(plan.spec):
        value = row.cells.get(column.title)
        cells[number, plan.columns[column.title]] = _input_cell(plan, column, row, value, context)
    for title, cell in computed_cells(plan, row.key, number, context).items():
        cells[number, plan.columns[title]] = cell
    cells[number, plan.columns[KEY_COLUMN]] = CellLayout(
        dump_key(row.former_key or row.key), style="hidden", locked=True
    )


def _key_cell(plan: TabPlan, title: str, part: str) -> CellLayout:
    """A key, guarded. An item of a list is what a person edits, and keeps its type, so that formulas find a number as
    a number."""
    if plan.spec.key_column is not None:
        return _table_key_cell(plan.spec.key_column, part)
    if plan.spec.tab != LISTS or title != plan.spec.keys[-1]:
        return CellLayout(part or None, style="key", locked=True)
    item = item_value(part)
    return CellLayout(
        item, style="boolean" if isinstance(item, bool) else "text" if isinstance(item, str) else "number"
    )


def _table_key_cell(column: Column, part: str) -> CellLayout:
    """The key of a lookup table's row: a cell like any other, of its column's type; what does not fit is text."""
    if column.kind in ("number", "boolean"):
        item = item_value(part)
        if isinstance(item, bool) == (column.kind == "boolean") and not isinstance(item, str):
            return CellLayout(item, style=_STYLES[column.kind])
        return CellLayout(part, style="text")
    return CellLayout(part, style=_scalar_style(column.kind))


def _input_cell(plan: TabPlan, column: Column, row: Row, value: TableValue, context: TabContext) -> CellLayout:
    if column.kind == "formula":
        return _formula_cell(plan, row.key, value, context)
    style = _column_style(column, context)
    if plan.spec.tab == LEAD and column.title == "sample":
        style = _scalar_style(row.cells.get("type"))
    if isinstance(value, str) and style in ("number", "percent", "boolean"):
        style = "text"
    if isinstance(value, str):
        return CellLayout(value.rstrip("\n"), style=style)
    if plan.spec.removable and column.title == REMOVE and not value:
        value = None
    if isinstance(value, bool):
        style = "boolean"
    elif value is not None and style in ("text", "boolean"):
        style = "number"
    return CellLayout(value, style=style)


def _formula_cell(plan: TabPlan, key: RowKey, text: TableValue, context: TabContext) -> CellLayout:
    """The text of the file, live; what may not run is shown as text."""
    if not isinstance(text, str):
        return CellLayout(None, style="formula")
    if not may_run(text, context.config.rules.dialect):
        return CellLayout(text, style="formula")
    live = context.live_text(plan, key, text)
    return CellLayout(context.formula_result(plan, key), live, style="formula", array=context.is_array(text))


def _validations(plan: TabPlan, context: TabContext) -> tuple[Validation, ...]:
    found = []
    for column in typed_columns(plan.spec):
        number = plan.columns[column.title]
        cells = CellRef(plan.spec.tab, HEADER_ROW + 1, number, plan.last_row, number)
        rule = _validation(plan, column, cells, context)
        if rule is not None:
            found.append(rule)
    return tuple(found)


def _validation(plan: TabPlan, column: Column, cells: CellRef, context: TabContext) -> Validation | None:
    tab, title = plan.spec.tab, column.title
    if column.kind == "weight":
        return Validation(cells, "decimal", minimum=0, maximum=1, message="A weight lies between 0% and 100%.")
    if tab == TIERS and title == "min":
        return Validation(cells, "decimal", minimum=0, maximum=100, message="A score lies between 0 and 100.")
    if tab == EXAMPLES and title == "score":
        return Validation(cells, "decimal", minimum=0, maximum=100, message="A score lies between 0 and 100.")
    if tab == EXAMPLES and title == "tier" and TIERS in context.plans:
        tiers = context.plans[TIERS]
        span = tiers.span("tier", last=HEADER_ROW + len(tiers.rows))
        return Validation(cells, "list", source=f"={span}", message="Choose one of the tiers.")
    if tab == EXAMPLES and title == "vertical" and context.config.rules.verticals:
        return Validation(cells, "list", choices=tuple(context.config.rules.verticals), message="Choose a vertical.")
    if tab == LEAD and title == "type":
        return Validation(cells, "list", choices=_FIELD_TYPES, message="Choose the kind of value.")
    if column.choices:
        return Validation(cells, "list", choices=column.choices, message="Choose from the list.")
    if column.kind == "boolean":
        return Validation(cells, "boolean", message="TRUE or FALSE.")
    if column.kind == "number" and plan.spec.key_column is not None:
        return Validation(cells, "decimal", minimum=-_ANY_NUMBER, maximum=_ANY_NUMBER, message="A number.")
    return Validation(cells, "date", message="A date of the calendar.") if column.kind == "date" else None


def _highlights(plan: TabPlan) -> tuple[Highlight, ...]:
    """Weights turn red where they do not sum to 1, so that the mistake shows where it is made."""
    tab = plan.spec.tab
    first = HEADER_ROW + 1
    if tab == COMPONENTS:
        weights, sums = plan.columns["weight"], plan.columns[FACTOR_SUM_COLUMN]
        total = f"ABS(SUM({plan.span('weight')})-1)>{live.TOLERANCE}"
        cell = plan.cell(FACTOR_SUM_COLUMN, first)
        return (
            Highlight(_block(plan, weights, len(plan.rows)), total),
            Highlight(_block(plan, sums), f"AND(ISNUMBER({cell}),ABS({cell}-1)>{live.TOLERANCE})"),
            Highlight(_block(plan, plan.columns[POINTS_COLUMN], len(plan.rows)), colour="bar"),
        )
    if tab == FACTORS:
        total = f"SUMIF({plan.span('component')},$A{first},{plan.span('weight')})"
        wrong = f'AND($A{first}<>"",ABS({total}-1)>{live.TOLERANCE})'
        return (Highlight(_block(plan, plan.columns["weight"]), wrong),)
    return ()


def _block(plan: TabPlan, column: int, rows: int | None = None) -> CellRef:
    last = plan.last_row if rows is None else HEADER_ROW + max(1, rows)
    return CellRef(plan.spec.tab, HEADER_ROW + 1, column, last, column)
