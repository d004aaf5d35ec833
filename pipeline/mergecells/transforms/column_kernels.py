"""Syntax tree → operations on whole columns of numbers, bit for bit what the one-lead form computes. Needs NumPy.

A kernel gives each row's value and, as a mask, the rows where the result is an error: which one, the one-lead form
says. What is not known here (texts beside numbers, arrays, most functions over continuous numbers) is
`NotKernelError`, and the formula goes by its distinct inputs. A part of a formula that reads nothing but one
dictionary-encoded column is computed once for each of its values by the one-lead form, whatever is in it.

Blank counts 0 in arithmetic and comparisons with numbers, so a `Numbers` column holds 0 there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

import numpy as np

from mergecells.formula import Value
from mergecells.formula.codegen_parts import holds
from mergecells.formula.comparison import compare_numbers
from mergecells.formula.compiler import compile_node
from mergecells.formula.functions.rounding import round_half_away
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    Formula,
    Name,
    Node,
    Number,
    Percent,
    Unary,
    walk,
)
from mergecells.formula.registry import FUNCTIONS
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import Array, ErrorValue, Fault, NeedsReferenceError, to_boolean, to_number
from mergecells.transforms.column_values import Coded, ColumnValue, Constant, Floats, Mask, Numbers

Inputs: TypeAlias = Mapping[str, ColumnValue]
Result: TypeAlias = "tuple[Any, Any]"
"""Values (an array, or one for all rows) and the mask of errors (None: none)."""
Run: TypeAlias = Callable[[Inputs], Result]

_INF: Final = math.inf
_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}
_FLIPPED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class NotKernelError(Exception):
    """The formula goes by its distinct inputs."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """`kind`: F finite numbers, X numbers that may have overflowed, B booleans. Values lie in `low`..`high`.

    `slow` tells that Python is called for every row.
    """

    kind: str
    run: Run
    low: float = -_INF
    high: float = _INF
    slow: bool = False


def compile_kernel(formula: Formula, inputs: Inputs, fixed: Mapping[str, Value], serial: float) -> Kernel:
    """A kernel for columns of these forms; it holds for every chunk of them. Raises NotKernelError."""
    if len(formula.text) > 2_000:
        raise NotKernelError
    writer = _Writer(inputs, fixed, serial)
    kernel = writer.snapping(cast(Binary, formula.root)) if formula.snaps else writer.any(formula.root)
    kernel = _finite(kernel)
    return replace(kernel, slow=True) if writer.slow else kernel


def either_mask(one: Mask | None, other: Mask | None) -> Mask | None:
    """The rows in one mask or the other."""
    if one is None:
        return other
    return one if other is None else one | other


class _Writer:
    """Builds the kernels of one formula."""

    def __init__(self, inputs: Inputs, fixed: Mapping[str, Value], serial: float) -> None:
        self.inputs, self.fixed, self.serial = inputs, fixed, serial
        self.slow = False
        self.depth = 0

    # By what is needed

    def any(self, node: Node) -> Kernel:
        """A number or a boolean."""
        kernel = self._alone(node)
        if kernel is not None:
            return kernel
        if type(node) is Name:
            return self.number(node)
        if type(node) is Binary and node.op in _COMPARE:
            return self._comparison(node)
        if type(node) is Call and node.name in _BOOLEAN_CALLS:
            return _BOOLEAN_CALLS[node.name](self, node)
        if type(node) is Call and node.name in ("IF", "IFS"):
            return self._choice(node, self.any)
        return self.number(node)

    def number(self, node: Node) -> Kernel:
        """Kind F or X."""
        self.depth += 1
        if self.depth > 60:
            raise NotKernelError
        try:
            kernel = self._number(node)
        finally:
            self.depth -= 1
        if kernel.kind != "B":
            return kernel
        return Kernel("F", _as_float(kernel.run), 0.0, 1.0)

    def finite(self, node: Node) -> Kernel:
        kernel = self.number(node)
        return _finite(kernel) if kernel.kind == "X" else kernel

    def _plain_number(self, node: Node) -> Kernel:
        """As `finite`, where a boolean would stay one."""
        kernel = self.any(node)
        if kernel.kind == "B":
            raise NotKernelError
        return _finite(kernel) if kernel.kind == "X" else kernel

    def condition(self, node: Node) -> Kernel:
        kernel = self._alone(node, to_boolean)
        if kernel is None:
            kernel = self.any(node)
        if kernel.kind == "B":
            return kernel
        run = (_finite(kernel) if kernel.kind == "X" else kernel).run

        def truth(inputs: Inputs) -> Result:
            value, error = run(inputs)
            return value != 0.0, error

        return Kernel("B", truth)

    # Parts that read at most one dictionary-encoded column

    def _alone(self, node: Node, convert: Callable[[Value], Any] | None = None) -> Kernel | None:
        """`node` by a table of its results; None when it reads columns of numbers, or several."""
        names = {part.key for part in walk(node) if type(part) is Name}
        varying = [name for name in names if name in self.inputs]
        columns = [self.inputs[name] for name in varying]
        if any(not isinstance(column, Coded) or column.table.known is not None for column in columns):
            return None
        coded = cast("list[Coded]", columns)
        if len({id(column.family) for column in coded}) > 1 or (type(node) is Number):
            return None if coded else _constant_kernel(cast(Number, node).value)
        compute = compile_node(node)
        base = {name: value for name, value in self.fixed.items() if name in names}
        tables = [column.table.values for column in coded]
        rows = zip(*tables, strict=True) if tables else [()]
        results = [compute({**base, **dict(zip(varying, row, strict=True))}, self.serial) for row in rows]
        return _by_table(results, varying[0] if varying else None, convert)

    # Numbers

    def _number(self, node: Node) -> Kernel:
        kernel = self._alone(node, to_number)
        if kernel is not None:
            return kernel
        kind = type(node)
        if kind is Name:
            return self._name(cast(Name, node))
        if kind is Unary:
            return self._unary(cast(Unary, node))
        if kind is Percent:
            inner = self.number(cast(Percent, node).operand)
            return Kernel(inner.kind, _map(inner.run, lambda x: x / 100.0), inner.low / 100.0, inner.high / 100.0)
        if kind is Binary:
            return self._binary(cast(Binary, node))
        if kind is Call:
            return self._call(cast(Call, node))
        raise NotKernelError

    def _name(self, node: Name) -> Kernel:
        column = self.inputs.get(node.key)
        if not isinstance(column, Numbers):
            raise NotKernelError
        key = node.key
        return Kernel("F", lambda inputs: (cast(Numbers, inputs[key]).x, None))

    def _unary(self, node: Unary) -> Kernel:
        inner = self.number(node.operand)
        if node.op == "+":
            return inner
        return Kernel(inner.kind, _map(inner.run, np.negative), -inner.high, -inner.low)

    def _binary(self, node: Binary) -> Kernel:
        op = node.op
        if op in _COMPARE:
            return self._comparison(node)
        if op == "/":
            return self._division(node)
        if op not in "+-*":
            raise NotKernelError
        left, right = self.number(node.left), self.number(node.right)
        run = _both(left.run, right.run, _ARITHMETIC[op])
        low, high = _BOUNDS[op](left, right)
        bounded = left.kind == right.kind == "F" and low > -1e300 and high < 1e300
        return Kernel("F" if bounded else "X", run, low, high)

    def _division(self, node: Binary) -> Kernel:
        left, right = self.number(node.left), self.finite(node.right)
        if right.low == right.high and right.low >= 1.0:
            run = _both(left.run, right.run, np.divide)
            return Kernel(left.kind, run, left.low / right.low, left.high / right.low)
        left = _finite(left)

        def divide(inputs: Inputs) -> Result:
            (above, one), (below, other) = left.run(inputs), right.run(inputs)
            with np.errstate(all="ignore"):
                value = np.divide(above, below)
            # A finite dividend by 0 is infinite or no number, so this finds both kinds of error.
            return value, either_mask(either_mask(one, other), _mask(~np.isfinite(value)))

        return Kernel("F", divide)

    # Functions

    def _call(self, node: Call) -> Kernel:
        special = _NUMBER_CALLS.get(node.name)
        if special is not None:
            return special(self, node)
        if node.name in _BOOLEAN_CALLS:
            return _BOOLEAN_CALLS[node.name](self, node)
        return self._each_row(node)

    def _each_row(self, node: Call) -> Kernel:
        """A function of numbers that gives a number: Python's own, for every row."""
        spec = FUNCTIONS.get(node.name)
        if spec is None or spec.implementation is None or spec.result != "n" or not node.arguments:
            raise NotKernelError
        if any(spec.kind_of(index) != "n" for index in range(len(node.arguments))):
            raise NotKernelError
        self.slow = True
        function = spec.implementation
        parts = [self.finite(part) for part in node.arguments]

        def run(inputs: Inputs) -> Result:
            error: Mask | None = None
            columns = []
            for part in parts:
                value, mask = part.run(inputs)
                error = either_mask(error, mask)
                columns.append(value)
            return _by_row(function, columns, error)

        return Kernel("F", run)

    def _choice(self, node: Call, generate: Callable[[Node], Kernel]) -> Kernel:
        """IF and IFS."""
        parts = node.arguments
        if node.name == "IF" and len(parts) == 2:
            parts = (*parts, Boolean(False, 0, 0))
        if node.name == "IFS" and type(parts[-2]) is Boolean and parts[-2].value:
            parts = (*parts[:-2], parts[-1])
        pairs = [(self.condition(parts[i]), generate(parts[i + 1])) for i in range(0, len(parts) - 1, 2)]
        if len(parts) % 2:
            last = generate(parts[-1])
        else:
            nothing = False if pairs[-1][1].kind == "B" else 0.0
            last = Kernel(pairs[-1][1].kind, lambda _inputs: (nothing, True), _INF, -_INF)
        for condition, value in reversed(pairs):
            last = _chosen(condition, value, last)
        return last

    def _if_error(self, node: Call) -> Kernel:
        if len(node.arguments) != 2:
            raise NotKernelError
        value, otherwise = self._plain_number(node.arguments[0]), self._plain_number(node.arguments[1])

        def run(inputs: Inputs) -> Result:
            found, error = value.run(inputs)
            if error is None:
                return found, None
            other, other_error = otherwise.run(inputs)
            return np.where(error, other, found), None if other_error is None else _mask(error & other_error)

        return Kernel("F", run, min(value.low, otherwise.low), max(value.high, otherwise.high))

    def _extreme(self, node: Call) -> Kernel:
        largest = node.name == "MAX"
        parts = [self._summand(part, -_INF if largest else _INF) for part in node.arguments]
        parts = [_finite(part) if part.kind == "X" else part for part in parts]
        if all(type(part) is Name for part in node.arguments):
            raise NotKernelError
        kernel = parts[0]
        for other in parts[1:]:
            kernel = _extreme_of(kernel, other, largest)
        return kernel

    def _sum(self, node: Call) -> Kernel:
        parts = [self._summand(part, 0.0) for part in node.arguments]
        kernel = parts[0]
        for other in parts[1:]:
            low, high = _BOUNDS["+"](kernel, other)
            kernel = Kernel("X", _both(kernel.run, other.run, np.add), low, high)
        return kernel

    def _summand(self, node: Node, otherwise: float) -> Kernel:
        """An argument of SUM, MAX or MIN: a name that holds no number does not count."""
        if type(node) is not Name:
            if type(node) is ArrayLiteral or holds(node):
                raise NotKernelError
            return self.number(node)
        column = self.inputs.get(node.key)
        if isinstance(column, Numbers):
            key = node.key

            def run(inputs: Inputs) -> Result:
                given = cast(Numbers, inputs[key])
                if given.blank is None or otherwise == 0.0:
                    return given.x, None
                return np.where(given.blank, otherwise, given.x), None

            return Kernel("F", run)
        values = [self.fixed[node.key]] if column is None and node.key in self.fixed else []
        if isinstance(column, Coded) and column.table.known is None:
            values = column.table.values
        if not values or any(type(value) in (Array, ErrorValue) for value in values):
            raise NotKernelError
        counted = [value if type(value) is float else otherwise for value in values]
        return _by_table(cast("list[Value]", counted), None if column is None else node.key, to_number)

    def _abs(self, node: Call) -> Kernel:
        inner = self.number(node.arguments[0])
        return Kernel(inner.kind, _map(inner.run, np.abs), 0.0, max(abs(inner.low), abs(inner.high)))

    def _int(self, node: Call) -> Kernel:
        inner = self.finite(node.arguments[0])
        # Python's floor gives an integer, so -0.0 becomes 0.
        return Kernel("F", _map(inner.run, lambda x: np.floor(x) + 0.0))

    def _sqrt(self, node: Call) -> Kernel:
        inner = self.finite(node.arguments[0])

        def run(inputs: Inputs) -> Result:
            value, error = inner.run(inputs)
            with np.errstate(invalid="ignore"):
                return np.sqrt(value), either_mask(error, _mask(np.less(value, 0.0)))

        return Kernel("F", run, 0.0)

    def _round(self, node: Call) -> Kernel:
        digits = node.arguments[1] if len(node.arguments) == 2 else None
        if type(digits) is not Number or not 0.0 <= digits.value < 10.0:
            raise NotKernelError
        inner, places = self.finite(node.arguments[0]), digits.value

        def run(inputs: Inputs) -> Result:
            value, error = inner.run(inputs)
            return rounded_half_away(np.asarray(value, dtype=np.float64), places), error

        return Kernel(
            "F",
            run,
            math.floor(inner.low) if inner.low > -1e9 else -_INF,
            math.ceil(inner.high) if inner.high < 1e9 else _INF,
        )

    def _lookup(self, node: Call) -> Kernel:
        if len(node.arguments) != 3 or any(type(part) is not ArrayLiteral for part in node.arguments[1:]):
            raise NotKernelError
        keys, found = (cast(ArrayLiteral, part).value for part in node.arguments[1:])
        lines = min(keys.height, keys.width) == 1 == min(found.height, found.width)
        if not (lines and keys.all_numbers and found.all_numbers and len(keys) == len(found)):
            raise NotKernelError
        lows = np.array([equality_bounds(key)[0] for key in keys.numbers])
        if (np.diff(lows) <= 0).any():
            raise NotKernelError
        value, is_name, results = (
            self._plain_number(node.arguments[0]),
            type(node.arguments[0]) is Name,
            np.array([0.0, *found.numbers]),
        )
        key = cast(Name, node.arguments[0]).key if is_name else ""

        def run(inputs: Inputs) -> Result:
            x, error = value.run(inputs)
            place = np.zeros(np.shape(x), dtype=np.intp)
            for low in lows:
                place += x >= low
            missing = _mask(place == 0)
            if is_name and cast(Numbers, inputs[key]).blank is not None:
                missing = either_mask(missing, cast(Numbers, inputs[key]).blank)
            return results[place], either_mask(error, missing)

        return Kernel("F", run, min(found.numbers), max(found.numbers))

    def _median(self, node: Call) -> Kernel:
        """`MEDIAN(0,1,x)`: how a sheet clips to a range."""
        parts = node.arguments
        if len(parts) != 3 or type(parts[0]) is not Number or type(parts[1]) is not Number or type(parts[2]) is Name:
            raise NotKernelError
        low, high = parts[0].value, parts[1].value
        if low > high:
            raise NotKernelError
        inner = self._summand(parts[2], 0.0)
        inner = _finite(inner) if inner.kind == "X" else inner
        return Kernel("F", _map(inner.run, lambda x: np.where(x >= high, high, np.where(x < low, low, x))), low, high)

    # Booleans

    def _comparison(self, node: Binary) -> Kernel:
        op, left, right = node.op, node.left, node.right
        if type(left) is Number and type(right) is not Number:
            op, left, right = _FLIPPED[op], right, left
        one = self.any(left)
        if one.kind == "B":
            raise NotKernelError
        one = _finite(one) if one.kind == "X" else one
        if type(right) is Number:
            return Kernel("B", _map(one.run, _against(op, right.value)))
        other = self.any(right)
        if other.kind == "B":
            raise NotKernelError
        other = _finite(other) if other.kind == "X" else other
        compare: Callable[[Any, Any], Any] = _COMPARE[op]
        return Kernel("B", _both(one.run, other.run, lambda a, b: compare(_order(a, b), 0)))

    def _and_or(self, node: Call) -> Kernel:
        if any(type(part) is Name or (type(part) is Call and part.name in ("IF", "CHOOSE")) for part in node.arguments):
            raise NotKernelError
        kernels = [self.condition(part) for part in node.arguments]
        combine = np.logical_and if node.name == "AND" else np.logical_or
        run = kernels[0].run
        for kernel in kernels[1:]:
            run = _both(run, kernel.run, combine)
        return Kernel("B", run)

    def _not(self, node: Call) -> Kernel:
        return Kernel("B", _map(self.condition(node.arguments[0]).run, np.logical_not))

    def _is_blank(self, node: Call) -> Kernel:
        key = self._numbers_name(node)
        return Kernel("B", lambda inputs: (_blank_mask(inputs[key]), None))

    def _is_number(self, node: Call) -> Kernel:
        if type(node.arguments[0]) is Name:
            key = self._numbers_name(node)
            return Kernel("B", lambda inputs: (np.logical_not(_blank_mask(inputs[key])), None))
        inner = self.finite(node.arguments[0])
        return Kernel("B", lambda inputs: (_no_error(inner.run(inputs)), None))

    def _is_error(self, node: Call) -> Kernel:
        inner = self.finite(node.arguments[0])
        return Kernel("B", lambda inputs: (np.logical_not(_no_error(inner.run(inputs))), None))

    def _numbers_name(self, node: Call) -> str:
        part = node.arguments[0]
        if type(part) is not Name or not isinstance(self.inputs.get(part.key), Numbers):
            raise NotKernelError
        return part.key

    # The last addition or subtraction

    def snapping(self, node: Binary) -> Kernel:
        """0 where the operands cancel in 15 digits; see `operators.snapped`."""
        left, right = self.finite(node.left), self.finite(node.right)
        sign = 1.0 if node.op == "-" else -1.0

        def run(inputs: Inputs) -> Result:
            (one, wrong), (other, also) = left.run(inputs), right.run(inputs)
            with np.errstate(all="ignore"):
                result = np.asarray(one - other if sign == 1.0 else one + other)
            near = np.abs(result) <= 1e-13 * np.abs(one)
            # What cancels in full is 0 without a sign.
            error = either_mask(wrong, also)
            if near.any():
                result = result + 0.0 if result.ndim else np.asarray(result + 0.0)
                tiny = near & (result != 0.0)
                error = either_mask(error, _mask(tiny))
            return result, error

        low, high = _BOUNDS[node.op](left, right)
        return Kernel("X", run, low, high)


