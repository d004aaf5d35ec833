"""What a kernel is, and the pieces that all of them are made of. Needs NumPy; see `column_kernels`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np

from mergecells.formula import Value
from mergecells.formula.values import ErrorValue, Fault, NeedsReferenceError, to_boolean, to_number, to_text
from mergecells.transforms.column_values import Coded, ColumnValue, Mask

Inputs: TypeAlias = Mapping[str, ColumnValue]
Result: TypeAlias = "tuple[Any, Any]"
"""Values (an array, or one for all rows) and the mask of errors (None: none)."""
Run: TypeAlias = Callable[[Inputs], Result]

INF: Final = math.inf


class NotKernelError(Exception):
    """The formula goes by its distinct inputs."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """`kind`: F finite numbers, X numbers that may have overflowed, B booleans, T texts. Numbers lie in `low`..`high`.

    `slow` tells that Python is called for every row. `varies`: the result is always an array with one entry for each
    row; `fresh`: and one of its own, which whoever asked for it may overwrite.
    """

    kind: str
    run: Run
    low: float = -INF
    high: float = INF
    slow: bool = False
    varies: bool = False
    fresh: bool = False


def either_mask(one: Mask | None, other: Mask | None) -> Mask | None:
    """The rows in one mask or the other."""
    if one is None:
        return other
    return one if other is None else one | other


def mask_of(mask: Any) -> Any:
    """None where no row is in it."""
    return mask if mask.any() else None


def picked(truth: Any, one: Any, other: Any) -> Any:
    """`np.where` of floats or of booleans, by operations on bits: in a third to two thirds of the time."""
    if not isinstance(truth, np.ndarray) or truth.ndim == 0:
        return np.where(truth, one, other)
    kinds = {np.asarray(value).dtype for value in (one, other)}
    if kinds == {np.dtype(np.bool_)}:
        return (truth & one) | (other & ~truth)
    if kinds != {np.dtype(np.float64)}:
        return np.where(truth, one, other)
    first, second = _float_bits(one), _float_bits(other)
    if isinstance(first, int) and first == 0:
        # All bits where `truth` is 0, none where it is 1.
        mask = np.subtract(truth.view(np.int8), 1).astype(np.int64)
        return np.bitwise_and(mask, second, out=mask).view(np.float64)
    mask = np.negative(truth.view(np.int8)).astype(np.int64)
    if isinstance(second, int) and second == 0:
        return np.bitwise_and(mask, first, out=mask).view(np.float64)
    mask &= first ^ second
    mask ^= second
    return mask.view(np.float64)


def _float_bits(value: Any) -> Any:
    """The bits of floats as whole numbers."""
    return np.asarray(value).view(np.int64) if np.ndim(value) else int(np.float64(value).view(np.int64))


def constant_kernel(value: float) -> Kernel:
    """The same number in every row."""
    return Kernel("F", lambda _inputs: (value, None), value, value)


def table_kernel(results: list[Value], name: str | None, convert: Callable[[Value], Any] | None) -> Kernel:
    """One result for each value of the dictionary-encoded column `name`, or one for all rows."""
    if convert is None:
        convert = _CONVERTERS.get(frozenset(type(value) for value in results if type(value) is not ErrorValue))
        if convert is None:
            raise NotKernelError
    kind = "B" if convert is to_boolean else "T" if convert is to_text else "F"
    values, wrong = [], []
    for result in results:
        try:
            values.append(convert(result))
            wrong.append(False)
        except Fault:
            values.append(convert(None))
            wrong.append(True)
        except NeedsReferenceError:
            raise NotKernelError from None
    low, high = (float(min(values)), float(max(values))) if kind == "F" else (0.0, 1.0)
    if name is None:
        value, is_error = values[0], wrong[0]
        return Kernel(kind, lambda _inputs: (value, np.True_ if is_error else None), low, high)
    if kind == "T":
        # Texts of a table beside texts of a column: nobody has needed them yet.
        raise NotKernelError
    table, errors = np.array(values), np.array(wrong) if any(wrong) else None

    def run(inputs: Inputs) -> Result:
        codes = cast(Coded, inputs[name]).codes
        return table.take(codes, mode="clip"), None if errors is None else mask_of(errors[codes])

    return Kernel(kind, run, low, high, varies=True, fresh=True)


_CONVERTERS: Final[Mapping[frozenset[type], Callable[[Value], Any]]] = {
    frozenset({bool}): to_boolean,
    frozenset({float}): to_number,
    frozenset({str}): to_text,
}


def mapped(inner: Kernel, function: Callable[..., Any], kind: str, low: float = -INF, high: float = INF) -> Kernel:
    """`function` of each value, an error where `inner` has one."""
    run = inner.run

    def each(inputs: Inputs) -> Result:
        value, error = run(inputs)
        return function(value), error

    return Kernel(kind, each, low, high, varies=inner.varies, fresh=inner.varies)


def both(left: Kernel, right: Kernel, function: Callable[..., Any]) -> Run:
    """`function` of two values; the one-lead form stops at the first error, so an error is one either way."""
    one_run, other_run = left.run, right.run

    def run(inputs: Inputs) -> Result:
        (one, wrong), (other, also) = one_run(inputs), other_run(inputs)
        return function(one, other), either_mask(wrong, also)

    return run


def arithmetic(left: Kernel, right: Kernel, function: Callable[..., Any], kind: str, low: float, high: float) -> Kernel:
    """As `both`, for a NumPy function of two floats that gives one: into an operand's array where it is free."""
    one_run, other_run, into_one, into_other = left.run, right.run, left.fresh, right.fresh

    def run(inputs: Inputs) -> Result:
        (one, wrong), (other, also) = one_run(inputs), other_run(inputs)
        out = one if into_one else other if into_other else None
        return function(one, other, out=out), either_mask(wrong, also)

    varies = left.varies or right.varies
    return Kernel(kind, run, low, high, varies=varies, fresh=varies)


