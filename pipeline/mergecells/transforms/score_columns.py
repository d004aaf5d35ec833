"""Scores leads column by column, bit for bit as one by one: each formula once per distinct combination of its inputs.

The formulas are those of the one-lead path; only weighting, summing and choosing the tier are done with NumPy, in the
same order of operations. Needs NumPy; nothing else imports this module at its top.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from mergecells.formula import Value
from mergecells.transforms.column_codes import Codes, Column, Floats, combine, encode
from mergecells.transforms.score_program import ComponentProgram, Compute, FactorProgram, RuleProgram
from mergecells.transforms.score_values import share, share_of_field, without_noise

CHUNK = 32_768
"""Leads at a time: what is held on the way does not grow with the number of leads."""

Scored: TypeAlias = tuple[list[float], list[str], dict[str, list[float]], list[tuple[str, ...]]]
"""Values, tiers, points by component, issues: one entry for each lead."""

_UNIT = 1e9
_LIMIT = 1e4
_MANY = 100


def score_columns(program: RuleProgram, columns: Mapping[str, Sequence[Any]], serial: float) -> Scored:
    """Score columns of one length. `serial` is the evaluation date's serial number."""
    length = len(next(iter(columns.values()), ()))
    scored: Scored = ([], [], {name: [] for name in program.component_names}, [])
    for start in range(0, length, CHUNK):
        part = {name: column[start : start + CHUNK] for name, column in columns.items()}
        _Chunk(program, serial, min(CHUNK, length - start)).score(part, scored)
    return scored


class _Chunk:
    """One slice of the leads on its way through the rules."""

    def __init__(self, program: RuleProgram, serial: float, length: int) -> None:
        self._program, self._serial, self._length = program, serial, length
        self._values: dict[str, Column[Value]] = {}
        self._odd: list[tuple[Codes, list[str]]] = []

    def score(self, columns: Mapping[str, Sequence[Any]], scored: Scored) -> None:
        """Append what comes out to `scored`."""
        self._read(columns)
        for name, compute in self._program.intermediates:
            self._values[name] = self._results(compute, self._values)
        points = [self._points(component) for component in self._program.components]
        value = _total(points, self._length)
        scored[0].extend(value.tolist())
        scored[1].extend(self._tiers(value))
        for component, column in zip(self._program.components, points, strict=True):
            scored[2][component.name].extend(column.tolist())
        scored[3].extend(self._issues())

    def _read(self, columns: Mapping[str, Sequence[Any]]) -> None:
        for key, column in columns.items():
            entry = self._program.reader.column(key)
            if entry is not None:
                readings = encode(column).map(entry[1])
                self._values[entry[0]] = readings.map(lambda reading: reading[0])
                self._note(readings.codes, [f"{key}: {odd}" if odd else "" for _, odd in readings.values])

    def _results(self, compute: Compute, values: Mapping[str, Column[Any]]) -> Column[Value]:
        """A formula's results, computed once for each distinct combination of what it reads."""
        names, blank = self._program.uses[compute], self._program.reader.blank
        fixed = {name: blank[name] for name in names if name in blank}
        codes, rows = combine({name: values[name] for name in sorted(names) if name in values}, self._length)
        return Column(codes, [compute({**fixed, **row}, self._serial) for row in rows])

    def _points(self, component: ComponentProgram) -> Floats:
        factors = [self._factor(factor) for factor in component.factors]
        if component.compute is None:
            part = np.zeros(self._length)
            for factor, column in zip(component.factors, factors, strict=True):
                part += factor.weight * _gathered(column)
        else:
            own = {factor.key: column for factor, column in zip(component.factors, factors, strict=True)}
            results = self._results(component.compute, {**self._values, **own})
            part = _gathered(self._shares(results, component.name))
        raw = component.points * part
        return _rounded(raw, 0.01, lambda row: float(raw[row]))

    def _factor(self, factor: FactorProgram) -> Column[float]:
        if factor.compute is not None:
            return self._shares(self._results(factor.compute, self._values), factor.label)
        field = self._values.get(factor.key)
        if field is not None:
            return field.map(share_of_field)
        value = share_of_field(self._program.reader.blank.get(factor.key))
        return Column(np.zeros(self._length, dtype=np.int64), [value])

    def _shares(self, results: Column[Value], label: str) -> Column[float]:
        shares = results.map(share)
        self._note(shares.codes, [f"{label} {odd}" if odd else "" for _, odd in shares.values])
        return shares.map(lambda pair: pair[0])

    def _note(self, codes: Codes, texts: list[str]) -> None:
        if any(texts):
            self._odd.append((codes, texts))

    def _issues(self) -> list[tuple[str, ...]]:
        issues: list[tuple[str, ...]] = [()] * self._length
        for codes, texts in self._odd:
            for row in np.flatnonzero(np.array([bool(text) for text in texts])[codes]).tolist():
                issues[row] += (texts[codes[row]],)
        return issues

    def _tiers(self, value: Floats) -> list[str]:
        tiers = self._program.tiers
        best = np.full(self._length, len(tiers) - 1)
        for number in reversed(range(len(tiers))):
            best[value >= tiers[number][0]] = number
        return [tiers[number][1] for number in best.tolist()]


def _gathered(column: Column[float]) -> Floats:
    return np.array(column.values, dtype=np.float64)[column.codes]


def _total(points: list[Floats], length: int) -> Floats:
    """The exactly rounded sum of the components' points, free of noise, as `math.fsum` and `round` give it."""
    total, size = np.zeros(length), np.zeros(length)
    for column in points:
        total += column
        size += np.abs(column)
    # Addition is off by at most len x size x 2**-53: within a quarter of the ninth place while both are small.
    trusted = size < (_LIMIT if len(points) <= _MANY else 0.0)
    return _rounded(np.where(trusted, total, np.nan), 0.25, lambda row: math.fsum(column[row] for column in points))


def _rounded(value: Floats, margin: float, exact: Callable[[int], float]) -> Floats:
    """`without_noise` of a column. `exact` gives a row's exact value where `value` is too near to a tie to tell.

    Scaled by 1e9 a value below 1e4 is off by less than `margin`, so the nearest whole number is the right one unless
    a half is that near; the quotient of two exact numbers is then the float nearest to the decimal.
    """
    small = np.abs(value) < _LIMIT
    scaled = np.where(small, value, 0.0) * _UNIT
    whole = np.rint(scaled)
    rounded: Floats = whole / _UNIT
    sure = small & (np.abs(scaled - whole) < 0.5 - margin)
    for row in np.flatnonzero(~sure).tolist():
        rounded[row] = without_noise(exact(row))
    return rounded