def rounded_half_away(value: Floats, places: float) -> Floats:
    """ROUND as `functions.rounding` has it: the same fast path, and its own function where that does not hold."""
    scale = 10.0 ** int(places)
    with np.errstate(all="ignore"):
        scaled = np.abs(value) * scale
        whole = np.floor(scaled)
        rest = scaled - whole
        sure = (scaled < 1e9) & ~((rest > 0.49999) & (rest < 0.50001))
        result = np.asarray((whole + (rest > 0.5)) / scale)
    result = np.asarray(np.where(value >= 0.0, result, -result))
    unsure = ~(sure & (np.abs(value) < 1e9))
    if unsure.any():
        flat = result.reshape(-1)
        for row in np.flatnonzero(unsure).tolist():
            flat[row] = round_half_away(float(value.reshape(-1)[row]), places)
    return result


# Pieces


def _constant_kernel(value: float) -> Kernel:
    return Kernel("F", lambda _inputs: (value, None), value, value)


def _by_table(results: list[Value], name: str | None, convert: Callable[[Value], Any] | None) -> Kernel:
    if convert is None:
        kinds = {type(value) for value in results if type(value) is not ErrorValue}
        if kinds == {bool}:
            convert = to_boolean
        elif kinds == {float}:
            convert = to_number
        else:
            raise NotKernelError
    kind = "B" if convert is to_boolean else "F"
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
        return Kernel(kind, lambda _inputs: (value, True if is_error else None), low, high)
    table, errors = np.array(values), np.array(wrong) if any(wrong) else None

    def run(inputs: Inputs) -> Result:
        codes = cast(Coded, inputs[name]).codes
        return table[codes], None if errors is None else _mask(errors[codes])

    return Kernel(kind, run, low, high)


