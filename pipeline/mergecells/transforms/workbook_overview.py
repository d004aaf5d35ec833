"""The first tab: the sample lead's score and tier, what each component adds, whether weights sum to 1, what to do."""

from __future__ import annotations

from mergecells.domain.live_status import LiveStatus
from mergecells.domain.locations import CellRef
from mergecells.domain.revision import Revision, short
from mergecells.domain.workbook import CellValue
from mergecells.domain.workbook_layout import CellLayout, Highlight, SheetLayout
from mergecells.transforms import workbook_live as live
from mergecells.transforms.workbook_context import TabContext
from mergecells.transforms.workbook_header import VALUE_COLUMN
from mergecells.transforms.workbook_plan import COMPONENTS, FACTOR_SUM_COLUMN, OVERVIEW, POINTS_COLUMN
from mergecells.transforms.workbook_tabs import Cells
from mergecells.transforms.workbook_values import stated_date

SCORE_CELL, TIER_CELL, TOTAL_CELL, DATE_CELL = "$B$3", "$B$4", "$B$5", "$B$7"
_TITLES = ("component", "weight", "value", "points")
_TABLE_ROW = 9
_SPARE = 5
_HOW_TO = (
    "Edit the white cells of the other tabs; grey ones are computed. Notes on the titles explain each column.",
    "Change the sample lead in the Lead tab to see what the rules make of it.",
    "When you are done, save, and submit: what you changed becomes a pull request for review.",
)


def lay_out_overview(context: TabContext, revision: Revision, status: LiveStatus | None = None) -> SheetLayout:
    """The page; it only shows, so all of it is locked."""
    cells: Cells = {(1, 1): CellLayout("Lead scoring", style="title", locked=True)}
    _lay_out_result(cells, context)
    cells[6, 1] = CellLayout("Filled from revision", style="label", locked=True)
    cells[6, 2] = CellLayout(short(revision), style="computed", locked=True)
    day = stated_date(context.config)
    if day is not None:
        cells[7, 1] = CellLayout("Evaluated for", style="label", locked=True)
        cells[7, 2] = CellLayout(day.isoformat(), style="date", locked=True)
    if status:
        cells[8, 1] = CellLayout("Services", style="label", locked=True)
        cells[8, 2] = CellLayout(status.shown(), style="label", locked=True)
    last = _lay_out_components(cells, context)
    for offset, text in enumerate(_HOW_TO):
        cells[3 + offset, 4] = CellLayout(text, style="label", locked=True)
    return SheetLayout(
        name=OVERVIEW,
        cells=cells,
        column_widths={1: 26, 2: 14, 3: 12, 4: 16, 5: 12},
        frozen_rows=0,
        highlights=_highlights(last),
        protected=True,
    )


def _lay_out_result(cells: Cells, context: TabContext) -> None:
    base = context.values.base
    components = context.config.rules.rules.components.values()
    total = sum(component.weight for component in components)
    rows: tuple[tuple[str, str, CellValue, str], ...] = (
        ("Score of the sample lead", live.score_formula(context.plans), base.score.value if base else None, "big"),
        ("Tier", live.tier_formula(context.plans, SCORE_CELL), base.score.tier if base else None, "big"),
        ("Component weights sum to", live.weight_total(context.plans), total, "percent"),
    )
    for row, (label, formula, value, style) in enumerate(rows, start=3):
        cells[row, 1] = CellLayout(label, style="label", locked=True)
        cells[row, 2] = CellLayout(value, formula=formula, style="big" if style == "big" else "rate", locked=True)


def _lay_out_components(cells: Cells, context: TabContext) -> int:
    """One row for each component, read through INDEX so that rows deleted in its tab leave no #REF! here."""
    components, base = context.plans[COMPONENTS], context.values.base
    for column, title in enumerate((*_TITLES, FACTOR_SUM_COLUMN), start=1):
        cells[_TABLE_ROW, column] = CellLayout(title, style="computed-header", locked=True)
    rules = context.config.rules.rules.components
    names = [key[0] for key in components.rows]
    last = _TABLE_ROW + len(names) + _SPARE
    for number, row in enumerate(range(_TABLE_ROW + 1, last + 1), start=1):
        name = names[number - 1] if number <= len(names) else ""
        body = rules.get(name)
        shown: dict[str, CellValue] = {
            "component": name,
            "weight": body.weight if body else "",
            VALUE_COLUMN: base.shares.get(name, "") if base else None,
            POINTS_COLUMN: base.score.components.get(name, "") if base else None,
            FACTOR_SUM_COLUMN: sum(f.weight for f in body.factors.values()) if body else "",
        }
        for column, title in enumerate((*_TITLES, FACTOR_SUM_COLUMN), start=1):
            cells[row, column] = _mirror(
                components.span(title), components.span("component"), number, title, shown[title]
            )
    return last


def _mirror(span: str, names: str, number: int, title: str, shown: CellValue) -> CellLayout:
    formula = f'=IF(INDEX({names},{number})="","",INDEX({span},{number}))'
    style = {"component": "computed", VALUE_COLUMN: "share", POINTS_COLUMN: "points"}.get(title, "rate")
    return CellLayout(shown, formula=formula, style=style, locked=True)  # type: ignore[arg-type]


def _highlights(last: int) -> tuple[Highlight, ...]:
    first = _TABLE_ROW + 1
    return (
        Highlight(CellRef(OVERVIEW, 5, 2), f"ABS({TOTAL_CELL}-1)>{live.TOLERANCE}"),
        Highlight(CellRef(OVERVIEW, 5, 2), f"ABS({TOTAL_CELL}-1)<={live.TOLERANCE}", "green"),
        Highlight(CellRef(OVERVIEW, first, 5, last, 5), f"AND(ISNUMBER($E{first}),ABS($E{first}-1)>{live.TOLERANCE})"),
        Highlight(CellRef(OVERVIEW, first, 4, last, 4), colour="bar"),
    )
