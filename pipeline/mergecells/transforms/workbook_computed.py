"""The cells that the workbook computes itself, each with the result that a viewer without recalculation shows."""

from __future__ import annotations

from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.tables import RowKey
from mergecells.domain.workbook import CellValue
from mergecells.domain.workbook_layout import CellLayout, Style
from mergecells.transforms import workbook_live as live
from mergecells.transforms.prompt_facts import examples_text, form_text, inputs_text
from mergecells.transforms.table_specs import REMOVE
from mergecells.transforms.workbook_context import TabContext
from mergecells.transforms.workbook_header import VALUE_COLUMN
from mergecells.transforms.workbook_plan import (
    COMPONENTS,
    FACTOR_SUM_COLUMN,
    FACTORS,
    FORM_COLUMN,
    FORMULAS,
    INPUTS_COLUMN,
    POINTS_COLUMN,
    PROMPT_EXAMPLES_COLUMN,
    PROMPTS,
    TabPlan,
)


def computed_cells(plan: TabPlan, key: RowKey, row: int, context: TabContext) -> dict[str, CellLayout]:
    """The computed cells of one row, by column title."""
    if plan.spec.tab == FORMULAS:
        result = context.formula_result(plan, key)
        return {VALUE_COLUMN: _computed(f"={plan.cell('formula', row)}", result, "computed")}
    if plan.spec.tab == FACTORS:
        return _factor_cells(key, row, context)
    if plan.spec.tab == COMPONENTS:
        return _component_cells(key[0], row, context)
    if plan.spec.tab == PROMPTS and plan.spec.is_per_file:
        return _prompt_cells(key[0], context)
    if plan.spec.optional_last_key and FACTORS in context.plans:
        formula = live.override_value(context.plans, plan.spec.tab, row, key)
        return {VALUE_COLUMN: _computed(formula, _override_value(plan, key, context), "share")}
    return {}


def _prompt_cells(name: str, context: TabContext) -> dict[str, CellLayout]:
    """What the file of a prompt says beside its row; nothing for one whose front matter is wrong."""
    file = f"{PROMPTS_FOLDER}{name}.md"
    prompt = next((one for one in context.config.prompts.values() if one.file == file), None)
    texts = (inputs_text(prompt), form_text(prompt), examples_text(prompt)) if prompt else (None, None, None)
    titles = (INPUTS_COLUMN, FORM_COLUMN, PROMPT_EXAMPLES_COLUMN)
    return {title: CellLayout(text, style="facts", locked=True) for title, text in zip(titles, texts, strict=True)}


def _computed(formula: str, value: CellValue, style: Style) -> CellLayout:
    return CellLayout(value, formula=formula, style=style, locked=True)


def _factor_cells(key: RowKey, row: int, context: TabContext) -> dict[str, CellLayout]:
    base = context.values.base
    share = base.factors.get((key[0], key[1])) if base else None
    component = context.config.rules.rules.components.get(key[0])
    factor = component.factors.get(key[1]) if component else None
    points = 100 * component.weight * factor.weight * share if component and factor and share is not None else None
    return {
        VALUE_COLUMN: _computed(live.factor_value(context.plans, row, key[1]), share, "share"),
        POINTS_COLUMN: _computed(live.factor_points(context.plans, row), points, "points"),
    }


def _component_cells(name: str, row: int, context: TabContext) -> dict[str, CellLayout]:
    base, plans = context.values.base, context.plans
    share = base.shares.get(name) if base else None
    points = base.score.components.get(name) if base else None
    component = context.config.rules.rules.components.get(name)
    total = sum(factor.weight for factor in component.factors.values()) if component else None
    return {
        VALUE_COLUMN: _computed(live.component_value(plans, row), share, "share"),
        POINTS_COLUMN: _computed(live.component_points(plans, row), points, "points"),
        FACTOR_SUM_COLUMN: _computed(live.factor_sum(plans, row), total, "rate"),
    }


def _override_value(plan: TabPlan, key: RowKey, context: TabContext) -> CellValue:
    """A vertical's value; blank text where the row is removed or where the component has no formula of its own."""
    evaluation = context.evaluation(plan)
    if evaluation is None:
        return None
    cells = context.tables[plan.spec.tab].rows[key].cells
    if cells.get(REMOVE):
        return ""
    if key[-1]:
        return evaluation.factors.get((key[0], key[-1]), "")
    return evaluation.shares.get(key[0], "") if cells.get("formula") else ""