def _map(run: Run, function: Callable[[Any], Any]) -> Run:
    def mapped(inputs: Inputs) -> Result:
        value, error = run(inputs)
        return function(value), error

    return mapped


def _both(left: Run, right: Run, function: Callable[[Any, Any], Any]) -> Run:
    def both(inputs: Inputs) -> Result:
        (one, wrong), (other, also) = left(inputs), right(inputs)
        with np.errstate(all="ignore"):
            return function(one, other), either_mask(wrong, also)

    return both


def _finite(kernel: Kernel) -> Kernel:
    if kernel.kind != "X":
        return kernel

    def run(inputs: Inputs) -> Result:
        value, error = kernel.run(inputs)
        return value, either_mask(error, _mask(~np.isfinite(value)))

    return Kernel("F", run, kernel.low, kernel.high)


def _mask(mask: Any) -> Any:
    """None where no row is in it."""
    return mask if np.any(mask) else None


def _as_float(run: Run) -> Run:
    return _map(run, lambda x: np.asarray(x, dtype=np.float64) if isinstance(x, np.ndarray) else float(x))


def _chosen(condition: Kernel, value: Kernel, otherwise: Kernel) -> Kernel:
    kinds = {value.kind, otherwise.kind}
    if "B" in kinds and kinds != {"B"}:
        raise NotKernelError
    kind = "X" if "X" in kinds else value.kind

    def run(inputs: Inputs) -> Result:
        truth, error = condition.run(inputs)
        (one, wrong), (other, also) = value.run(inputs), otherwise.run(inputs)
        if wrong is not None or also is not None:
            picked = np.where(truth, False if wrong is None else wrong, False if also is None else also)
            error = either_mask(error, _mask(picked))
        return np.where(truth, one, other), error

    return Kernel(kind, run, min(value.low, otherwise.low), max(value.high, otherwise.high))


