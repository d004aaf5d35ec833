"""Scores leads column by column, bit for bit as one by one. Needs NumPy; nothing else imports this module at its top.

Chunk by chunk, so that what is held on the way does not grow with the number of leads. Formulas are run by
`column_formulas`; weighting, summing and choosing the tier are done here, in the same order of operations.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from mergecells.domain.revision import Revision
from mergecells.transforms.column_formulas import Formulas
from mergecells.transforms.column_input import LeadColumn, TextsInput, read_column
from mergecells.transforms.column_rounding import rounded, total
from mergecells.transforms.column_values import Coded, Codes, ColumnValue, Constant, Floats, Numbers, Texts
from mergecells.transforms.score_program import ComponentProgram, FactorProgram, RuleProgram
from mergecells.transforms.score_result import FloatColumn, IssueColumn, ScoreColumns, TierColumn
from mergecells.transforms.score_values import share, share_of_field

CHUNK = 32_768
"""Leads at a time: few enough for the processor's cache, enough that two threads do not wait for each other's turn."""

_THREADS = 2
"""More do not help: between two calls to NumPy and Arrow, which run side by side, one thread at a time runs Python."""
_WORTH_THREADS = 4 * CHUNK


@dataclass(slots=True)
class Scored:
    """`components` has one row for each component. `tiers` are places among the program's, best first. `issues`: by
    lead, those that have any."""

    value: Floats
    tiers: Any
    components: Floats
    program: RuleProgram
    issues: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def finished(self, revision: Revision, date: datetime.date, vertical: str | None) -> ScoreColumns:
        """The result as callers see it."""
        names = self.program.component_names
        return ScoreColumns(
            value=FloatColumn(self.value),
            tier=TierColumn(self.tiers, [name for _, name in self.program.tiers]),
            components={name: FloatColumn(points) for name, points in zip(names, self.components, strict=True)},
            issues=IssueColumn(len(self.value), self.issues),
            revision=revision,
            date=date,
            vertical=vertical,
        )


def score_columns(
    program: RuleProgram, columns: Mapping[str, Any], length: int, serial: float, *, texts: bool = False
) -> Scored:
    """Score columns of one length. `serial` is the evaluation date's serial number."""
    workers = _THREADS if length >= _WORTH_THREADS else 1

    def read_one(pair: tuple[str, Any]) -> tuple[str, tuple[str, LeadColumn] | None]:
        return pair[0], read_column(program, pair[0], pair[1], texts=texts)

    read = [(key, found) for key, found in _in_turn(read_one, columns.items(), workers) if found is not None]
    formulas = Formulas(program, serial)
    ready = _texts_for_all(program, formulas, dict(found for _, found in read))
    scored = Scored(
        np.empty(length), np.empty(length, dtype=np.int32), np.empty((len(program.components), length)), program
    )

    def score_one(start: int) -> None:
        # Kernels find what is not finite by themselves. Set for each thread, and not around each operation: 7 µs.
        with np.errstate(all="ignore"):
            _Chunk(program, formulas, start, min(start + CHUNK, length)).score(read, ready, scored)

    # The first by itself: what it leaves in the tables, the others need not compute at the same time.
    for start in range(0, min(length, CHUNK), CHUNK):
        score_one(start)
    _in_turn(score_one, range(CHUNK, length, CHUNK), workers)
    return scored


def _texts_for_all(program: RuleProgram, formulas: Formulas, columns: dict[str, LeadColumn]) -> dict[str, LeadColumn]:
    """Intermediates that make texts of texts that hardly repeat: they may well repeat themselves."""
    ready: dict[str, LeadColumn] = {}
    varying = {*columns, *(name for name, _ in program.intermediates)}
    for name, compute in program.intermediates:
        # An intermediate hides a field of its name.
        columns.pop(name, None)
        used = program.uses[compute] & varying
        column = columns.get(next(iter(used))) if len(used) == 1 else None
        found = formulas.texts(compute, next(iter(used)), column) if isinstance(column, TextsInput) else None
        if found is not None:
            ready[name] = columns[name] = found
    return ready


