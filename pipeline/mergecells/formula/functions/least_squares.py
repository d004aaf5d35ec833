"""The straight line, plane or growth curve through points: LINEST, LOGEST, TREND and GROWTH. Source: Microsoft support,
the page of each.

The columns of x are made orthogonal one after another (Gram and Schmidt, twice each), so that close columns do not lose
digits as they do in the normal equations. A column that depends on those before it has the factor 0, as in Excel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from mergecells.formula.arguments import table_of
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.functions.lookup_modes import LEFT_OUT
from mergecells.formula.functions.math import bounded, finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, REF, VALUE, Array, ErrorValue, Fault, Scalar, to_boolean

_MOST_COLUMNS: Final = 64
_DEPENDS: Final = 1e-11
"""A column of which so small a part is left depends on the others."""
_STEPS_PER_CELL: Final = 16

Column = list[float]


class Points(NamedTuple):
    """The ys, a column of xs for each variable, and whether variables stand in columns."""

    ys: Column
    xs: list[Column]
    upright: bool


class Fit(NamedTuple):
    """A factor for each variable, with its error, and the constant; what is left over."""

    factors: Column
    constant: float
    errors: Column
    constant_error: float | None
    left: float
    explained: float
    freedom: int
    used: int


def _numbers(pair: Pair) -> list[list[float]]:
    """Raises Fault: an error in the list, #VALUE! for anything else that is no number."""
    table = table_of(pair[0])
    for cell in table:
        if type(cell) is ErrorValue:
            raise Fault(cell)
        if type(cell) is not float:
            raise Fault(VALUE)
    return [list(row) for row in table.rows]  # type: ignore[arg-type]


def _flat(rows: Sequence[Sequence[float]]) -> Column:
    return [number for row in rows for number in row]


def _flipped(rows: Sequence[Sequence[float]]) -> list[Column]:
    return [list(column) for column in zip(*rows, strict=True)]


def _points(ys: Pair, xs: Pair) -> Points:
    """Raises Fault: #REF! for lists that do not fit, #NUM! for too many variables."""
    rows = _numbers(ys)
    height, width = len(rows), len(rows[0])
    if xs == LEFT_OUT:
        return Points(_flat(rows), [[float(place + 1) for place in range(height * width)]], width == 1)
    others = _numbers(xs)
    if (len(others), len(others[0])) == (height, width):
        return Points(_flat(rows), [_flat(others)], width == 1)
    if width == 1 and len(others) == height:
        columns, upright = _flipped(others), True
    elif height == 1 and len(others[0]) == width:
        columns, upright = others, False
    else:
        raise Fault(REF)
    if len(columns) > _MOST_COLUMNS:
        raise Fault(NUM)
    return Points(_flat(rows), columns, upright)


def _dot(one: Column, other: Column) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _minus(one: Column, factor: float, other: Column) -> Column:
    return [a - factor * b for a, b in zip(one, other, strict=True)]


def fit(ys: Column, xs: list[Column], with_constant: bool) -> Fit:
    """The factors for which the squares of what is left over are least."""
    size = len(ys)
    mean = math.fsum(ys) / size if with_constant else 0.0
    means = [math.fsum(x) / size if with_constant else 0.0 for x in xs]
    basis: list[Column] = []
    made_of: list[Column] = []
    """Of each column of the basis: how much of each x is in it."""
    for place, x in enumerate(xs):
        column = [number - means[place] for number in x]
        whole = math.sqrt(_dot(x, x))
        parts = [float(at == place) for at in range(len(xs))]
        for _ in range(2):
            for known, of in zip(basis, made_of, strict=True):
                share = _dot(column, known)
                column, parts = _minus(column, share, known), _minus(parts, share, of)
        length = math.sqrt(_dot(column, column))
        if length > _DEPENDS * whole:
            basis.append([number / length for number in column])
            made_of.append([part / length for part in parts])
    left = [y - mean for y in ys]
    spread = _dot(left, left)
    shares = []
    for known in basis:
        share = _dot(left, known)
        left = _minus(left, share, known)
        shares.append(share)
    factors = [math.fsum(s * of[at] for s, of in zip(shares, made_of, strict=True)) for at in range(len(xs))]
    constant = mean - _dot(factors, means)
    rest, freedom = _dot(left, left), size - len(basis) - with_constant
    error = math.sqrt(rest / freedom) if freedom > 0 else 0.0
    errors = [error * math.sqrt(math.fsum(of[at] * of[at] for of in made_of)) for at in range(len(xs))]
    of_constant = 1 / size + math.fsum(_dot(of, means) ** 2 for of in made_of)
    constant_error = error * math.sqrt(of_constant) if with_constant else None
    return Fit(factors, constant, errors, constant_error, rest, max(spread - rest, 0.0), freedom, len(basis))


def _statistics(found: Fit) -> list[list[Scalar]]:
    """The rows below the factors: errors, quality, Fisher's F and freedom, sums of squares."""
    constant_error: Scalar = NA if found.constant_error is None else found.constant_error
    spread = found.explained + found.left
    quality: Scalar = found.explained / spread if spread else 1.0
    error = math.sqrt(found.left / found.freedom) if found.freedom > 0 else 0.0
    divisor = found.used * found.left
    fisher: Scalar = found.explained * found.freedom / divisor if divisor and found.freedom > 0 else NUM
    padding: list[Scalar] = [NA] * (len(found.factors) - 1)
    return [
        [*found.errors[::-1], constant_error],
        [quality, error, *padding],
        [fisher, float(found.freedom), *padding],
        [found.explained, found.left, *padding],
    ]


