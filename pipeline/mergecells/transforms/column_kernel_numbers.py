"""Kernels of functions that give a number. Needs NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from mergecells.formula import Value
from mergecells.formula.codegen_parts import hands_on, holds
from mergecells.formula.functions.rounding import round_half_away
from mergecells.formula.nodes import ArrayLiteral, Boolean, Call, Name, Node, Number
from mergecells.formula.registry import FUNCTIONS
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import Array, ErrorValue, Fault, to_number
from mergecells.transforms.column_kernel import (
    BOUNDS,
    INF,
    Inputs,
    Kernel,
    NotKernelError,
    Result,
    arithmetic,
    chosen,
    either_mask,
    made_finite,
    mapped,
    mask_of,
    picked,
    table_kernel,
)
from mergecells.transforms.column_values import Coded, Floats, Mask, Numbers

if TYPE_CHECKING:
    from mergecells.transforms.column_kernels import Writer


def choice(writer: Writer, node: Call, generate: Callable[[Node], Kernel]) -> Kernel:
    """IF and IFS."""
    parts = node.arguments
    if node.name == "IF" and len(parts) == 2:
        parts = (*parts, Boolean(False, 0, 0))
    if node.name == "IFS" and type(parts[-2]) is Boolean and parts[-2].value:
        parts = (*parts[:-2], parts[-1])
    pairs = [(writer.condition(parts[i]), generate(parts[i + 1])) for i in range(0, len(parts) - 1, 2)]
    if len(parts) % 2:
        last = generate(parts[-1])
    else:
        nothing = False if pairs[-1][1].kind == "B" else 0.0
        last = Kernel(pairs[-1][1].kind, lambda _inputs: (nothing, np.True_), INF, -INF)
    for condition, value in reversed(pairs):
        last = chosen(condition, value, last)
    return last


def _if_error(writer: Writer, node: Call) -> Kernel:
    if len(node.arguments) != 2:
        raise NotKernelError
    value, otherwise = writer.plain_number(node.arguments[0]), writer.plain_number(node.arguments[1])
    value_run, other_run = value.run, otherwise.run

    def run(inputs: Inputs) -> Result:
        found, error = value_run(inputs)
        if error is None:
            return found, None
        other, other_error = other_run(inputs)
        return picked(error, other, found), None if other_error is None else mask_of(error & other_error)

    low, high = min(value.low, otherwise.low), max(value.high, otherwise.high)
    return Kernel("F", run, low, high, varies=value.varies, fresh=value.fresh)


def _extreme(writer: Writer, node: Call) -> Kernel:
    largest = node.name == "MAX"
    if all(type(part) is Name for part in node.arguments):
        raise NotKernelError
    parts = [made_finite(_summand(writer, part, -INF if largest else INF)) for part in node.arguments]
    kernel = parts[0]
    for other in parts[1:]:
        kernel = _extreme_of(kernel, other, largest)
    return kernel


def _extreme_of(one: Kernel, other: Kernel, largest: bool) -> Kernel:
    """As Python's `a if a >= b else b`: of two zeros the first counts, whatever its sign."""
    low = (max if largest else min)(one.low, other.low)
    high = (max if largest else min)(one.high, other.high)
    fast = np.maximum if largest else np.minimum
    constant = next((k.low for k in (one, other) if k.low == k.high), 0.0)
    if constant != 0.0:
        return arithmetic(one, other, fast, "F", low, high)
    if one.low == one.high == 0.0 and not one.varies and math.copysign(1.0, one.low) > 0:
        # Two zeros: the constant's, which has no sign. A column of zeros only may have both signs.
        def unsigned(a: Any, b: Any, out: Any) -> Any:
            found = fast(a, b, out=out)
            return np.add(found, 0.0, out=found) if isinstance(found, np.ndarray) else found + 0.0

        return arithmetic(one, other, unsigned, "F", low, high)
    test = np.greater_equal if largest else np.less_equal

    def first_of_equals(a: Any, b: Any, out: Any) -> Any:  # noqa: ARG001 - a choice has an array of its own
        return picked(test(a, b), a, b)

    return arithmetic(one, other, first_of_equals, "F", low, high)


