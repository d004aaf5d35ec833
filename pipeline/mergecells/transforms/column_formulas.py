"""A formula over columns: by a table of its results where its inputs repeat, by a kernel where they are numbers, and by
its distinct inputs where nothing else holds. Every way gives what the one-lead form gives, to the bit. Needs NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np

from mergecells.formula import Value, parse
from mergecells.transforms.column_chunks import LeadColumn, TextsInput
from mergecells.transforms.column_codes import combine, encode
from mergecells.transforms.column_kernel import Kernel, NotKernelError
from mergecells.transforms.column_kernels import compile_kernel
from mergecells.transforms.column_text_input import texts_of
from mergecells.transforms.column_values import (
    Coded,
    Codes,
    ColumnValue,
    Constant,
    Numbers,
    Table,
    Texts,
    values_at,
    with_values,
)
from mergecells.transforms.score_program import Compute, RuleProgram

_FEW: Final = 1_024
"""Combinations of dictionary-encoded columns up to which a table of all of them beats anything."""
_PRODUCT: Final = 65_536
"""The same, where no kernel does it."""
_LOWEST, _HIGHEST = -2_048, 110_000
"""Whole numbers for which a formula of one number may have a table: counts, and dates to the year 2201."""
_BLANK: Final = _HIGHEST - _LOWEST
_BLOCK: Final = 65_536
"""Rows at a time where texts are computed for all leads."""
_WORTH: Final = 4_096
"""Rows in a chunk from which on a table of whole numbers pays."""

Env = Mapping[str, ColumnValue]


@dataclass(slots=True, eq=False)
class Formulas:
    """The formulas of one rule set for one call: their tables and kernels, shared by all chunks."""

    program: RuleProgram
    serial: float
    _tables: dict[tuple[Any, ...], Table] = field(default_factory=dict)
    _kernels: dict[tuple[Any, ...], Kernel | None] = field(default_factory=dict)
    _families: dict[tuple[Any, ...], object] = field(default_factory=dict)
    _used: dict[Compute, tuple[list[str], dict[str, Value]]] = field(default_factory=dict)

    def compute(self, compute: Compute, env: Env, length: int) -> ColumnValue:
        """The formula's result for every row of a chunk."""
        names, blank = self._names(compute)
        fixed = blank
        inputs: dict[str, ColumnValue] = {}
        for name in names:
            column = env.get(name)
            if type(column) is Constant:
                fixed = {**fixed, name: column.value}
            elif column is not None:
                inputs[name] = column
        if not inputs:
            return Constant(compute(fixed, self.serial))
        special = _special_rows(inputs)
        if special is not None and len(special) * 2 > length:
            return self._distinct(compute, fixed, inputs, None, length)
        found, rows = self._column(compute, fixed, inputs, length)
        if special is not None:
            rows = special if rows is None else np.union1d(rows, special)
        if rows is None:
            return found
        apart = self._distinct(compute, fixed, inputs, rows, len(rows))
        return with_values(found, rows, values_at(apart, np.arange(len(rows))))

    def _names(self, compute: Compute) -> tuple[list[str], dict[str, Value]]:
        """The names that a formula reads, in order, and what is there of them whatever the lead."""
        found = self._used.get(compute)
        if found is None:
            names, blank = sorted(self.program.uses[compute]), self.program.reader.blank
            found = self._used[compute] = names, {name: blank[name] for name in names if name in blank}
        return found

    def _column(
        self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, ColumnValue], length: int
    ) -> tuple[ColumnValue, Codes | None]:
        """The result, and the rows where it is not right yet. Rows with special inputs are not looked at."""
        coded = [column for column in inputs.values() if isinstance(column, Coded)]
        combinations = _combinations(coded) if len(coded) == len(inputs) else _PRODUCT + 1
        if combinations <= _FEW or (
            coded and len(coded) == len(inputs) and len({id(column.family) for column in coded}) == 1
        ):
            return self._by_table(compute, fixed, cast("dict[str, Coded]", inputs), combinations), None
        kernel = self._kernel(compute, fixed, inputs)
        if kernel is not None and not kernel.slow:
            return _run_kernel(kernel, inputs, length)
        if combinations <= _PRODUCT:
            return self._by_table(compute, fixed, cast("dict[str, Coded]", inputs), combinations), None
        if len(inputs) == 1 and length >= _WORTH and type(next(iter(inputs.values()))) is Numbers:
            whole = self._by_whole_numbers(compute, fixed, inputs, length)
            if whole is not None:
                return whole
        if kernel is not None:
            return _run_kernel(kernel, inputs, length)
        return self._distinct(compute, fixed, inputs, None, length), None

    def texts(self, compute: Compute, name: str, column: TextsInput) -> LeadColumn | None:
        """A formula of one column of texts that gives texts, for all leads: the domain of an address, say, repeats."""
        fixed = {other: value for other, value in self._names(compute)[1].items() if other != name}
        blocks = [
            column.chunk(start, min(start + _BLOCK, len(column)), _ignore) for start in range(0, len(column), _BLOCK)
        ]
        kernel = self._kernel(compute, fixed, {name: blocks[0]})
        if kernel is None or kernel.kind != "T":
            return None
        found = [self.compute(compute, {name: block}, len(block.array)) for block in blocks]
        return texts_of(cast("list[Texts]", found), _BLOCK)

    # By a table

    def _by_table(self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, Coded], size: int) -> Coded:
        families: dict[int, Coded] = {id(column.family): column for column in inputs.values()}
        sizes = [len(column.table.values) for column in families.values()]
        first = next(iter(families.values()))
        codes, family = first.codes, first.family
        if len(families) > 1:
            family = self._families.setdefault(tuple(column.family for column in families.values()), object())
            for column, each in zip(list(families.values())[1:], sizes[1:], strict=True):
                codes = codes * each + column.codes
        key = (compute, *((name, column.table) for name, column in inputs.items()))
        table = self._tables.get(key)

        def result(code: int) -> Value:
            place: dict[int, int] = {}
            rest = code
            for identity, each in zip(reversed(families), reversed(sizes), strict=True):
                rest, place[identity] = divmod(rest, each)
            row = {name: column.table.values[place[id(column.family)]] for name, column in inputs.items()}
            return compute({**fixed, **row}, self.serial)

        if table is None:
            whole = len(families) == 1 and all(column.table.known is None for column in inputs.values())
            local = any(column.table.local for column in inputs.values())
            values: list[Value] = self._every(compute, fixed, inputs) if whole else [None] * size
            table = Table(values, None if whole else np.zeros(size, dtype=np.bool_), local)
            if not local:
                table = self._tables.setdefault(key, table)
        if table.known is not None:
            table.complete(codes, result)
        return Coded(codes, table, family)

    def _every(self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, Coded]) -> list[Value]:
        """The results for all codes of one family."""
        names, serial, row = list(inputs), self.serial, dict(fixed)
        results = []
        for given in zip(*(column.table.values for column in inputs.values()), strict=True):
            row.update(zip(names, given, strict=True))
            results.append(compute(row, serial))
        return results

    def _by_whole_numbers(
        self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, ColumnValue], length: int
    ) -> tuple[Coded, Codes | None] | None:
        """A formula of one number, by a table of the whole numbers; None where too few rows hold one."""
        ((name, given),) = inputs.items()
        column = cast(Numbers, given)
        if column.wholes is None:
            column.wholes = _whole_places(column)
        places, others = column.wholes
        if others is not None and len(others) * 4 > length:
            return None
        key = (compute, name, "whole")
        table = self._tables.get(key)
        if table is None:
            size = _BLANK + 1
            table = self._tables.setdefault(key, Table([None] * size, np.zeros(size, dtype=np.bool_)))

        def result(code: int) -> Value:
            return compute({**fixed, name: None if code == _BLANK else float(code + _LOWEST)}, self.serial)

        table.complete(places, result)
        return Coded(places, table, column.family), others

    # By a kernel

    def _kernel(self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, ColumnValue]) -> Kernel | None:
        if any(isinstance(column, Coded) and column.table.local for column in inputs.values()):
            return None
        key = (compute, *((name, c.table if isinstance(c, Coded) else type(c)) for name, c in inputs.items()))
        if key not in self._kernels:
            # Without tables and constants of this call a kernel does for the next one too.
            lasting = fixed is self._names(compute)[1] and not any(isinstance(c, Coded) for c in inputs.values())
            kept = self.program.kernels.of(self.serial) if lasting else self._kernels
            if key not in kept:
                kept[key] = self._compiled(compute, fixed, inputs)
            self._kernels[key] = kept[key]
        return self._kernels[key]

    def _compiled(self, compute: Compute, fixed: dict[str, Value], inputs: dict[str, ColumnValue]) -> Kernel | None:
        try:
            formula = parse(self.program.texts[compute], self.program.dialect)
            return compile_kernel(formula, inputs, fixed, self.serial)
        except NotKernelError:
            return None

    # By distinct inputs

    def _distinct(
        self,
        compute: Compute,
        fixed: dict[str, Value],
        inputs: dict[str, ColumnValue],
        rows: Codes | None,
        length: int,
    ) -> Coded:
        """Once for each combination of inputs among `rows` (all, when None)."""
        every = np.arange(length) if rows is None else rows
        # NaN is how the dictionary of floats writes a blank.
        columns = {name: encode(values_at(column, every)).map(_blank_for_nan) for name, column in inputs.items()}
        codes, found = combine(columns, length)
        values = [compute({**fixed, **row}, self.serial) for row in found]
        return Coded(codes, Table(values, local=True), object())


