"""Config → the layout of a workbook that computes the sample lead's score with the very formulas of the files."""

from __future__ import annotations

import dataclasses

from mergecells.domain.configset import ConfigSet
from mergecells.domain.live_status import LiveStatus
from mergecells.domain.locations import CellRef
from mergecells.domain.revision import Revision
from mergecells.domain.tables import Tables
from mergecells.domain.workbook import BASE_REVISION, LIVE
from mergecells.domain.workbook_layout import CellLayout, Highlight, SheetLayout, WorkbookLayout
from mergecells.transforms import workbook_live as live
from mergecells.transforms.workbook_context import TabContext, make_context
from mergecells.transforms.workbook_formulas import EVALUATION_DATE
from mergecells.transforms.workbook_overview import DATE_CELL, SCORE_CELL, TIER_CELL, TOTAL_CELL, lay_out_overview
from mergecells.transforms.workbook_plan import COMPONENTS, FACTORS, HEADER_ROW, LEAD, OVERVIEW
from mergecells.transforms.workbook_tabs import lay_out_tab
from mergecells.transforms.workbook_values import ComputedValues, compute_values

FORMAT_VERSION = "1"


def lay_out(
    config: ConfigSet,
    tables: Tables,
    revision: Revision,
    values: ComputedValues | None = None,
    status: LiveStatus | None = None,
) -> WorkbookLayout:
    """The whole workbook: the overview, one tab for each table, defined names, the base revision, the live status.

    `values` are the sample lead's evaluations, computed here when left out.
    """
    context = make_context(config, tables, values if values is not None else compute_values(config))
    sheets = [lay_out_tab(table, context) for table in tables.values()]
    names = live.defined_names(context.plans, config.rules.rules.lists)
    if context.pins_today:
        names[EVALUATION_DATE] = f"{OVERVIEW}!{DATE_CELL}"
    if context.has_overview:
        sheets = [lay_out_overview(context, revision, status), *(_with_panel(sheet, context) for sheet in sheets)]
    return WorkbookLayout(
        sheets=tuple(sheets),
        names=names,
        growing=live.growing_names(context.plans),
        metadata={BASE_REVISION: revision, "format": FORMAT_VERSION, **({LIVE: status.dump()} if status else {})},
    )


def _with_panel(sheet: SheetLayout, context: TabContext) -> SheetLayout:
    """Score, tier and weight check in the frozen top row, right of the table, where no row edit can reach them."""
    if sheet.name not in (LEAD, COMPONENTS, FACTORS):
        return sheet
    base = context.values.base
    page = f"{OVERVIEW}!"
    first = max(column for _, column in sheet.cells) + 2
    total = sum(component.weight for component in context.config.rules.rules.components.values())
    panel = (
        CellLayout("Sample lead's score", style="label", locked=True),
        CellLayout(base.score.value if base else None, f"={page}{SCORE_CELL}", "points", locked=True),
        CellLayout(base.score.tier if base else None, f"={page}{TIER_CELL}", "label", locked=True),
        CellLayout("Weights sum to", style="label", locked=True),
        CellLayout(total, f"={page}{TOTAL_CELL}", "rate", locked=True),
    )
    check = CellRef(sheet.name, HEADER_ROW, first + 4)
    wrong = f"ABS({page}{TOTAL_CELL}-1)>{live.TOLERANCE}"
    right = f"ABS({page}{TOTAL_CELL}-1)<={live.TOLERANCE}"
    return dataclasses.replace(
        sheet,
        cells={**sheet.cells, **{(HEADER_ROW, first + offset): cell for offset, cell in enumerate(panel)}},
        column_widths={
            **sheet.column_widths,
            first - 1: 3,
            first: 19,
            first + 1: 9,
            first + 2: 6,
            first + 3: 15,
            first + 4: 9,
        },
        highlights=(*sheet.highlights, Highlight(check, wrong), Highlight(check, right, "green")),
    )