def _sum(writer: Writer, node: Call) -> Kernel:
    parts = [_summand(writer, part, 0.0) for part in node.arguments]
    kernel = parts[0]
    for other in parts[1:]:
        kernel = arithmetic(kernel, other, np.add, "X", *BOUNDS["+"](kernel, other))
    return kernel


def _summand(writer: Writer, node: Node, otherwise: float) -> Kernel:
    """An argument of SUM, MAX or MIN: a name that holds no number does not count."""
    if type(node) is not Name:
        if type(node) is ArrayLiteral or holds(node) or (otherwise != 0.0 and hands_on(node)):
            raise NotKernelError
        return writer.number(node)
    column = writer.inputs.get(node.key)
    if isinstance(column, Numbers):
        key = node.key

        def run(inputs: Inputs) -> Result:
            given = cast(Numbers, inputs[key])
            if given.blank is None or otherwise == 0.0:
                return given.x, None
            return picked(given.blank, otherwise, given.x), None

        return Kernel("F", run, varies=True)
    values = [writer.fixed[node.key]] if column is None and node.key in writer.fixed else []
    if isinstance(column, Coded) and column.table.known is None:
        values = column.table.values
    if not values or any(type(value) in (Array, ErrorValue) for value in values):
        raise NotKernelError
    counted = [value if type(value) is float else otherwise for value in values]
    return table_kernel(cast("list[Value]", counted), None if column is None else node.key, to_number)


def _abs(writer: Writer, node: Call) -> Kernel:
    inner = writer.number(node.arguments[0])
    return mapped(inner, np.abs, inner.kind, 0.0, max(abs(inner.low), abs(inner.high)))


def _int(writer: Writer, node: Call) -> Kernel:
    # Python's floor gives an integer, so -0.0 becomes 0.
    return mapped(writer.finite(node.arguments[0]), lambda x: np.floor(x) + 0.0, "F")


def _sqrt(writer: Writer, node: Call) -> Kernel:
    inner = writer.finite(node.arguments[0])

    def run(inputs: Inputs) -> Result:
        value, error = inner.run(inputs)
        return np.sqrt(value), either_mask(error, mask_of(np.less(value, 0.0)))

    return Kernel("F", run, 0.0, varies=inner.varies, fresh=inner.varies)


def _round(writer: Writer, node: Call) -> Kernel:
    digits = node.arguments[1] if len(node.arguments) == 2 else None
    if type(digits) is not Number or not 0.0 <= digits.value < 10.0:
        raise NotKernelError
    inner, places = writer.finite(node.arguments[0]), digits.value

    def run(inputs: Inputs) -> Result:
        value, error = inner.run(inputs)
        return rounded_half_away(np.asarray(value, dtype=np.float64), places, positive=inner.low >= 0.0), error

    low = math.floor(inner.low) if inner.low > -1e9 else -INF
    high = math.ceil(inner.high) if inner.high < 1e9 else INF
    return Kernel("F", run, low, high, varies=inner.varies, fresh=inner.varies)


def rounded_half_away(value: Floats, places: float, *, positive: bool = False) -> Floats:
    """ROUND as `functions.rounding` has it: the fast path, and its own function near ties and for large numbers.

    `positive` tells that no number is below 0. Overflow has to be ignored by whoever calls this.
    """
    scale = 10.0 ** int(places)
    raised = np.asarray((value if positive else np.abs(value)) * scale)
    raised += 0.5
    whole = np.asarray(np.floor(raised))
    raised -= whole
    # Written so that NaN is unsure too. What is left after the comma is near 0 or 1 at a tie; 1e9 leaves it 7 digits.
    sure = bool(whole.max(initial=0.0) < 1e9 and raised.min(initial=0.5) > 2e-5 and raised.max(initial=0.5) < 1 - 2e-5)
    unsure = None if sure else ~((whole < 1e9) & (raised > 2e-5) & (raised < 1 - 2e-5))
    result = np.asarray(np.divide(whole, scale, out=whole))
    if not positive:
        result = np.asarray(picked(value >= 0.0, result, -result))
    if unsure is not None:
        flat = result.reshape(-1)
        for row in np.flatnonzero(unsure).tolist():
            flat[row] = round_half_away(float(value.reshape(-1)[row]), places)
    return result


