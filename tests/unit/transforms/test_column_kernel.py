"""The pieces of kernels give what NumPy and the one-lead functions give, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.formula.functions.rounding import round_half_away

np = pytest.importorskip("numpy")

from mergecells.transforms.column_kernel import picked  # noqa: E402 - needs NumPy
from mergecells.transforms.column_kernel_numbers import rounded_half_away  # noqa: E402 - needs NumPy

FLOATS = st.one_of(st.sampled_from([0.0, -0.0, 1.0, float("inf"), float("nan")]), st.floats())
ROWS = 5
COLUMNS = st.one_of(FLOATS, st.lists(FLOATS, min_size=ROWS, max_size=ROWS).map(np.array))
TRUTHS = st.lists(st.booleans(), min_size=ROWS, max_size=ROWS).map(np.array)
BOOLEANS = st.one_of(st.booleans().map(np.bool_), TRUTHS)


def bits(column: Any) -> list[int]:
    return [int(value) for value in np.asarray(column, dtype=np.float64).view(np.int64).reshape(-1)]


@given(truth=TRUTHS, one=COLUMNS, other=COLUMNS)
def test_choice_by_bits_is_that_of_where(truth: Any, one: Any, other: Any) -> None:
    """Of columns and of single numbers, signs of zeros and what is no number included."""
    assert bits(picked(truth, one, other)) == bits(np.where(truth, one, other))


@given(truth=TRUTHS, one=BOOLEANS, other=BOOLEANS)
def test_choice_of_booleans_is_that_of_where(truth: Any, one: Any, other: Any) -> None:
    """As masks of errors are chosen."""
    assert np.broadcast_to(picked(truth, one, other), ROWS).tolist() == np.where(truth, one, other).tolist()


@given(
    numbers=st.lists(st.one_of(st.floats(-1e12, 1e12), st.integers(-10_000, 10_000).map(lambda n: n / 2_000))),
    places=st.integers(0, 9),
)
def test_rounding_of_a_column_is_that_of_each_number(numbers: list[float], places: int) -> None:
    """Near ties, at ties and beyond the fast path."""
    wanted = [round_half_away(number, float(places)) for number in numbers]
    assert bits(rounded_half_away(np.array(numbers, dtype=np.float64), float(places))) == bits(wanted)
    plus = np.abs(np.array(numbers, dtype=np.float64))
    assert bits(rounded_half_away(plus, float(places), positive=True)) == bits(
        [round_half_away(number, float(places)) for number in plus.tolist()]
    )
