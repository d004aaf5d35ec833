"""The formulas that make the workbook compute the sample lead's score as production does, and the defined names."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from mergecells.domain.locations import CellRef, quoted_sheet
from mergecells.domain.tables import RowKey
from mergecells.transforms.lookup_tables import column_name
from mergecells.transforms.table_specs import REMOVE
from mergecells.transforms.workbook_header import VALUE_COLUMN
from mergecells.transforms.workbook_plan import (
    COMPONENTS,
    FACTORS,
    FORMULAS,
    HEADER_ROW,
    LEAD,
    LISTS,
    POINTS_COLUMN,
    TIERS,
    TabPlan,
    is_definable,
)

Plans = Mapping[str, TabPlan]

TOLERANCE = 0.005
"""Weights sum to 1 within this much (contract)."""


EMPTY = '""'


def share_formula(cell: str, otherwise: str = "0") -> str:
    """A formula's result as a share of 0..1: numbers are clipped, TRUE is 1, an error or a text is `otherwise` or 0."""
    logical = f"IF(ISLOGICAL({cell}),IF({cell},1,0),{otherwise})"
    return f"IF(ISERROR({cell}),0,IF(ISNUMBER({cell}),MAX(0,MIN(1,{cell})),{logical}))"


def field_formula(plans: Plans, field: str) -> str:
    """A lead field as a share: as above, and a text that is not empty is 1. A name that is no field gives 0."""
    lead = plans.get(LEAD)
    row = next((row for key, row in lead.rows.items() if key[0].lower() == field.lower()), None) if lead else None
    if lead is None or row is None:
        return "0"
    cell = lead.fixed("sample", row)
    return share_formula(cell, f"IF(LEN({cell})>0,1,0)")


def factor_value(plans: Plans, row: int, factor: str) -> str:
    cell = plans[FACTORS].cell("formula", row)
    return f"=IF(ISBLANK({cell}),{field_formula(plans, factor)},{share_formula(cell)})"


def factor_points(plans: Plans, row: int) -> str:
    """What a factor adds to the score, in points; a component's own formula overrules it."""
    factors, components = plans[FACTORS], plans[COMPONENTS]
    share = f"SUMIF({components.span('component')},{factors.cell('component', row)},{components.span('weight')})"
    return f"=100*{share}*N({factors.cell('weight', row)})*{factors.cell(VALUE_COLUMN, row)}"


def component_value(plans: Plans, row: int) -> str:
    components, factors = plans[COMPONENTS], plans[FACTORS]
    chosen = f"({factors.span('component')}={components.cell('component', row)})*1"
    total = f"SUMPRODUCT({chosen},{factors.span('weight')},{factors.span(VALUE_COLUMN)})"
    cell = components.cell("formula", row)
    return f"=IF(ISBLANK({cell}),{total},{share_formula(cell)})"


def component_points(plans: Plans, row: int) -> str:
    components = plans[COMPONENTS]
    return f"=100*N({components.cell('weight', row)})*{components.cell(VALUE_COLUMN, row)}"


def factor_sum(plans: Plans, row: int) -> str:
    components, factors = plans[COMPONENTS], plans[FACTORS]
    return f"=SUMIF({factors.span('component')},{components.cell('component', row)},{factors.span('weight')})"


def override_value(plans: Plans, tab: str, row: int, key: RowKey) -> str:
    """A vertical's row: its own formula's share, else the base rules' value for the same factor."""
    plan, factors = plans[tab], plans[FACTORS]
    cell = plan.cell("formula", row)
    base = factors.rows.get(key)
    otherwise = factors.fixed(VALUE_COLUMN, base) if base else field_formula(plans, key[-1])
    kept = f"IF(ISBLANK({cell}),{otherwise if key[-1] else EMPTY},{share_formula(cell)})"
    return f"=IF({plan.cell(REMOVE, row)}=TRUE,{EMPTY},{kept})"


def weight_total(plans: Plans) -> str:
    return f"=SUM({plans[COMPONENTS].span('weight')})"


def score_formula(plans: Plans) -> str:
    return f"=SUM({plans[COMPONENTS].span(POINTS_COLUMN)})"


def tier_formula(plans: Plans, score_cell: str) -> str:
    """The tier of a score: tiers stand in descending order, so it is the one behind all whose minimum is higher.

    Rounded to 9 places like production, where 79.99999999999999 from binary rounding is 80.
    """
    tiers = plans[TIERS]
    higher = f"SUMPRODUCT(({tiers.span('min')}>ROUND({score_cell},9))*1)"
    return f"=INDEX({tiers.span('tier')},{higher}+1)"


def defined_names(plans: Plans, lists: Mapping[str, object]) -> dict[str, str]:
    """Names that formulas use. Where a list, a field and an intermediate share a name the later one wins, as in
    production; factors are `component.factor`, and a vertical's own stand in its tab only."""
    names: dict[str, str] = {}
    if LISTS in plans and lists:
        names |= _list_names(plans[LISTS])
    for tab, title in ((LEAD, "sample"), (FORMULAS, "formula")):
        if tab in plans:
            names |= {key[0]: plans[tab].fixed(title, row) for key, row in plans[tab].rows.items()}
    names = {name: target for name, target in _last_spelling(names).items() if is_definable(name)}
    for plan in plans.values():
        if plan.spec.tab == FACTORS or plan.spec.optional_last_key:
            scope = "" if plan.spec.tab == FACTORS else f"{quoted_sheet(plan.spec.tab)}!"
            for key, row in plan.rows.items():
                if key[-1]:
                    names[f"{scope}{key[0]}.{key[-1]}"] = plan.fixed(VALUE_COLUMN, row)
    return names


def _last_spelling(names: Mapping[str, str]) -> dict[str, str]:
    """Names are case-insensitive: of `Years` and `years` the later one is kept."""
    spelling = {name.lower(): name for name in names}
    return {name: names[name] for name in spelling.values()}


def _list_names(plan: TabPlan) -> dict[str, str]:
    """A list is the block of its rows; the fill writes the rows of a list together."""
    names = {}
    for name, group in groupby(plan.rows.items(), key=lambda item: item[0][0]):
        rows = [row for _, row in group]
        names[name] = plan.span(plan.spec.keys[-1], rows[0], rows[-1])
    return names


def growing_names(plans: Plans) -> dict[str, CellRef]:
    """Lookup tables, and each of their columns, with the rows that a person adds below."""
    names: dict[str, CellRef] = {}
    for plan in plans.values():
        if plan.spec.key_column is None:
            continue
        titles = [plan.spec.key_column.title, *(column.title for column in plan.spec.columns)]
        blocks = {plan.spec.tab: (titles[0], titles[-1])}
        blocks |= {column_name(plan.spec.tab, title): (title, title) for title in titles}
        for name, (first, last) in blocks.items():
            if is_definable(name):
                ends = plan.columns[first], plan.columns[last]
                names[name] = CellRef(plan.spec.tab, HEADER_ROW, ends[0], plan.last_row, ends[1])
    return names
