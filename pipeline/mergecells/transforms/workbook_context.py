"""What the tabs of one workbook share while they are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.configset import ConfigSet
from mergecells.domain.tables import RowKey, Tables
from mergecells.domain.workbook import CellValue
from mergecells.formula import FormulaSyntaxError, needs_array, parse
from mergecells.transforms.lookup_tables import table_names
from mergecells.transforms.score import Evaluation
from mergecells.transforms.workbook_formulas import EVALUATION_DATE, pin_today, replace_names
from mergecells.transforms.workbook_plan import COMPONENTS, FACTORS, FORMULAS, OVERVIEW, TIERS, TabPlan, plan_tab
from mergecells.transforms.workbook_values import ComputedValues, result_of, shown_value, stated_date


@dataclass(frozen=True, slots=True)
class TabContext:
    """The config, where everything stands, and what the formulas give for the sample lead.

    `siblings` has, for each tab and component, factor name (lower case) → qualified name; `arrays` the names (lower
    case) of more than one cell.
    """

    config: ConfigSet
    tables: Tables
    plans: Mapping[str, TabPlan]
    values: ComputedValues
    siblings: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    arrays: frozenset[str] = frozenset()

    @property
    def has_overview(self) -> bool:
        """Whether there is a first page: its parts are there, and no tab of the team's own has its name."""
        return {TIERS, COMPONENTS, FACTORS} <= self.plans.keys() and OVERVIEW not in self.plans

    @property
    def pins_today(self) -> bool:
        """Whether the workbook computes with the manifest's day; a config's own name `evaluation_date` goes first."""
        rules = self.config.rules
        names = (*(rules.fields.fields if rules.fields else ()), *rules.rules.formulas, *rules.rules.lists)
        names = (*names, *table_names(rules.tables))
        taken = any(name.lower() == EVALUATION_DATE for name in names)
        return self.has_overview and not taken and stated_date(self.config) is not None

    def live_text(self, plan: TabPlan, key: RowKey, text: str) -> str:
        """A file's formula as it runs in the workbook, which has one name space for all components."""
        if plan.spec.tab == COMPONENTS or (plan.spec.optional_last_key and not key[-1]):
            own = self.siblings.get((plan.spec.tab, key[0]), {}) if plan.spec.optional_last_key else {}
            text = replace_names(text, {**self.siblings.get((FACTORS, key[0]), {}), **own})
        return pin_today(text) if self.pins_today else text

    def is_array(self, text: str) -> bool:
        """Whether the workbook must compute a file's formula as an array formula, see `formula.needs_array`."""
        try:
            return needs_array(parse(text, self.config.rules.dialect), self.arrays)
        except FormulaSyntaxError:
            return False

    def evaluation(self, plan: TabPlan) -> Evaluation | None:
        """The sample lead under the rules that a tab shows: a vertical's, or the base."""
        return self.values.verticals.get(plan.spec.tab) if plan.spec.optional_last_key else self.values.base

    def formula_result(self, plan: TabPlan, key: RowKey) -> CellValue:
        """What the formula of a row gives, None where it cannot be computed."""
        evaluation = self.evaluation(plan)
        if plan.spec.tab != FORMULAS:
            return result_of(evaluation, key)
        name = key[0].lower()
        found = {each.lower(): value for each, value in evaluation.intermediates.items()} if evaluation else {}
        return shown_value(found[name]) if name in found else None


def make_context(config: ConfigSet, tables: Tables, values: ComputedValues) -> TabContext:
    """Plan every tab."""
    siblings: dict[tuple[str, str], dict[str, str]] = {}
    for tab, table in tables.items():
        if tab == FACTORS or table.spec.optional_last_key:
            for component, factor in table.rows:
                if factor:
                    siblings.setdefault((tab, component), {})[factor.lower()] = f"{component}.{factor}"
    rules = config.rules
    lists = [*rules.rules.lists, *(name for vertical in rules.verticals.values() for name in vertical.lists)]
    arrays = frozenset(name.lower() for name in (*lists, *table_names(rules.tables)))
    return TabContext(config, tables, {tab: plan_tab(table) for tab, table in tables.items()}, values, siblings, arrays)