def _extreme_of(one: Kernel, other: Kernel, largest: bool) -> Kernel:
    """As Python's `a if a >= b else b`: of two zeros the first counts, whatever its sign."""
    low = (max if largest else min)(one.low, other.low)
    high = (max if largest else min)(one.high, other.high)
    fast = np.maximum if largest else np.minimum
    constant = next((k.low for k in (one, other) if k.low == k.high), 0.0)
    if constant != 0.0:
        return Kernel("F", _both(one.run, other.run, fast), low, high)
    if one.low == one.high == 0.0 and math.copysign(1.0, one.low) > 0:
        # Two zeros: the constant's, which has no sign.
        return Kernel("F", _both(one.run, other.run, lambda a, b: fast(a, b) + 0.0), low, high)
    test = np.greater_equal if largest else np.less_equal
    return Kernel("F", _both(one.run, other.run, lambda a, b: np.where(test(a, b), a, b)), low, high)


def _against(op: str, value: float) -> Callable[[Any], Any]:
    """Equality in 15 digits as plain comparisons with the outermost floats that count as equal."""
    low, high = equality_bounds(value)
    if op == "=":
        return lambda x: (x >= low) & (x <= high)
    if op == "<>":
        return lambda x: (x < low) | (x > high)
    bound, compare = low if op in ("<", ">=") else high, _COMPARE[op]
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
    return result, either_mask(error, _mask(~np.isfinite(result)))