def _flag(pair: Pair, otherwise: bool) -> bool:
    value = pair[0]
    if pair == LEFT_OUT:
        return otherwise
    if type(value) is Array:
        raise Fault(VALUE)
    return to_boolean(value)


def _cost(ys: Pair, xs: Pair = LEFT_OUT, *_rest: Pair) -> int:
    """Each number meets each variable, a few times."""
    size = max(len(value) if type(value) is Array else 1 for value in (ys[0], xs[0]))
    columns = xs[0].width if type(xs[0]) is Array and type(ys[0]) is Array and ys[0].width == 1 else 1
    if type(xs[0]) is Array and type(ys[0]) is Array and ys[0].height == 1:
        columns = xs[0].height
    return 1 + size * (min(columns, _MOST_COLUMNS) + 6) // _STEPS_PER_CELL


def _checked(rows: list[list[Scalar]]) -> Array:
    """Raises Fault(#NUM!) beyond the range of numbers."""
    return Array([[finite(cell) if type(cell) is float else cell for cell in row] for row in rows])


def _line(ys: Column, points: Points, constant: Pair) -> Fit:
    if not ys:
        raise Fault(DIV0)
    return fit(ys, points.xs, _flag(constant, True))


@function(
    "LINEST(ys, [xs], [with_constant], [with_statistics])",
    "rrrr",
    "v",
    "statistics",
    "The factors of the straight line or plane, the last variable first, and the constant; rows of statistics.",
    optional=3,
    cost=_cost,
)
@bounded
def _linest(ys: Pair, xs: Pair = LEFT_OUT, constant: Pair = LEFT_OUT, statistics: Pair = LEFT_OUT) -> Array:
    points = _points(ys, xs)
    found = _line(points.ys, points, constant)
    rows: list[list[Scalar]] = [[*found.factors[::-1], found.constant]]
    return _checked(rows + (_statistics(found) if _flag(statistics, False) else []))


def _logarithms(ys: Column) -> Column:
    """Raises Fault(#NUM!) unless all are above 0."""
    if min(ys) <= 0.0:
        raise Fault(NUM)
    return [math.log(y) for y in ys]


@function(
    "LOGEST(ys, [xs], [with_constant], [with_statistics])",
    "rrrr",
    "v",
    "statistics",
    "As LINEST, for the curve y = b * m^x: the bases and the factor.",
    optional=3,
    cost=_cost,
)
@bounded
def _logest(ys: Pair, xs: Pair = LEFT_OUT, constant: Pair = LEFT_OUT, statistics: Pair = LEFT_OUT) -> Array:
    points = _points(ys, xs)
    found = _line(_logarithms(points.ys), points, constant)
    rows: list[list[Scalar]] = [[*map(math.exp, found.factors[::-1]), math.exp(found.constant)]]
    return _checked(rows + (_statistics(found) if _flag(statistics, False) else []))


def _predicted(points: Points, found: Fit, xs: Pair, new: Pair) -> list[Column]:
    """y for each new x, in the shape in which they stand. Raises Fault(#REF!) for another number of variables."""
    asked = new if new != LEFT_OUT else xs
    own = [[x] for x in points.xs[0]] if points.upright else [points.xs[0]]
    rows = own if asked == LEFT_OUT else _numbers(asked)
    if len(points.xs) == 1:
        return [[found.constant + found.factors[0] * x for x in row] for row in rows]
    lines = rows if points.upright else _flipped(rows)
    if len(lines[0]) != len(points.xs):
        raise Fault(REF)
    values = [found.constant + _dot(found.factors, line) for line in lines]
    return [[value] for value in values] if points.upright else [values]


@function(
    "TREND(ys, [xs], [new_xs], [with_constant])",
    "rrrr",
    "v",
    "statistics",
    "y for each new x on the straight line or plane.",
    optional=3,
    cost=_cost,
)
@bounded
def _trend(ys: Pair, xs: Pair = LEFT_OUT, new: Pair = LEFT_OUT, constant: Pair = LEFT_OUT) -> Array:
    points = _points(ys, xs)
    return _checked(list(_predicted(points, _line(points.ys, points, constant), xs, new)))  # type: ignore[arg-type]


@function(
    "GROWTH(ys, [xs], [new_xs], [with_constant])",
    "rrrr",
    "v",
    "statistics",
    "y for each new x on the curve y = b * m^x; #NUM! unless all ys are above 0.",
    optional=3,
    cost=_cost,
)
@bounded
def _growth(ys: Pair, xs: Pair = LEFT_OUT, new: Pair = LEFT_OUT, constant: Pair = LEFT_OUT) -> Array:
    points = _points(ys, xs)
    rows = _predicted(points, _line(_logarithms(points.ys), points, constant), xs, new)
    return _checked([[math.exp(value) for value in row] for row in rows])
