"""What each column is for, in the words of the person who fills it in."""

from __future__ import annotations

from mergecells.domain.tables import Column, TableSpec
from mergecells.transforms.table_specs import REMOVE
from mergecells.transforms.workbook_header import KEY_COLUMN, VALUE_COLUMN
from mergecells.transforms.workbook_plan import (
    COMPONENTS,
    EXAMPLES,
    FACTOR_SUM_COLUMN,
    FACTORS,
    FORM_COLUMN,
    FORMULAS,
    INPUTS_COLUMN,
    LEAD,
    LISTS,
    POINTS_COLUMN,
    PROMPT_EXAMPLES_COLUMN,
    PROMPTS,
    TIERS,
)

UNLOCK = "To rename or delete a row, unprotect the tab first (no password). A renamed row keeps its history."

_ROWS = "Add rows between or right below; the names reach up to 200 rows further down."

_BY_TAB = {
    (TIERS, "tier"): f"The tier's short name, as services return it. {UNLOCK}",
    (TIERS, "min"): "The lowest score of this tier, inclusive. Strictly descending; the last one is 0.",
    (TIERS, "label"): "What people see instead of the short name.",
    (COMPONENTS, "component"): f"A part of the score. {UNLOCK}",
    (COMPONENTS, "weight"): "The component's share of the score. All weights sum to 100%; the cells turn red when not.",
    (COMPONENTS, "formula"): "Optional, over the component's factors, in place of their weighted sum. In formulas of "
    "this tab a factor is written component.factor. Result 0 to 1.",
    (COMPONENTS, VALUE_COLUMN): "Computed: the sample lead's value, 0 to 1.",
    (COMPONENTS, POINTS_COLUMN): "Computed: what it adds to the sample lead's score. 100 x weight x value.",
    (COMPONENTS, FACTOR_SUM_COLUMN): "Computed: the sum of its factors' weights. Red when it is not 100%.",
    (FACTORS, "component"): f"The component that the factor belongs to. {UNLOCK}",
    (FACTORS, "factor"): "The factor's name. Without a formula the lead field of the same name counts.",
    (FACTORS, "weight"): "The factor's share of its component; they sum to 100%, and turn red when not.",
    (FACTORS, "formula"): "Optional. Use lead fields, intermediates and lists by name: =IF(years>=10,1,years/10). "
    "Result 0 to 1.",
    (FACTORS, VALUE_COLUMN): "Computed: the sample lead's value, from the formula or the field, clipped to 0 to 1.",
    (FACTORS, POINTS_COLUMN): "Computed: what it adds to the sample lead's score.",
    (FORMULAS, "name"): "A named intermediate value that other formulas may use.",
    (FORMULAS, VALUE_COLUMN): "Computed: its result for the sample lead.",
    (LISTS, "list"): f"The list's name. Repeat it on each row of the list; keep its rows together. {UNLOCK}",
    (LISTS, "value"): "One entry, free to edit; add more below. Formulas test with COUNTIF(list, value)>0.",
    (LEAD, "field"): "The name that formulas use.",
    (LEAD, "column"): "The column's title in a leads file, when it is not the field's name.",
    (LEAD, "type"): "What kind of value it holds.",
    (LEAD, "sample"): "The sample lead. Change it and watch the score in this tab's top row.",
    (PROMPTS, INPUTS_COLUMN): "From the prompt's file, where they are edited: what the text may use, with samples.",
    (PROMPTS, FORM_COLUMN): "From the prompt's file, where it is edited: the form of the answer.",
    (
        PROMPTS,
        PROMPT_EXAMPLES_COLUMN,
    ): "From the prompt's file, where they are edited: examples, and what a good answer to each looks like.",
    (EXAMPLES, "example"): "A golden lead that must always get this tier and score.",
    (EXAMPLES, "vertical"): "Scored with this vertical's rules; blank for the base rules.",
    (EXAMPLES, "tier"): "The tier it must get.",
    (EXAMPLES, "score"): "The score it must get, within 0.05 points; blank when only the tier counts.",
}
_BY_TITLE = {
    "description": "For people; services do not use it.",
    REMOVE: "TRUE removes the base rules' component or factor from this vertical.",
    "weight": "The weight in this vertical; blank keeps the base rules' weight. A new row needs one.",
    "formula": "The formula in this vertical; blank keeps the base rules' formula.",
    "component": "A component of the base rules, or a new one.",
    "factor": "A factor of the component; blank for the component itself.",
    VALUE_COLUMN: "Computed: the sample lead's value in this vertical.",
}


def header_note(spec: TableSpec, title: str, column: Column | None) -> str:
    """The note on a column's title: the workbook's own words, else those of the spec."""
    own = column.note if column else ""
    if spec.key_column is not None:
        return table_note(spec, title, own)
    general = _BY_TITLE.get(title, "") if spec.optional_last_key or title == "description" else ""
    return _BY_TAB.get((spec.tab, title), "") or own or general


def table_note(spec: TableSpec, title: str, own: str) -> str:
    """What a lookup table's column is for, and what formulas call it."""
    if title == KEY_COLUMN:
        return ""
    name = f"Formulas call this column {spec.tab}_{title}."
    if title == spec.keys[0]:
        example = f"VLOOKUP(value, {spec.tab}, 2, FALSE)"
        name = f"The key, one of a kind in each row. Formulas call the table {spec.tab}: {example}. {name} {_ROWS}"
    return f"{own} {name}".lstrip()