def _blank_mask(column: ColumnValue) -> Any:
    if isinstance(column, Constant):
        raise NotKernelError
    blank = cast(Numbers, column).blank
    return np.False_ if blank is None else blank


def _no_error(result: Result) -> Any:
    return np.True_ if result[1] is None else np.logical_not(result[1])


def _sum_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    return one.low + other.low, one.high + other.high


def _difference_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    return one.low - other.high, one.high - other.low


def _product_bounds(one: Kernel, other: Kernel) -> tuple[float, float]:
    ends = [a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    return (-_INF, _INF) if any(math.isnan(end) for end in ends) else (min(ends), max(ends))


_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"+": np.add, "-": np.subtract, "*": np.multiply}
_BOUNDS: Final = {"+": _sum_bounds, "-": _difference_bounds, "*": _product_bounds}

_NUMBER_CALLS: Final[Mapping[str, Callable[[_Writer, Call], Kernel]]] = {
    "IF": lambda writer, node: writer._choice(node, writer.number),
    "IFS": lambda writer, node: writer._choice(node, writer.number),
    "IFERROR": _Writer._if_error,
    "MAX": _Writer._extreme,
    "MIN": _Writer._extreme,
    "SUM": _Writer._sum,
    "ABS": _Writer._abs,
    "INT": _Writer._int,
    "SQRT": _Writer._sqrt,
    "ROUND": _Writer._round,
    "LOOKUP": _Writer._lookup,
    "MEDIAN": _Writer._median,
}

_BOOLEAN_CALLS: Final[Mapping[str, Callable[[_Writer, Call], Kernel]]] = {
    "AND": _Writer._and_or,
    "OR": _Writer._and_or,
    "NOT": _Writer._not,
    "ISBLANK": _Writer._is_blank,
    "ISNUMBER": _Writer._is_number,
    "ISERROR": _Writer._is_error,
}
