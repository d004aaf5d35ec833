"""The distributions turned around, and lines through points: held to what they turn around, not to another table."""

from __future__ import annotations

import math
import statistics

from hypothesis import assume, given
from hypothesis import strategies as st

from mergecells.formula.functions.least_squares import fit
from mergecells.formula.functions.quantiles import beta_quantile, gamma_quantile, shares_above, shares_below
from mergecells.formula.functions.special import beta_share, gamma_shares

SHARES = st.one_of(st.floats(1e-9, 1 - 1e-9), st.floats(1e-200, 1e-9))
SHAPES = st.one_of(st.floats(0.3, 20.0), st.floats(20.0, 1e9))


def close(one: float, other: float, digits: int = 9) -> bool:
    return math.isclose(one, other, rel_tol=10.0**-digits)


@given(SHARES, SHAPES)
def test_gamma_quantile_has_the_share_below_and_above(share: float, shape: float) -> None:
    """There and back, from both ends, for shapes that the series and the expansion compute."""
    below, above = gamma_quantile(shares_below(share), shape), gamma_quantile(shares_above(share), shape)
    assume(below > 0.0)  # beyond the range of numbers
    assert close(gamma_shares(shape, below)[0], share)
    assert close(gamma_shares(shape, above)[1], share)


@given(SHARES, st.floats(0.3, 5_000.0), st.floats(0.3, 5_000.0))
def test_beta_quantile_has_the_share_below(share: float, a: float, b: float) -> None:
    """There and back; both x and 1 - x are given, for one of them may be next to nothing."""
    found = beta_quantile(shares_below(share), a, b)
    assume(found.below > 0.0)
    assert close(beta_share(found.below, a, b, found.above), share, 8)


@given(st.floats(9_000.0, 11_000.0), st.floats(-6.0, 6.0))
def test_gamma_shares_are_the_same_where_the_series_gives_way_to_the_expansion(shape: float, off: float) -> None:
    """A formula does not jump at a limit that nobody sees."""
    x = shape + off * math.sqrt(shape)
    lower, upper = gamma_shares(shape, x), gamma_shares(shape + 1.0, x)
    step = math.exp(shape * math.log(x) - x - math.lgamma(shape + 1.0))  # P(a, x) - P(a + 1, x)
    assert math.isclose(lower[0] - upper[0], step, rel_tol=1e-7, abs_tol=1e-13)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=30))
def test_fit_of_one_variable_is_the_line_of_the_standard_library(points: list[tuple[int, int]]) -> None:
    """The same line as `statistics.linear_regression`, with and without a constant."""
    xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
    assume(len(set(xs)) > 1)
    line = statistics.linear_regression(xs, ys)
    found = fit(ys, [xs], True)
    assert math.isclose(found.factors[0], line.slope, rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(found.constant, line.intercept, rel_tol=1e-9, abs_tol=1e-9)
    through_zero = statistics.linear_regression(xs, ys, proportional=True)
    assert math.isclose(fit(ys, [xs], False).factors[0], through_zero.slope, rel_tol=1e-9, abs_tol=1e-9)


@given(st.lists(st.integers(-9, 9), min_size=4, max_size=12), st.lists(st.integers(-5, 5), min_size=3, max_size=3))
def test_fit_of_points_on_a_plane_gives_the_plane(xs: list[int], plane: list[int]) -> None:
    """Two variables, one the square of the other; equal columns get the factor 0 in all but the first."""
    assume(len(set(xs)) > 3)
    first, second = [float(x) for x in xs], [float(x * x) for x in xs]
    ys = [plane[0] + plane[1] * a + plane[2] * b for a, b in zip(first, second, strict=True)]
    found = fit(ys, [first, second, first], True)
    wanted = [plane[1], plane[2], 0.0]
    assert all(math.isclose(a, b, abs_tol=1e-8) for a, b in zip(found.factors, wanted, strict=True))
    assert math.isclose(found.constant, plane[0], abs_tol=1e-7)
