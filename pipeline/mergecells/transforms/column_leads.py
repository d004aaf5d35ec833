"""One slice of the leads on its way through the rules, column by column. Needs NumPy.

A column of leads is read when the first formula asks for it, and let go of after the last: what is held at a time then
stays in the processor's cache, and is little enough that the allocator keeps its pages.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from mergecells.transforms.column_chunks import LeadColumn
from mergecells.transforms.column_formulas import Formulas
from mergecells.transforms.column_rounding import rounded, total
from mergecells.transforms.column_shares import shares_of
from mergecells.transforms.column_values import Coded, Codes, ColumnValue, Constant, Floats, Numbers
from mergecells.transforms.score_program import ComponentProgram, Compute, FactorProgram, RuleProgram
from mergecells.transforms.score_values import share_of_field


class LeadPlan:
    """What is the same for all chunks of one call.

    `fields`: the lead's columns in order, each with the key that the caller gave, its lower-case name and its values.
    `ready`: the intermediates that are there for all leads.
    """

    def __init__(
        self,
        formulas: Formulas,
        fields: Sequence[tuple[str, str, LeadColumn]],
        ready: Mapping[str, LeadColumn],
    ) -> None:
        self.formulas, self.program, self.fields, self.ready = formulas, formulas.program, fields, ready
        # An intermediate hides a field of its name; of two columns of one name the last counts.
        hidden = {name for name, _ in self.program.intermediates}
        self.places = {name: place for place, (_, name, _) in enumerate(fields) if name not in hidden}
        self.bounds = [_bound(component) for component in self.program.components]
        self.idle = self._idle()

    def _idle(self) -> list[list[str]]:
        """For each component the names that no later one reads."""
        seen: set[str] = set()
        idle = []
        for component in reversed(self.program.components):
            reads = _reads(self.program, component)
            idle.append(sorted(reads - seen))
            seen |= reads
        return idle[::-1]


class LeadChunk:
    """`components` has one row for each component; see `score_columns.Scored`."""

    def __init__(self, plan: LeadPlan, start: int, stop: int) -> None:
        self._plan, self._program = plan, plan.program
        self._start, self._stop, self._length = start, stop, stop - start
        self._values: dict[str, ColumnValue] = {}
        self._waiting = dict(plan.places)
        self._odd_fields: dict[int, tuple[Codes, list[str]]] = {}
        self._odd: list[tuple[Codes, list[str]]] = []

    def score(self, components: Floats, value: Floats, tiers: Any, issues: dict[int, tuple[str, ...]]) -> None:
        """Write what comes out into the arrays of all leads."""
        plan, here = self._plan, slice(self._start, self._stop)
        for name, compute in self._program.intermediates:
            if name in plan.ready:
                self._values[name] = plan.ready[name].chunk(self._start, self._stop, ignore)
            else:
                self._values[name] = self._computed(compute)
        points = components[:, here]
        for row, component in enumerate(self._program.components):
            raw = self._points(component)
            rounded(raw, functools.partial(_float_at, raw), plan.bounds[row], points[row])
            for name in plan.idle[row]:
                self._values.pop(name, None)
        value[here] = total(points, sum(plan.bounds))
        tiers[here] = self._tiers(value[here])
        self._read_rest()
        self._issues(issues)

    # Columns of leads

    def _read(self, names: Iterable[str]) -> None:
        for name in names:
            place = self._waiting.pop(name, None)
            if place is not None:
                self._values[name] = self._field(place)

    def _field(self, place: int) -> ColumnValue:
        key, _, column = self._plan.fields[place]

        def note(rows: Codes, texts: Sequence[str]) -> None:
            if len(rows):
                self._odd_fields[place] = rows, [f"{key}: {text}" for text in texts]

        return column.chunk(self._start, self._stop, note)

    def _read_rest(self) -> None:
        """What no formula reads may be odd too."""
        read = {place for name, place in self._plan.places.items() if name not in self._waiting}
        for place in range(len(self._plan.fields)):
            if place not in read:
                self._field(place)

    # Points

    def _computed(self, compute: Compute, own: Mapping[str, ColumnValue] | None = None) -> ColumnValue:
        uses = self._program.uses[compute]
        self._read(uses if own is None else uses - own.keys())
        env = self._values if own is None else {**self._values, **own}
        return self._plan.formulas.compute(compute, env, self._length)

    def _points(self, component: ComponentProgram) -> Floats:
        if component.compute is None:
            out = np.zeros(self._length)
            for factor in component.factors:
                np.add(out, self._weighted(factor), out=out)
        else:
            own = {factor.key: self._factor(factor) for factor in component.factors}
            result = self._computed(component.compute, own)
            shares = self._shares(result, component.name, as_table=False)
            out = np.full(self._length, shares.value if isinstance(shares, Constant) else cast(Numbers, shares).x)
        out *= component.points
        return out

    def _weighted(self, factor: FactorProgram) -> Any:
        """Each lead's share of a factor, times its weight."""
        column = self._factor(factor)
        if type(column) is Coded:
            # No code is out of range; `clip` saves looking for those. These shares are shares already, hence no field.
            return column.table.weighted(False, factor.weight).take(column.codes, mode="clip")
        if type(column) is Constant:
            return cast(float, column.value) * factor.weight
        shares = cast(Numbers, column).x
        return np.multiply(shares, factor.weight, out=shares)

    def _factor(self, factor: FactorProgram) -> ColumnValue:
        """The factor's values, as shares."""
        if factor.compute is not None:
            return self._shares(self._computed(factor.compute), factor.label, as_table=True)
        self._read((factor.key,))
        column = self._values.get(factor.key)
        if column is None:
            return Constant(share_of_field(self._program.reader.blank.get(factor.key)))
        return shares_of(column, self._length, is_field=True, as_table=True)[0]

    def _shares(self, column: ColumnValue, label: str, *, as_table: bool) -> ColumnValue:
        """A formula's results as shares, what is odd noted."""
        shares, odd = shares_of(column, self._length, is_field=False, as_table=as_table)
        if odd:
            rows = sorted(odd)
            self._odd.append((np.array(rows, dtype=np.int64), [f"{label} {odd[row]}" for row in rows]))
        return shares

    # What comes of it

    def _issues(self, issues: dict[int, tuple[str, ...]]) -> None:
        """In the order of the one-lead path: fields first, as the caller gave them."""
        found: dict[int, tuple[str, ...]] = {}
        for rows, texts in (*(odd for _, odd in sorted(self._odd_fields.items())), *self._odd):
            for row, text in zip(rows.tolist(), texts, strict=True):
                found[row] = (*found.get(row, ()), text)
        for row in sorted(found):
            issues[self._start + row] = found[row]

    def _tiers(self, value: Floats) -> Any:
        place = np.zeros(self._length, dtype=np.int32)
        for lowest, _ in self._program.tiers[:-1]:
            place += value < lowest
        return place


def ignore(_rows: Codes, _texts: Sequence[str]) -> None:
    """Nothing is odd about an intermediate."""


def _reads(program: RuleProgram, component: ComponentProgram) -> set[str]:
    computes = [component.compute, *(factor.compute for factor in component.factors)]
    fields = {factor.key for factor in component.factors if factor.compute is None}
    return fields.union(*(program.uses[compute] for compute in computes if compute is not None))


def _bound(component: ComponentProgram) -> float:
    """The size of a component's points at most: every share lies in 0..1."""
    weights = sum(abs(factor.weight) for factor in component.factors)
    return abs(component.points) * (1.0 if component.compute is not None else weights) * 1.001


def _float_at(column: Floats, row: int) -> float:
    return float(column[row])
