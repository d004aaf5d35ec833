"""Shifts after a revision: found where they are, and not where there is only noise."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from mergecells.domain.reports import Measure
from mergecells.transforms.revision_shifts import LEAST, Sample, find_shifts, rank_sum_chance

OLD, NEW, THIRD = "a" * 40, "b" * 40, "c" * 40


def samples(*parts: tuple[str, int, Callable[[], float]]) -> list[Sample]:
    """Values of one revision after another, a second apart."""
    made: list[Sample] = []
    for revision, count, value in parts:
        made += [Sample(float(len(made) + number), revision, value()) for number in range(count)]
    return made


def dice(seed: int = 1) -> random.Random:
    return random.Random(seed)


def test_shift_dearer_prompt_is_named_with_its_revision() -> None:
    """Costs that rise by half when a revision comes are told, with what stood before."""
    roll = dice()
    given = samples(
        (OLD, 60, lambda: 1e6 * roll.lognormvariate(0, 0.2)), (NEW, 60, lambda: 1.5e6 * roll.lognormvariate(0, 0.2))
    )
    (shift,), compared = find_shifts("cost per call", {"hook": given})
    assert (shift.subject, shift.revisions, shift.previous, compared) == ("hook", (NEW,), OLD, 1)
    assert (shift.count_before, shift.count_after, shift.at) == (60, 60, 60.0)
    assert 1.3 < shift.after / shift.before < 1.7


def test_shift_few_odd_calls_do_not_make_one() -> None:
    """Three calls of a hundred times the price move a mean, and no median."""
    roll = dice()
    odd = iter([1e8] * 3 + [1e6] * 1000)
    given = samples(
        (OLD, 100, lambda: 1e6 * roll.lognormvariate(0, 0.2)),
        (NEW, 100, lambda: next(odd) * roll.lognormvariate(0, 0.2)),
    )
    assert find_shifts("cost per call", {"hook": given})[0] == ()


@pytest.mark.parametrize("measure", ["cost per call", "quality"])
def test_shift_below_the_least_number_nothing_is_compared(measure: Measure) -> None:
    """However large the difference: too few values are noise."""
    least = LEAST[measure]
    given = samples((OLD, least, lambda: 0.9), (NEW, least - 1, lambda: 0.1))
    assert find_shifts(measure, {"hook": given}) == ((), 0)


def test_shift_revisions_with_few_calls_are_judged_with_the_next() -> None:
    """Where two revisions cannot be told apart, both are named."""
    roll = dice()
    given = samples(
        (OLD, 40, lambda: 1e6 * roll.lognormvariate(0, 0.1)),
        (NEW, 5, lambda: 2e6 * roll.lognormvariate(0, 0.1)),
        (THIRD, 40, lambda: 2e6 * roll.lognormvariate(0, 0.1)),
    )
    (shift,), _ = find_shifts("cost per call", {"hook": given})
    assert shift.revisions == (NEW, THIRD)


def test_shift_certain_and_small_is_not_told() -> None:
    """A tenth more is beyond doubt with enough calls, and still not worth waking anybody."""
    roll = dice()
    given = samples((OLD, 400, lambda: 1e6 + roll.random()), (NEW, 400, lambda: 1.1e6 + roll.random()))
    assert rank_sum_chance([s.value for s in given[:400]], [s.value for s in given[400:]]) < 1e-9
    assert find_shifts("cost per call", {"hook": given})[0] == ()


def test_shift_lower_quality_is_told() -> None:
    """Quality that falls from 0.9 to 0.7 is told with its direction."""
    roll = dice()
    given = samples((OLD, 30, lambda: roll.gauss(0.9, 0.05)), (NEW, 30, lambda: roll.gauss(0.7, 0.05)))
    (shift,), _ = find_shifts("quality", {"hook": given})
    assert shift.after < shift.before - 0.1


def test_shift_noise_alone_gives_false_alarms_in_fewer_than_one_report_of_a_hundred() -> None:
    """A hundred reports of eight prompts and five revisions without any change."""
    alarms = 0
    for seed in range(100):
        subjects = {f"prompt {number}": unchanged(dice(seed * 8 + number)) for number in range(8)}
        alarms += bool(find_shifts("cost per call", subjects)[0])
    assert alarms <= 1


def unchanged(roll: random.Random) -> list[Sample]:
    """Five revisions that change nothing."""
    return samples(*((str(revision) * 40, 30, lambda: 1e6 * roll.lognormvariate(0, 0.5)) for revision in range(5)))


def test_rank_sum_chance_agrees_with_a_published_example() -> None:
    """Mann-Whitney as in the documentation of SciPy's mannwhitneyu (asymptotic, with continuity): p = 0.11134688653."""
    males, females = [19, 22, 16, 29, 24], [20, 11, 17, 12]
    assert rank_sum_chance(males, females) == pytest.approx(0.11134688653314041, rel=1e-9)


def test_rank_sum_chance_same_values_is_one() -> None:
    """Nothing but ties says nothing."""
    assert rank_sum_chance([1.0] * 30, [1.0] * 30) == 1.0