def _in_turn(function: Callable[[Any], Any], items: Iterable[Any], workers: int) -> list[Any]:
    """The results in order, by several threads when asked for."""
    if workers == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers, "score-many") as pool:
        return list(pool.map(function, items))


class _Chunk:
    """One slice of the leads on its way through the rules."""

    def __init__(self, program: RuleProgram, formulas: Formulas, start: int, stop: int) -> None:
        self._program, self._formulas = program, formulas
        self._start, self._stop, self._length = start, stop, stop - start
        self._values: dict[str, ColumnValue] = {}
        self._odd: list[tuple[Codes, Sequence[str]]] = []

    def score(
        self,
        columns: Sequence[tuple[str, tuple[str, LeadColumn]]],
        ready: Mapping[str, LeadColumn],
        scored: Scored,
    ) -> None:
        """Write what comes out into `scored`. `ready`: the intermediates that are there for all leads."""
        for key, (name, column) in columns:
            self._values[name] = column.chunk(
                self._start,
                self._stop,
                lambda rows, texts, key=key: self._note(rows, texts, f"{key}: "),  # type: ignore[misc]
            )
        for name, compute in self._program.intermediates:
            if name in ready:
                self._values[name] = ready[name].chunk(self._start, self._stop, _ignore)
            else:
                self._values[name] = self._formulas.compute(compute, self._values, self._length)
        points = scored.components[:, self._start : self._stop]
        for row, component in enumerate(self._program.components):
            raw = self._points(component)
            exact = functools.partial(_float_at, raw)
            rounded(raw, 0.01, exact, _bound(component), points[row])
        value = total(points, sum(map(_bound, self._program.components)))
        scored.value[self._start : self._stop] = value
        scored.tiers[self._start : self._stop] = self._tiers(value)
        self._issues(scored)

    def _points(self, component: ComponentProgram) -> Floats:
        if component.compute is None:
            out = np.zeros(self._length)
            for factor in component.factors:
                np.add(out, self._weighted(factor), out=out)
        else:
            factors = [self._factor(factor, as_table=True) for factor in component.factors]
            own = {factor.key: column for factor, column in zip(component.factors, factors, strict=True)}
            result = self._formulas.compute(component.compute, {**self._values, **own}, self._length)
            out = np.full(self._length, _shares(self._worth(result, component.name)))
        out *= component.points
        return out

    def _weighted(self, factor: FactorProgram) -> Any:
        """Each lead's share of a factor, times its weight."""
        column = self._factor(factor, as_table=True)
        if type(column) is Coded:
            # No code is out of range; `clip` saves looking for those. These shares are shares already, hence no field.
            return column.table.weighted(False, factor.weight).take(column.codes, mode="clip")
        if type(column) is Constant:
            return cast(float, column.value) * factor.weight
        shares = cast(Numbers, column).x
        return np.multiply(shares, factor.weight, out=shares)

    def _factor(self, factor: FactorProgram, as_table: bool) -> ColumnValue:
        """The factor's values, as shares; `as_table`: in a table where they are in one."""
        if factor.compute is not None:
            result = self._formulas.compute(factor.compute, self._values, self._length)
            return self._worth(result, factor.label, as_table)
        column = self._values.get(factor.key)
        if column is None:
            return Constant(share_of_field(self._program.reader.blank.get(factor.key)))
        return self._worth(column, None, as_table)

    def _worth(self, column: ColumnValue, label: str | None, as_table: bool = False) -> ColumnValue:
        """A formula's results as shares of 0..1, what is odd noted; without a label, a field's values."""
        is_field = label is None
        if isinstance(column, Constant):
            worth, odd = (share_of_field(column.value), "") if is_field else share(column.value)
            if odd:
                self._note(np.arange(self._length), [odd] * self._length, f"{label} ")
            return Constant(worth)
        if isinstance(column, Coded):
            table = column.table
            if as_table and table.known is None and not len(column.rows) and not table.shares(is_field)[1]:
                return Coded(column.codes, table.as_shares(is_field), column.family)
            x, found = _coded_shares(column, is_field)
        elif isinstance(column, Texts):
            x, found = _text_shares(column, is_field)
        elif column.low >= 0.0 and column.high <= 1.0 and not is_field:
            x, found = column.x, {}
        else:
            x, found = _clipped(column.x, is_field)
        for row, value in zip(column.rows.tolist(), column.values, strict=True):
            x[row], odd = (share_of_field(value), "") if is_field else share(value)
            found.pop(row, None)
            if odd:
                found[row] = odd
        if found:
            rows = sorted(found)
            self._note(np.array(rows, dtype=np.int64), [found[row] for row in rows], f"{label} ")
        if as_table and isinstance(column, Coded) and column.table.known is None and not len(column.rows):
            return Coded(column.codes, column.table.as_shares(is_field), column.family)
        return Numbers(x)

    def _note(self, rows: Codes, texts: Sequence[str], label: str) -> None:
        if len(rows):
            self._odd.append((rows, [label + text for text in texts]))

    def _issues(self, scored: Scored) -> None:
        found: dict[int, tuple[str, ...]] = {}
        for rows, texts in self._odd:
            for row, text in zip(rows.tolist(), texts, strict=True):
                found[row] = (*found.get(row, ()), text)
        for row in sorted(found):
            scored.issues[self._start + row] = found[row]

    def _tiers(self, value: Floats) -> Any:
        tiers = self._program.tiers
        place = np.zeros(self._length, dtype=np.int32)
        for lowest, _ in tiers[:-1]:
            place += value < lowest
        return place