def _lookup(writer: Writer, node: Call) -> Kernel:
    if len(node.arguments) != 3 or any(type(part) is not ArrayLiteral for part in node.arguments[1:]):
        raise NotKernelError
    keys, found = (cast(ArrayLiteral, part).value for part in node.arguments[1:])
    lines = min(keys.height, keys.width) == 1 == min(found.height, found.width)
    if not (lines and keys.all_numbers and found.all_numbers and len(keys) == len(found)) or len(keys) > 100:
        raise NotKernelError
    lows = [equality_bounds(key)[0] for key in keys.numbers]
    if any(following <= low for low, following in pairwise(lows)):
        raise NotKernelError
    value, wanted = writer.plain_number(node.arguments[0]), node.arguments[0]
    key = wanted.key if type(wanted) is Name else None
    results = np.array([0.0, *found.numbers])

    def run(inputs: Inputs) -> Result:
        x, error = value.run(inputs)
        place = np.zeros(np.shape(x), dtype=np.uint8)
        for low in lows:
            place += np.greater_equal(x, low).view(np.uint8)
        missing = None if value.low >= lows[0] else mask_of(place == 0)
        if key is not None and cast(Numbers, inputs[key]).blank is not None:
            missing = either_mask(missing, cast(Numbers, inputs[key]).blank)
        return results.take(place, mode="clip"), either_mask(error, missing)

    return Kernel("F", run, min(found.numbers), max(found.numbers), varies=value.varies, fresh=value.varies)


def _median(writer: Writer, node: Call) -> Kernel:
    """`MEDIAN(0,1,x)`: how a sheet clips to a range."""
    parts = node.arguments
    if len(parts) != 3 or type(parts[0]) is not Number or type(parts[1]) is not Number or type(parts[2]) is Name:
        raise NotKernelError
    low, high = parts[0].value, parts[1].value
    if low > high or hands_on(parts[2]):
        raise NotKernelError
    inner = made_finite(_summand(writer, parts[2], 0.0))
    return mapped(inner, lambda x: picked(x >= high, high, picked(x < low, low, x)), "F", low, high)


def each_row(writer: Writer, node: Call) -> Kernel:
    """A function of numbers that gives a number: Python's own, for every row."""
    spec = FUNCTIONS.get(node.name)
    if spec is None or spec.implementation is None or spec.result != "n" or not node.arguments:
        raise NotKernelError
    if any(spec.kind_of(index) != "n" for index in range(len(node.arguments))):
        raise NotKernelError
    writer.slow = True
    function = spec.implementation
    parts = [writer.finite(part) for part in node.arguments]

    def run(inputs: Inputs) -> Result:
        error: Mask | None = None
        columns = []
        for part in parts:
            value, mask = part.run(inputs)
            error = either_mask(error, mask)
            columns.append(value)
        return _by_row(function, columns, error)

    return Kernel("F", run)


def _by_row(function: Callable[..., Any], columns: list[Any], error: Any) -> Result:
    shape = np.broadcast_shapes(*(np.shape(column) for column in columns))
    lists = [np.broadcast_to(column, shape).reshape(-1).tolist() for column in columns]
    values, wrong = [], []
    for row, arguments in enumerate(zip(*lists, strict=True)):
        try:
            values.append(function(*arguments))
        except (Fault, ZeroDivisionError, OverflowError):
            values.append(0.0)
            wrong.append(row)
    result = np.array(values, dtype=np.float64).reshape(shape)
    if wrong:
        mask = np.zeros(len(values), dtype=np.bool_)
        mask[wrong] = True
        error = either_mask(error, mask.reshape(shape))
    return result, either_mask(error, mask_of(~np.isfinite(result)))


NUMBER_CALLS: Final[Mapping[str, Callable[[Writer, Call], Kernel]]] = {
    "IF": lambda writer, node: choice(writer, node, writer.number),
    "IFS": lambda writer, node: choice(writer, node, writer.number),
    "IFERROR": _if_error,
    "MAX": _extreme,
    "MIN": _extreme,
    "SUM": _sum,
    "ABS": _abs,
    "INT": _int,
    "SQRT": _sqrt,
    "ROUND": _round,
    "LOOKUP": _lookup,
    "MEDIAN": _median,
}
