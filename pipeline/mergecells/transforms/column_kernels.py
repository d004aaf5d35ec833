"""Syntax tree → operations on whole columns, bit for bit what the one-lead form computes. Needs NumPy.

A kernel gives each row's value and, as a mask, the rows where the result is an error: which one, the one-lead form
says. What is not known here (texts beside numbers, arrays, most functions over continuous numbers) is
`NotKernelError`, and the formula goes by its distinct inputs. A part of a formula that reads nothing but one
dictionary-encoded column is computed once for each of its values by the one-lead form, whatever is in it.

Blank counts 0 in arithmetic and comparisons with numbers, so a `Numbers` column holds 0 there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from mergecells.formula import Value
from mergecells.formula.compiler import compile_node
from mergecells.formula.nodes import Binary, Call, Formula, Name, Node, Number, Percent, Unary, walk
from mergecells.formula.values import to_boolean, to_number
from mergecells.transforms.column_kernel import (
    ARITHMETIC,
    BOUNDS,
    Inputs,
    Kernel,
    NotKernelError,
    Result,
    arithmetic,
    as_float,
    constant_kernel,
    either_mask,
    made_finite,
    mapped,
    mask_of,
    table_kernel,
)
from mergecells.transforms.column_kernel_booleans import BOOLEAN_CALLS, COMPARE, comparison
from mergecells.transforms.column_kernel_numbers import NUMBER_CALLS, choice, each_row
from mergecells.transforms.column_kernel_texts import TEXT_CALLS, TEXT_NUMBER_CALLS, text
from mergecells.transforms.column_values import Coded, Numbers, Texts

_MAX_TEXT = 2_000
_MAX_DEPTH = 60


def compile_kernel(formula: Formula, inputs: Inputs, fixed: Mapping[str, Value], serial: float) -> Kernel:
    """A kernel for columns of these forms; it holds for every chunk of them. Raises NotKernelError."""
    if len(formula.text) > _MAX_TEXT:
        raise NotKernelError
    writer = Writer(inputs, fixed, serial)
    kernel = writer.snapping(cast(Binary, formula.root)) if formula.snaps else writer.any(formula.root)
    if kernel.kind == "T" and type(formula.root) is Name:
        # A blank result is 0, and a text's kernel does not know of blanks.
        raise NotKernelError
    kernel = made_finite(kernel)
    return replace(kernel, slow=True) if writer.slow else kernel


class Writer:
    """Builds the kernels of one formula."""

    def __init__(self, inputs: Inputs, fixed: Mapping[str, Value], serial: float) -> None:
        self.inputs, self.fixed, self.serial = inputs, fixed, serial
        self.slow = False
        self.depth = 0

    # By what is needed

    def any(self, node: Node) -> Kernel:
        """A number, a boolean or a text."""
        kernel = self.alone(node)
        if kernel is not None:
            return kernel
        if type(node) is Name and isinstance(self.inputs.get(node.key), Texts):
            return text(self, node)
        if (type(node) is Binary and node.op == "&") or (type(node) is Call and node.name in TEXT_CALLS):
            return self._text_or_number(node)
        if type(node) is Binary and node.op in COMPARE:
            return comparison(self, node)
        if type(node) is Call and node.name in BOOLEAN_CALLS:
            return BOOLEAN_CALLS[node.name](self, node)
        if type(node) is Call and node.name in ("IF", "IFS"):
            return choice(self, node, self.any)
        return self.number(node)

    def _text_or_number(self, node: Node) -> Kernel:
        """IFERROR gives either."""
        try:
            return text(self, node)
        except NotKernelError:
            return self.number(node)

    def number(self, node: Node) -> Kernel:
        """Kind F or X."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise NotKernelError
        try:
            kernel = self._number(node)
        finally:
            self.depth -= 1
        return as_float(kernel) if kernel.kind == "B" else kernel

    def finite(self, node: Node) -> Kernel:
        """Kind F."""
        return made_finite(self.number(node))

    def plain_number(self, node: Node) -> Kernel:
        """As `finite`, where a boolean would stay one."""
        kernel = self.any(node)
        if kernel.kind not in "FX":
            raise NotKernelError
        return made_finite(kernel)

    def condition(self, node: Node) -> Kernel:
        """Kind B."""
        kernel = self.alone(node, to_boolean)
        if kernel is None:
            kernel = self.any(node)
        if kernel.kind == "B":
            return kernel
        if kernel.kind == "T":
            raise NotKernelError
        return mapped(made_finite(kernel), lambda x: x != 0.0, "B", 0.0, 1.0)

    # Parts that read at most one dictionary-encoded column

    def alone(self, node: Node, convert: Callable[[Value], Any] | None = None) -> Kernel | None:
        """`node` by a table of its results; None when it reads columns of numbers, or several."""
        if type(node) is Number:
            return constant_kernel(node.value)
        if type(node) is Name and type(self.inputs.get(node.key)) is Numbers:
            return None
        names = {part.key for part in walk(node) if type(part) is Name}
        varying = [name for name in names if name in self.inputs]
        columns = [self.inputs[name] for name in varying]
        if any(not isinstance(column, Coded) or column.table.known is not None for column in columns):
            return None
        coded = cast("list[Coded]", columns)
        if len({id(column.family) for column in coded}) > 1:
            return None
        compute = compile_node(node)
        base = {name: value for name, value in self.fixed.items() if name in names}
        tables = [column.table.values for column in coded]
        rows = zip(*tables, strict=True) if tables else [()]
        results = [compute({**base, **dict(zip(varying, row, strict=True))}, self.serial) for row in rows]
        return table_kernel(results, varying[0] if varying else None, convert)

    # Numbers

    def _number(self, node: Node) -> Kernel:
        kernel = self.alone(node, to_number)
        if kernel is not None:
            return kernel
        kind = type(node)
        if kind is Name:
            return self._name(cast(Name, node))
        if kind is Unary:
            return self._unary(cast(Unary, node))
        if kind is Percent:
            inner = self.number(cast(Percent, node).operand)
            return mapped(inner, lambda x: x / 100.0, inner.kind, inner.low / 100.0, inner.high / 100.0)
        if kind is Binary:
            return self._binary(cast(Binary, node))
        if kind is Call:
            return self._call(cast(Call, node))
        raise NotKernelError

    def _name(self, node: Name) -> Kernel:
        column, key = self.inputs.get(node.key), node.key
        if not isinstance(column, Numbers):
            raise NotKernelError
        return Kernel("F", lambda inputs: (cast(Numbers, inputs[key]).x, None), varies=True)

    def _unary(self, node: Unary) -> Kernel:
        inner = self.number(node.operand)
        return inner if node.op == "+" else mapped(inner, np.negative, inner.kind, -inner.high, -inner.low)

    def _binary(self, node: Binary) -> Kernel:
        op = node.op
        if op in COMPARE:
            return comparison(self, node)
        if op == "/":
            return self._division(node)
        if op not in "+-*":
            raise NotKernelError
        left, right = self.number(node.left), self.number(node.right)
        low, high = BOUNDS[op](left, right)
        bounded = left.kind == right.kind == "F" and low > -1e300 and high < 1e300
        return arithmetic(left, right, ARITHMETIC[op], "F" if bounded else "X", low, high)

    def _division(self, node: Binary) -> Kernel:
        left, right = self.number(node.left), self.finite(node.right)
        if right.low == right.high and right.low >= 1.0:
            return arithmetic(left, right, np.divide, left.kind, left.low / right.low, left.high / right.low)
        divided = arithmetic(made_finite(left), right, np.divide, "F", -np.inf, np.inf)

        def divide(inputs: Inputs) -> Result:
            value, error = divided.run(inputs)
            # A finite dividend by 0 is infinite or no number, so this finds both kinds of error.
            return value, either_mask(error, mask_of(~np.isfinite(value)))

        return replace(divided, run=divide)

    def _call(self, node: Call) -> Kernel:
        special = NUMBER_CALLS.get(node.name) or TEXT_NUMBER_CALLS.get(node.name) or BOOLEAN_CALLS.get(node.name)
        return each_row(self, node) if special is None else special(self, node)

    # The last addition or subtraction

    def snapping(self, node: Binary) -> Kernel:
        """0 where the operands cancel in 15 digits; see `operators.snapped`."""
        left, right = self.finite(node.left), self.finite(node.right)
        minus = node.op == "-"

        def run(inputs: Inputs) -> Result:
            (one, wrong), (other, also) = left.run(inputs), right.run(inputs)
            result = np.asarray(one - other if minus else one + other)
            near = np.abs(result) <= 1e-13 * np.abs(one)
            error = either_mask(wrong, also)
            if near.any():
                # What cancels in full is 0 without a sign.
                result = np.asarray(result + 0.0)
                error = either_mask(error, mask_of(near & (result != 0.0)))
            return result, error

        low, high = BOUNDS[node.op](left, right)
        varies = left.varies or right.varies
        return Kernel("X", run, low, high, varies=varies, fresh=varies)