def _ignore(_rows: Codes, _texts: Sequence[str]) -> None:
    """What is odd about a lead's text is told when its chunk is read."""


def _blank_for_nan(value: Value) -> Value:
    return None if type(value) is float and math.isnan(value) else value


def _combinations(columns: list[Coded]) -> int:
    return math.prod({id(column.family): len(column.table.values) for column in columns}.values())


def _whole_places(column: Numbers) -> tuple[Codes, Codes | None]:
    with np.errstate(invalid="ignore"):
        places = column.x.astype(np.int64)
    fits = (places == column.x) & (places >= _LOWEST) & (places < _HIGHEST)
    signed = np.signbit(column.x)
    if signed.any():
        fits &= ~(signed & (places == 0))
    places -= _LOWEST
    others = None if fits.all() else np.flatnonzero(~fits)
    if others is not None:
        places[others] = 0
    if column.blank is not None:
        places[column.blank] = _BLANK
    return places, others


def _special_rows(inputs: Mapping[str, ColumnValue]) -> Codes | None:
    listed = [column.rows for column in inputs.values() if type(column) is not Constant and len(column.rows)]  # type: ignore[union-attr]
    if not listed:
        return None
    return np.unique(np.concatenate(listed)) if len(listed) > 1 else listed[0]


_TRUTH: Final = Table([False, True])


def _run_kernel(kernel: Kernel, inputs: Mapping[str, ColumnValue], length: int) -> tuple[ColumnValue, Codes | None]:
    """The result, its numbers in an array of its own, and the rows where it is an error."""
    value, error = kernel.run(inputs)
    rows = None if error is None else np.flatnonzero(np.broadcast_to(error, (length,)))
    if rows is not None and not len(rows):
        rows = None
    if kernel.kind == "B":
        return Coded(np.broadcast_to(value, (length,)).astype(np.int64), _TRUTH, object()), rows
    if kernel.kind == "T":
        return Texts(value), rows
    if not kernel.fresh:
        value = np.array(np.broadcast_to(value, (length,)), dtype=np.float64)
    return Numbers(value, low=kernel.low, high=kernel.high), rows
