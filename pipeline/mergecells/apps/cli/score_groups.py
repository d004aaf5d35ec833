"""Rows of a file, as JSON lines and short CSV files have them, scored by the columns: some thousands at a time.

The scores are those of one lead at a time, to the bit; what they cost is a fifth.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mergecells.domain.errors import MergecellsError

if TYPE_CHECKING:
    from mergecells.serving.snapshot import Snapshot
    from mergecells.transforms.score import Score
    from mergecells.transforms.score_result import ScoreColumns

GROUP: Final = 4_096
_WORTH: Final = 256
"""Leads from which on columns are faster."""
_WORTH_IMPORT: Final = 3_000
"""The same, while NumPy would have to be imported first: 0.2 s."""

Row = TypeVar("Row")


def in_groups(rows: Iterable[Row], kind: type[Row], passing: type[Row]) -> Iterator[Row | list[Row]]:
    """Rows of that kind by `GROUP`, in order; those of the `passing` kind, which give no result, as they come.

    What is of another kind, or fails, comes after the rows before it.
    """
    held: list[Row] = []
    try:
        for row in rows:
            if type(row) is kind:
                held.append(row)
            if held and (len(held) >= GROUP or type(row) not in (kind, passing)):
                yield held
                held = []
            if type(row) is not kind:
                yield row
    except MergecellsError:
        if held:
            yield held
        raise
    if held:
        yield held


def score_group(
    snapshot: Snapshot, leads: Sequence[Mapping[str, Any]], date: datetime.date, vertical: str | None
) -> Iterator[Score]:
    """The score of each lead, in order, by columns where that is faster.

    Without `scoring/fields.yaml` a field that is left out is not always the same as a blank one: one by one then.
    """
    least = _WORTH if "numpy" in sys.modules else _WORTH_IMPORT
    if len(leads) < least or snapshot.field_names is None or find_spec("numpy") is None:
        return (snapshot.score(lead, date, vertical) for lead in leads)
    names = dict.fromkeys(name for lead in leads for name in lead)
    columns = {name: [lead.get(name) for lead in leads] for name in names}
    return _rows(snapshot.score_many(columns, date, vertical), snapshot, leads)


def _rows(scores: ScoreColumns, snapshot: Snapshot, leads: Sequence[Mapping[str, Any]]) -> Iterator[Score]:
    from mergecells.transforms.score import Score

    names = list(scores.components)
    points = zip(*scores.components.values(), strict=True)
    revision, date, vertical = scores.revision, scores.date, scores.vertical
    for lead, value, tier, parts, issues in zip(
        leads, scores.value, scores.tier, points, scores.issues[:], strict=True
    ):
        if len(issues) > 1:
            # In the order of this lead's own keys, which need not be that of the first lead's.
            yield snapshot.score(lead, date, vertical)
        else:
            yield Score(value, tier, dict(zip(names, parts, strict=True)), revision, date, vertical, issues)