def made_finite(kernel: Kernel) -> Kernel:
    """With an error where a number has overflowed."""
    if kernel.kind != "X":
        return kernel
    inner = kernel.run

    def run(inputs: Inputs) -> Result:
        value, error = inner(inputs)
        return value, either_mask(error, mask_of(~np.isfinite(value)))

    return Kernel("F", run, kernel.low, kernel.high, varies=kernel.varies, fresh=kernel.fresh)


def as_float(kernel: Kernel) -> Kernel:
    """A boolean as 0 or 1."""
    return mapped(kernel, lambda x: x.astype(np.float64) if isinstance(x, np.ndarray) else float(x), "F", 0.0, 1.0)


def chosen(condition: Kernel, value: Kernel, otherwise: Kernel) -> Kernel:
    """`value` where the condition holds; errors only of what is chosen."""
    kinds = {value.kind, otherwise.kind}
    if "T" in kinds or ("B" in kinds and kinds != {"B"}):
        raise NotKernelError
    kind = "X" if "X" in kinds else value.kind
    test, one_run, other_run = condition.run, value.run, otherwise.run

    def run(inputs: Inputs) -> Result:
        truth, error = test(inputs)
        (one, wrong), (other, also) = one_run(inputs), other_run(inputs)
        if wrong is not None or also is not None:
            failed = picked(truth, np.False_ if wrong is None else wrong, np.False_ if also is None else also)
            error = either_mask(error, mask_of(failed))
        return picked(truth, one, other), error

    low, high = min(value.low, otherwise.low), max(value.high, otherwise.high)
    varies = condition.varies or value.varies or otherwise.varies
    return Kernel(kind, run, low, high, varies=varies, fresh=varies)


def _sum_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    return one.low + other.low, one.high + other.high


def _difference_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    return one.low - other.high, one.high - other.low


def _product_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    ends = [a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    return (-INF, INF) if any(math.isnan(end) for end in ends) else (min(ends), max(ends))


ARITHMETIC: Final[Mapping[str, Callable[..., Any]]] = {"+": np.add, "-": np.subtract, "*": np.multiply}
BOUNDS: Final = {"+": _sum_bounds, "-": _difference_bounds, "*": _product_bounds}
