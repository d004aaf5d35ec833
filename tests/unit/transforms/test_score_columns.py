"""The columnar path gives what the one-lead path gives, to the bit."""

from __future__ import annotations

import datetime
import math
import random
import struct
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mergecells.transforms.score import COLUMNS_FROM, Score
from shipped import shipped

DAY = datetime.date(2026, 3, 1)
AWKWARD: list[Any] = [
    *(None, True, False, 0, 1, 1.0, 0.0, -0.0, math.nan, math.inf, -5, 10**400, 2**53 + 1, 0.1, 1e308, -1e-12, ""),
    *(" ", "12", "n/a", "Logistics", "logistics", "cto@x.io", "2024-02-29", "2024-02-30", "ABM-1", "é" * 40_000),
    *(datetime.date(2025, 5, 5), datetime.date(1850, 1, 1), datetime.datetime(2025, 5, 5, 12), 4.5, object),
]


VERTICALS = st.deferred(lambda: st.sampled_from([None, *shipped().scorer.verticals]))


def fields() -> list[str]:
    return sorted(shipped().config.rules.fields.fields)  # type: ignore[union-attr]


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def flat(score: Score) -> tuple[Any, ...]:
    points = {name: bits(part) for name, part in score.components.items()}
    return bits(score.value), score.tier, points, score.issues


def assert_equal_paths(columns: dict[str, list[Any]], vertical: str | None = None, start: int = 0) -> None:
    """Every row of `score_many` from `start` on equals `score` of that row."""
    many = shipped().scorer.score_many(columns, DAY, vertical)
    for row in range(start, len(many)):
        one = shipped().scorer.score({name: column[row] for name, column in columns.items()}, DAY, vertical)
        components = {name: bits(column[row]) for name, column in many.components.items()}
        assert (bits(many.value[row]), many.tier[row], components, many.issues[row]) == flat(one)


@settings(max_examples=25, deadline=None)
@example(seed=569305, vertical=None, kinds=11)
@given(seed=st.integers(), vertical=VERTICALS, kinds=st.integers(1, len(AWKWARD)))
def test_columns_of_any_values_score_as_one_lead_does(seed: int, vertical: str | None, kinds: int) -> None:
    """Blanks, wrong types, signed zeros, NaN, errors, dates, in columns of one type or of many, to the bit."""
    chance = random.Random(seed)
    columns: dict[str, list[Any]] = {}
    for name in [*chance.sample(fields(), len(fields())), "Unknown", "YEARS"]:
        pool = chance.sample(AWKWARD, chance.randint(1, kinds))
        columns[name] = chance.choices(pool, k=COLUMNS_FROM)
    assert_equal_paths(columns, vertical)


def test_columns_of_distinct_numbers_over_two_chunks_score_as_one_lead_does() -> None:
    """Values that never repeat, across the border of two chunks, with a last chunk that is not full."""
    chunk = pytest.importorskip("mergecells.transforms.score_columns").CHUNK
    chance, length = random.Random(7), chunk + 300
    columns: dict[str, list[Any]] = {name: [chance.uniform(-5, 60_000) for _ in range(length)] for name in fields()[:9]}
    columns["years"] = [None if chance.random() < 0.2 else chance.uniform(0, 15) for _ in range(length)]
    assert_equal_paths(columns, start=chunk - 200)


def test_rounding_near_a_tie_is_pythons() -> None:
    """Where the ninth place hangs on the last bit, the column is rounded as `round` does it."""
    numpy = pytest.importorskip("numpy")
    from mergecells.transforms.column_rounding import rounded as rounded_column

    chance = random.Random(1)
    halves = [(chance.randint(-(10**11), 10**11) + 0.5) / 1e9 for _ in range(2_000)]
    values = [*halves, *(math.nextafter(half, 1e9) for half in halves), -0.0, -1e-12, 2e4 / 3, 1e300]
    column = numpy.array(values)
    with numpy.errstate(all="ignore"):
        rounded = rounded_column(column, lambda row: float(column[row]))
    assert [bits(value) for value in rounded.tolist()] == [bits(round(value, 9)) for value in values]
