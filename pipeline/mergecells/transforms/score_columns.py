"""Scores leads column by column, bit for bit as one by one. Needs NumPy; nothing else imports this module at its top.

Chunk by chunk, so that what is held on the way does not grow with the number of leads. Formulas are run by
`column_formulas`, and `column_leads` weights, sums and chooses the tier, in the same order of operations.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mergecells.domain.revision import Revision
from mergecells.transforms.column_chunks import LeadColumn, TextsInput
from mergecells.transforms.column_formulas import Formulas
from mergecells.transforms.column_input import read_column
from mergecells.transforms.column_leads import LeadChunk, LeadPlan
from mergecells.transforms.column_values import Floats
from mergecells.transforms.score_program import RuleProgram
from mergecells.transforms.score_result import FloatColumn, IssueColumn, ScoreColumns, TierColumn

CHUNK = 65_536
"""Leads at a time: what a chunk costs whatever its size, some 2 ms of Python, is little beside it then."""

_THREADS = 2
"""For what Arrow does, call by call of milliseconds. Calls to NumPy are shorter than handing the interpreter over."""
_WORTH_THREADS = 131_072


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

    plan = LeadPlan(formulas, [(key, name, column) for key, (name, column) in read], ready)

    def score_one(start: int) -> None:
        # Kernels find what is not finite by themselves. Set for each thread, and not around each operation: 7 µs.
        with np.errstate(all="ignore"):
            chunk = LeadChunk(plan, start, min(start + CHUNK, length))
            chunk.score(scored.components, scored.value, scored.tiers, scored.issues)

    # The first by itself: what it leaves in the tables, the others need not compute at the same time.
    for start in range(0, min(length, CHUNK), CHUNK):
        score_one(start)
    by_arrow = any(isinstance(column, TextsInput) for _, (_, column) in read)
    _in_turn(score_one, range(CHUNK, length, CHUNK), workers if by_arrow else 1)
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
