"""What the workbook's formulas give for the sample lead, so that a viewer that does not compute shows it too."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.scoring import Dialect
from mergecells.domain.tables import RowKey
from mergecells.domain.workbook import CellValue
from mergecells.formula import Array, ErrorValue, FormulaSyntaxError, Value, parse, unsupported
from mergecells.transforms.score import Evaluation, compile_rules


@dataclass(frozen=True, slots=True)
class ComputedValues:
    """Evaluations of the sample lead: the base rules' and each vertical's; None where the rules cannot be computed."""

    base: Evaluation | None = None
    verticals: Mapping[str, Evaluation] = field(default_factory=dict)


def compute_values(config: ConfigSet) -> ComputedValues:
    """Score the sample lead. A config that production would refuse has no values; its check says why."""
    fields = config.rules.fields
    lead = {name: each.sample for name, each in fields.fields.items()} if fields else {}
    day = stated_date(config) or datetime.datetime.now(datetime.UTC).date()
    try:
        scorer = compile_rules(config)
        verticals = {name: scorer.evaluate(lead, day, name) for name in scorer.verticals}
        return ComputedValues(scorer.evaluate(lead, day), verticals)
    except ConfigRejectedError:
        return ComputedValues()


def stated_date(config: ConfigSet) -> datetime.date | None:
    """The manifest's evaluation date; None when it states none, or no day of the calendar (the check says so)."""
    try:
        return datetime.date.fromisoformat(config.manifest.checks.evaluation_date or "")
    except ValueError:
        return None


def shown_value(value: Value) -> CellValue:
    """A formula's result as a cell shows it: an error's text, an array's first value, 0 for blank."""
    while isinstance(value, Array):
        value = value.rows[0][0]
    if value is None:
        return 0.0
    return value.code if isinstance(value, ErrorValue) else value


def result_of(evaluation: Evaluation | None, key: RowKey) -> CellValue:
    """What the formula of a factor (`component`, `factor`) or of a component (`component`, or with a blank) gave."""
    if evaluation is None:
        return None
    if len(key) == 1 or not key[1]:
        results: Mapping[str, Value] = evaluation.component_results
        return shown_value(results[key[0]]) if key[0] in results else None
    pair = (key[0], key[1])
    return shown_value(evaluation.results[pair]) if pair in evaluation.results else None


def may_run(formula: str, dialect: Dialect = "excel") -> bool:
    """Whether a formula may stand live in a workbook. What does not parse, or calls what the language refuses
    (`HYPERLINK`, `cmd|`, `WEBSERVICE`), is written as text: opening a workbook must not carry out a hostile file."""
    try:
        return not unsupported(parse(formula, dialect))
    except FormulaSyntaxError:
        return False