def _bound(component: ComponentProgram) -> float:
    """The size of a component's points at most: every share lies in 0..1."""
    weights = sum(abs(factor.weight) for factor in component.factors)
    return abs(component.points) * (1.0 if component.compute is not None else weights) * 1.001


def _float_at(column: Floats, row: int) -> float:
    return float(column[row])


def _shares(column: ColumnValue) -> Any:
    return column.value if isinstance(column, Constant) else cast(Numbers, column).x


def _coded_shares(column: Coded, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """Shares, and by row what is odd about them."""
    shares, odd = column.table.shares(is_field)
    # No code is out of range; `clip` saves looking for those.
    x: Floats = np.take(shares, column.codes, mode="clip")
    if not odd:
        return x, {}
    marks = np.zeros(len(shares), dtype=np.bool_)
    marks[list(odd)] = True
    rows = np.flatnonzero(marks[column.codes])
    return x, {row: odd[code] for row, code in zip(rows.tolist(), column.codes[rows].tolist(), strict=True)}


def _text_shares(column: Texts, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """As `share` and `share_of_field`, for texts: a field's text counts 1, a formula's is odd."""
    from mergecells.transforms.column_texts import lengths

    if is_field:
        return (lengths(column.array) > 0).astype(np.float64), {}
    return np.zeros(len(column.array)), dict.fromkeys(range(len(column.array)), share("text")[1])


def _ignore(_rows: Codes, _texts: Sequence[str]) -> None:
    """Nothing is odd about an intermediate."""


def _clipped(x: Floats, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """As `share`, for numbers. Copied where the column belongs to the lead."""
    if x.min(initial=0.0) >= 0.0 and x.max(initial=0.0) <= 1.0:
        return (x.copy() if is_field else x), {}
    rows = np.flatnonzero((x < 0.0) | (x > 1.0))
    found = x[rows]
    x = x.copy()
    x[rows] = np.where(found < 0.0, 0.0, 1.0)
    if is_field:
        return x, {}
    odd = [(row, share(value)[1]) for row, value in zip(rows.tolist(), found.tolist(), strict=True)]
    return x, {row: text for row, text in odd if text}
