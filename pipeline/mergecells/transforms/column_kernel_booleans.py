"""Kernels of comparisons and of functions that give true or false. Needs NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mergecells.formula.codegen_parts import hands_on
from mergecells.formula.comparison import compare_numbers
from mergecells.formula.nodes import Binary, Call, Name, Number
from mergecells.formula.thresholds import equality_bounds
from mergecells.transforms import column_kernel_texts as texts
from mergecells.transforms.column_kernel import Kernel, NotKernelError, Result, both, made_finite, mapped
from mergecells.transforms.column_values import Numbers, Texts

if TYPE_CHECKING:
    from mergecells.transforms.column_kernels import Writer

COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}
_FLIPPED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def comparison(writer: Writer, node: Binary) -> Kernel:
    """Numbers in 15 digits."""
    op, left, right = node.op, node.left, node.right
    if type(left) is Number and type(right) is not Number:
        op, left, right = _FLIPPED[op], right, left
    one = writer.any(left)
    if one.kind == "T":
        return texts.comparison(writer, node.op, node.left, node.right)
    one = _number(one)
    if type(right) is Number:
        return mapped(one, _against(op, right.value), "B", 0.0, 1.0)
    other = _number(writer.any(right))
    compare: Callable[[Any, Any], Any] = COMPARE[op]
    varies = one.varies or other.varies
    return Kernel("B", both(one, other, lambda a, b: compare(_order(a, b), 0)), 0.0, 1.0, varies=varies)


def _number(kernel: Kernel) -> Kernel:
    if kernel.kind not in "FX":
        raise NotKernelError
    return made_finite(kernel)


def _against(op: str, value: float) -> Callable[[Any], Any]:
    """Equality in 15 digits as plain comparisons with the outermost floats that count as equal."""
    low, high = equality_bounds(value)
    if op == "=":
        return lambda x: (x >= low) & (x <= high)
    if op == "<>":
        return lambda x: (x < low) | (x > high)
    bound, compare = low if op in ("<", ">=") else high, COMPARE[op]
    return lambda x: compare(x, bound)


def _order(left: Any, right: Any) -> Any:
    """-1, 0 or 1 as `compare_numbers` has it."""
    order = np.asarray(np.sign(np.subtract(left > right, left < right, dtype=np.int8)))
    near = (order != 0) & (np.abs(left - right) <= 1e-14 * np.abs(left))
    if np.any(near):
        one, other = np.broadcast_to(left, order.shape), np.broadcast_to(right, order.shape)
        for row in np.flatnonzero(near).tolist():
            order.reshape(-1)[row] = compare_numbers(float(one.reshape(-1)[row]), float(other.reshape(-1)[row]))
    return order


def _and_or(writer: Writer, node: Call) -> Kernel:
    if any(
        type(part) is Name or hands_on(part) or (type(part) is Call and part.name in ("IF", "CHOOSE"))
        for part in node.arguments
    ):
        raise NotKernelError
    kernel, *others = [writer.condition(part) for part in node.arguments]
    combine = np.logical_and if node.name == "AND" else np.logical_or
    for other in others:
        kernel = Kernel("B", both(kernel, other, combine), 0.0, 1.0, varies=kernel.varies or other.varies)
    return kernel


def _not(writer: Writer, node: Call) -> Kernel:
    return mapped(writer.condition(node.arguments[0]), np.logical_not, "B", 0.0, 1.0)


def _is_blank(writer: Writer, node: Call) -> Kernel:
    part = node.arguments[0]
    if type(part) is Name and isinstance(writer.inputs.get(part.key), Texts):
        return texts.is_blank(writer, node)
    key = _numbers_name(writer, node)
    return Kernel("B", lambda inputs: (_blank_mask(inputs[key]), None))


def _is_number(writer: Writer, node: Call) -> Kernel:
    if type(node.arguments[0]) is Name:
        key = _numbers_name(writer, node)
        return Kernel("B", lambda inputs: (np.logical_not(_blank_mask(inputs[key])), None))
    inner = writer.finite(node.arguments[0])
    return Kernel("B", lambda inputs: (_no_error(inner.run(inputs)), None))


def _is_error(writer: Writer, node: Call) -> Kernel:
    inner = made_finite(writer.any(node.arguments[0]))
    return Kernel("B", lambda inputs: (np.logical_not(_no_error(inner.run(inputs))), None))


def _numbers_name(writer: Writer, node: Call) -> str:
    part = node.arguments[0]
    if type(part) is not Name or not isinstance(writer.inputs.get(part.key), Numbers):
        raise NotKernelError
    return part.key


def _blank_mask(column: Any) -> Any:
    return np.False_ if column.blank is None else column.blank


def _no_error(result: Result) -> Any:
    return np.True_ if result[1] is None else np.logical_not(result[1])


BOOLEAN_CALLS: Final[Mapping[str, Callable[[Writer, Call], Kernel]]] = {
    "AND": _and_or,
    "OR": _and_or,
    "NOT": _not,
    "ISBLANK": _is_blank,
    "ISNUMBER": _is_number,
    "ISERROR": _is_error,
    **texts.TEXT_BOOLEAN_CALLS,
}
