"""Scores leads: 100 x the sum of component weight x the sum of factor weight x factor value, then the tier.

`compile_rules` does once, when a config is loaded, all that does not depend on the lead.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, TypeAlias

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import UsageError
from mergecells.domain.revision import Revision
from mergecells.domain.scoring import Dialect, RuleSet
from mergecells.formula import Value, to_serial
from mergecells.transforms.lookup_tables import table_values
from mergecells.transforms.score_program import RuleProgram, compile_rule_program
from mergecells.transforms.score_result import ScoreColumns, as_list_of
from mergecells.transforms.score_values import without_noise
from mergecells.transforms.verticals import resolve_vertical

LeadColumns: TypeAlias = Any
"""Columns by field name, or a table: what `Scorer.score_many` says."""

COLUMNS_FROM = 256
"""Leads from which on the columnar path pays; below, one lead after the other is as fast and imports nothing."""


@dataclass(frozen=True, slots=True)
class Score:
    """One scored lead.

    `value` is in points (0 to 100) and not rounded, save for binary noise below 1e-9. `components` gives each
    component's points, which sum to `value`. `issues` names what was odd: inputs of another type than their field,
    formulas that gave no number in 0..1.
    """

    value: float
    tier: str
    components: Mapping[str, float]
    revision: Revision
    date: datetime.date
    vertical: str | None = None
    issues: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, under the names that the HTTP contract uses."""
        return {
            "score": self.value,
            "tier": self.tier,
            "components": dict(self.components),
            "revision": self.revision,
            "date": self.date.isoformat(),
            "vertical": self.vertical,
            "issues": list(self.issues),
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every value on the way to a score: what a workbook shows and a check compares.

    `intermediates` and `results` hold what the formulas gave, untouched (`results`: by component and factor; a factor
    without a formula has its field's value). `factors` holds the factor values in 0..1, `shares` the components'.
    `values` are all that a factor's formula can name, in lower case: fields, lists, intermediates.
    """

    score: Score
    intermediates: Mapping[str, Value]
    results: Mapping[tuple[str, str], Value]
    factors: Mapping[tuple[str, str], float]
    component_results: Mapping[str, Value]
    shares: Mapping[str, float]
    values: Mapping[str, Value]
    dialect: Dialect = "excel"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Compiled rules at one revision: the base and every vertical. Immutable, so any number of threads may share it."""

    revision: Revision
    _base: RuleProgram
    _verticals: Mapping[str, tuple[str, RuleProgram]] = field(default_factory=dict)

    @property
    def verticals(self) -> tuple[str, ...]:
        """The names of the verticals that leads can be scored in."""
        return tuple(name for name, _ in self._verticals.values())

    def score(self, lead: Mapping[str, Any], date: datetime.date | None = None, vertical: str | None = None) -> Score:
        """Score one lead: field name → value, as JSON has them; a field that is left out is blank.

        `date` is what formulas take for today (default: today in UTC). Raises UsageError for an unknown vertical, or a
        date before 1900.
        """
        name, program = self._program(vertical)
        day, serial = _evaluation_date(date)
        return self._score(program, lead, day, serial, name)

    def score_many(
        self,
        leads: LeadColumns,
        date: datetime.date | None = None,
        vertical: str | None = None,
        *,
        texts: bool = False,
    ) -> ScoreColumns:
        """Score many leads given as columns: a mapping of lists, NumPy or Arrow arrays, an Arrow table, a data frame.

        With `texts`, columns of texts are cells of a file: `"12"` in a number field is the number 12, as `mergecells
        score` reads it. Raises UsageError when the columns differ in length. Many leads go column by column when
        NumPy is installed; the result is that of `score`, to the bit.
        """
        name, program = self._program(vertical)
        day, serial = _evaluation_date(date)
        columns = leads if isinstance(leads, Mapping) else _columns_of(leads)
        length = _column_length(columns)
        if length >= COLUMNS_FROM and find_spec("numpy") is not None:
            from mergecells.transforms.score_columns import score_columns

            return score_columns(program, columns, length, serial, texts=texts).finished(self.revision, day, name)
        read = program.reader.text_reader
        lists = {
            key: [read(key)(value) if texts and isinstance(value, str) else value for value in as_list_of(column)]
            for key, column in columns.items()
        }
        scores = [self._score(program, lead, day, serial, name) for lead in _leads(lists)]
        return ScoreColumns(
            value=[score.value for score in scores],
            tier=[score.tier for score in scores],
            components={part: [score.components[part] for score in scores] for part in program.component_names},
            issues=[score.issues for score in scores],
            revision=self.revision,
            date=day,
            vertical=name,
        )

    def evaluate(
        self, lead: Mapping[str, Any], date: datetime.date | None = None, vertical: str | None = None
    ) -> Evaluation:
        """The score with every value on the way to it. Raises UsageError for an unknown vertical."""
        name, program = self._program(vertical)
        day, serial = _evaluation_date(date)
        run = program.run(lead, serial)
        return Evaluation(
            score=self._finish(program, run.points, run.issues, day, name),
            intermediates=run.intermediates,
            results=run.results,
            factors=run.factors,
            component_results=run.component_results,
            shares=run.shares,
            values=run.values,
            dialect=program.dialect,
        )

    def _program(self, vertical: str | None) -> tuple[str | None, RuleProgram]:
        if vertical is None:
            return None, self._base
        found = self._verticals.get(vertical.lower())
        if found is None:
            known = ", ".join(self.verticals) or "none"
            raise UsageError(f"There is no vertical {vertical!r}.", f"Known: {known}.")
        return found

    def _score(
        self, program: RuleProgram, lead: Mapping[str, Any], day: datetime.date, serial: float, vertical: str | None
    ) -> Score:
        points, issues = program.points(lead, serial)
        return self._finish(program, points, issues, day, vertical)

    def _finish(
        self,
        program: RuleProgram,
        points: Mapping[str, float],
        issues: list[str],
        day: datetime.date,
        vertical: str | None,
    ) -> Score:
        value = without_noise(math.fsum(points.values()))
        return Score(value, program.tier_of(value), points, self.revision, day, vertical, tuple(issues))


def compile_rules(config: ConfigSet, revision: Revision = "") -> Scorer:
    """Compile the base rules and every vertical. Raises ConfigRejectedError with the findings when one cannot run."""
    return compile_rule_set(config.rules, revision)


def compile_rule_set(rules: RuleSet, revision: Revision = "") -> Scorer:
    """As `compile_rules`, for the rule set alone."""
    tables = table_values(rules.tables)
    base = compile_rule_program(rules.rules, rules.fields, tables=tables, dialect=rules.dialect)
    verticals = {
        name.lower(): (
            name,
            compile_rule_program(resolve_vertical(rules.rules, vertical), rules.fields, name, tables, rules.dialect),
        )
        for name, vertical in rules.verticals.items()
    }
    return Scorer(revision, base, verticals)


def today() -> datetime.date:
    """Today in UTC: every service of a fleet scores with the same date."""
    return datetime.datetime.now(datetime.UTC).date()


def _evaluation_date(date: datetime.date | None) -> tuple[datetime.date, float]:
    day = date or today()
    try:
        return day, float(to_serial(day))
    except ValueError as error:
        raise UsageError(f"{day} cannot be the evaluation date.", f"{error}.") from error


def _leads(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _columns_of(leads: Any) -> Mapping[str, Any]:
    if find_spec("numpy") is None:
        raise UsageError("Tables of leads need NumPy.", 'Install it: pip install "mergecells[columns]".')
    from mergecells.transforms.column_input import columns_of

    return columns_of(leads)


def _column_length(columns: Mapping[str, Any]) -> int:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        shown = ", ".join(f"{name}: {len(column)}" for name, column in columns.items())
        raise UsageError("The columns differ in length.", shown)
    return lengths.pop() if lengths else 0
