"""Rows that are scored by columns get the scores, and the issues, that each gets by itself."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from mergecells.apps.cli import score_groups
from mergecells.apps.cli.score_groups import in_groups, score_group
from mergecells.domain.errors import MergecellsError
from shipped import shipped

pytest.importorskip("numpy")

DAY = datetime.date(2026, 3, 1)
VALUES = [None, 0, -0.0, 7, 2**60, 1.5, True, "12", "n/a", "", "Logistics", "2024-02-29", [1], {"a": 1}, float("inf")]


def leads_of(seed: int, count: int) -> list[dict[str, Any]]:
    """Leads with any of the fields, in any order, of any type that JSON has."""
    chance = random.Random(seed)
    names = sorted(shipped().config.rules.fields.fields)  # type: ignore[union-attr]
    return [
        {name: chance.choice(VALUES) for name in chance.sample(names, chance.randint(0, len(names)))}
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_scores_of_a_group_are_those_of_each_lead(seed: int) -> None:
    """Keys left out, in another order for each lead, and values of every type: the issues stand as they would."""
    leads = leads_of(seed, 300)
    with mock.patch.object(score_groups, "_WORTH", 1):
        found = list(score_group(shipped(), leads, DAY, None))
    assert found == [shipped().score(lead, DAY) for lead in leads]
    assert [repr(score.value) for score in found] == [repr(shipped().score(lead, DAY).value) for lead in leads]


def test_rows_come_in_groups_and_in_order() -> None:
    """What gives no result passes them; what gives several, a batch of a file read by blocks, does not."""
    rows: list[object] = [1, "bad", 2, 3, "worse", 4, [5, 6], [7], 8]
    with mock.patch.object(score_groups, "GROUP", 2):
        found = list(in_groups(rows, int, str))
    assert found == ["bad", [1, 2], "worse", [3, 4], [5, 6], [7], [8]]


def test_rows_before_a_failure_come_before_it() -> None:
    """As one by one: what was read is scored, and then the file's fault is told."""

    def rows() -> Iterator[int]:
        yield 1
        raise MergecellsError("The file is torn.", "Save it again.")

    groups = in_groups(rows(), int, str)
    assert next(groups) == [1]
    with pytest.raises(MergecellsError, match="torn"):
        next(groups)
