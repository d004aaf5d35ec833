"""Kernels of texts that hardly ever repeat, on Arrow's arrays. Needs pyarrow where a column of such texts is given.

Blank is "" here; what tells the two apart asks the column's mask. Only ASCII: see `column_texts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from mergecells.formula.codegen_parts import joined
from mergecells.formula.functions.criteria import countif
from mergecells.formula.nodes import Binary, Call, Name, Node, Text
from mergecells.formula.values import MAX_TEXT, Array, fold, to_text
from mergecells.formula.wildcards import MAX_PATTERN, has_wildcards
from mergecells.transforms.column_kernel import (
    INF,
    Inputs,
    Kernel,
    NotKernelError,
    Result,
    chosen,
    constant_kernel,
    either_mask,
    mapped,
    mask_of,
)
from mergecells.transforms.column_values import Texts

if TYPE_CHECKING:
    from mergecells.transforms.column_kernels import Writer


def text(writer: Writer, node: Node) -> Kernel:
    """Kind T."""
    kernel = writer.alone(node, to_text)
    if kernel is None and type(node) is Name:
        return _name(writer, node)
    if kernel is None and type(node) is Call and node.name in TEXT_CALLS:
        return TEXT_CALLS[node.name](writer, node)
    if kernel is None and type(node) is Binary and node.op == "&":
        return _join(writer, node)
    if kernel is None or kernel.kind != "T":
        raise NotKernelError
    _refuse_unless_ascii(cast(str, kernel.run({})[0]))
    return kernel


def _name(writer: Writer, node: Name) -> Kernel:
    key = _texts_name(writer, node)
    return Kernel("T", lambda inputs: (cast(Texts, inputs[key]).array, None), varies=True)


def _texts_name(writer: Writer, node: Node) -> str:
    if type(node) is not Name or not isinstance(writer.inputs.get(node.key), Texts):
        raise NotKernelError
    return node.key


def _refuse_unless_ascii(given: str) -> str:
    if not given.isascii() or len(given) > MAX_TEXT:
        raise NotKernelError
    return given


def _literal(node: Node) -> str:
    """A text written in the formula."""
    if type(node) is not Text:
        raise NotKernelError
    return _refuse_unless_ascii(node.value)


def _varying(writer: Writer, node: Node) -> Kernel:
    """Kind T, an array of texts."""
    kernel = text(writer, node)
    if not kernel.varies:
        raise NotKernelError
    return kernel


# Texts


def _lower(writer: Writer, node: Call) -> Kernel:
    from pyarrow import compute

    function = compute.ascii_lower if node.name == "LOWER" else compute.ascii_upper
    return mapped(_varying(writer, node.arguments[0]), function, "T")


def _trim(writer: Writer, node: Call) -> Kernel:
    from mergecells.transforms.column_texts import trimmed

    return mapped(_varying(writer, node.arguments[0]), trimmed, "T")


def _substitute(writer: Writer, node: Call) -> Kernel:
    from pyarrow import compute

    if len(node.arguments) != 3:
        raise NotKernelError
    old, new = _literal(node.arguments[1]), _literal(node.arguments[2])
    inner = _varying(writer, node.arguments[0])
    if not old:
        return inner
    kernel = mapped(inner, lambda x: compute.replace_substring(x, old, new), "T")
    return _bounded(kernel) if len(new) > len(old) else kernel


def _bounded(kernel: Kernel) -> Kernel:
    """With an error where a text has become too long."""
    from mergecells.transforms.column_texts import too_long

    def run(inputs: Inputs) -> Result:
        value, error = kernel.run(inputs)
        return value, either_mask(error, mask_of(too_long(value)))

    return Kernel("T", run, varies=True)


def _join(writer: Writer, node: Node) -> Kernel:
    from mergecells.transforms.column_texts import joined as join_texts

    parts = [text(writer, part) for part in joined(node)]

    def run(inputs: Inputs) -> Result:
        error, values = None, []
        for part in parts:
            value, wrong = part.run(inputs)
            error = either_mask(error, wrong)
            values.append(value)
        return join_texts(values), error

    if not any(part.varies for part in parts):
        raise NotKernelError
    return _bounded(Kernel("T", run, varies=True))


def _middle(writer: Writer, node: Call) -> Kernel:
    """LEFT and MID."""
    from mergecells.transforms.column_texts import cut

    inner, *numbers = node.arguments
    whole = _varying(writer, inner)
    counts = [writer.finite(part) for part in numbers] or [constant_kernel(1.0)]
    least = (1, 0) if node.name == "MID" else (0,)

    def run(inputs: Inputs) -> Result:
        value, error = whole.run(inputs)
        places = []
        for kernel, smallest in zip(counts, least, strict=True):
            number, wrong = kernel.run(inputs)
            # As `functions.text.whole` has it: cut to a whole number, and an error below the smallest.
            place = np.clip(number, -1e9, 1e9).astype(np.int64)
            error = either_mask(either_mask(error, wrong), mask_of(place < smallest))
            places.append(place)
        first = places[0] - 1 if len(places) == 2 else 0
        return cut(value, first, places[-1]), error

    return Kernel("T", run, varies=True)


def _if_error(writer: Writer, node: Call) -> Kernel:
    from mergecells.transforms.column_texts import picked

    if any(type(part) is Name for part in node.arguments):
        # A blank stays one here.
        raise NotKernelError
    value, otherwise = _varying(writer, node.arguments[0]), text(writer, node.arguments[1])

    def run(inputs: Inputs) -> Result:
        found, error = value.run(inputs)
        if error is None:
            return found, None
        other, other_error = otherwise.run(inputs)
        return picked(error, other, found), None if other_error is None else mask_of(error & other_error)

    return Kernel("T", run, varies=True)


TEXT_CALLS: Final[Mapping[str, Callable[[Writer, Call], Kernel]]] = {
    "LOWER": _lower,
    "UPPER": _lower,
    "TRIM": _trim,
    "SUBSTITUTE": _substitute,
    "LEFT": _middle,
    "MID": _middle,
    "IFERROR": _if_error,
}

# Numbers and booleans


def _length(writer: Writer, node: Call) -> Kernel:
    from mergecells.transforms.column_texts import lengths

    return mapped(_varying(writer, node.arguments[0]), lambda x: lengths(x).astype(np.float64), "F", 0.0, MAX_TEXT)


def _find(writer: Writer, node: Call) -> Kernel:
    """FIND and SEARCH of a text that the formula states, without wildcards."""
    from pyarrow import compute

    from mergecells.transforms.column_texts import positions

    if len(node.arguments) != 2:
        raise NotKernelError
    wanted, inner = _literal(node.arguments[0]), _varying(writer, node.arguments[1])
    if node.name == "SEARCH":
        if has_wildcards(wanted) or "~" in wanted:
            raise NotKernelError
        wanted, inner = fold(wanted), mapped(inner, compute.ascii_lower, "T")
    if not wanted:
        raise NotKernelError

    def run(inputs: Inputs) -> Result:
        value, error = inner.run(inputs)
        places, missing = positions(value, wanted)
        return places, either_mask(error, mask_of(missing))

    return Kernel("F", run, 0.0, MAX_TEXT, varies=True, fresh=True)


def comparison(writer: Writer, op: str, left: Node, right: Node) -> Kernel:
    """`=` and `<>` without regard to case."""
    if op not in ("=", "<>"):
        raise NotKernelError
    if type(left) is Text:
        left, right = right, left
    kernel = _same(writer, left, right, lambda texts: texts.lower())
    return kernel if op == "=" else mapped(kernel, np.logical_not, "B", 0.0, 1.0)


def _exact(writer: Writer, node: Call) -> Kernel:
    return _same(writer, node.arguments[0], node.arguments[1], None)


def _same(writer: Writer, left: Node, right: Node, folded: Callable[[str], str] | None) -> Kernel:
    from pyarrow import compute

    from mergecells.transforms.column_texts import is_equal

    one, other = _varying(writer, left), text(writer, right)

    def run(inputs: Inputs) -> Result:
        (value, wrong), (against, also) = one.run(inputs), other.run(inputs)
        if folded is not None:
            value = compute.ascii_lower(value)
            against = folded(against) if isinstance(against, str) else compute.ascii_lower(against)
        return is_equal(value, against), either_mask(wrong, also)

    return Kernel("B", run, 0.0, 1.0, varies=True)


def is_blank(writer: Writer, node: Call) -> Kernel:
    """ISBLANK and ISTEXT of a column."""
    key, blank = _texts_name(writer, node.arguments[0]), node.name == "ISBLANK"

    def run(inputs: Inputs) -> Result:
        column = cast(Texts, inputs[key])
        found = np.zeros(len(column.array), dtype=np.bool_) if column.blank is None else column.blank
        return (found if blank else ~found), None

    return Kernel("B", run, 0.0, 1.0, varies=True)


def _countif(writer: Writer, node: Call) -> Kernel:
    """How often each text occurs in a list that does not depend on the lead."""
    from mergecells.transforms.column_texts import counted, unplain

    items, condition = node.arguments
    table = writer.fixed.get(items.key) if type(items) is Name and items.key not in writer.inputs else None
    if type(table) is not Array or len(table) > 1_000:
        raise NotKernelError
    inner = _varying(writer, condition)
    counts = {item: float(count) for item, count in table.text_counts.items() if item.isascii()}
    key = condition.key if type(condition) is Name else None

    def run(inputs: Inputs) -> Result:
        value, error = inner.run(inputs)
        found = counted(value, counts)
        blank = None if key is None else cast(Texts, inputs[key]).blank
        odd = unplain(value, MAX_PATTERN) if blank is None else unplain(value, MAX_PATTERN) & ~blank
        rows = np.flatnonzero(odd)
        if len(rows):
            others = value.take(rows).dictionary_encode()
            each = [countif((table, True), other) for other in others.dictionary.to_pylist()]
            found[rows] = np.array(each)[others.indices.to_numpy()]
        if blank is not None:
            found[blank] = countif((table, True), None)
        return found, error

    return Kernel("F", run, 0.0, float(len(table)), varies=True, fresh=True)


def _switch(writer: Writer, node: Call) -> Kernel:
    """Cases that are texts, results that are numbers."""
    subject, *rest = node.arguments
    if len(rest) > 100:
        raise NotKernelError
    last = writer.number(rest[-1]) if len(rest) % 2 else Kernel("F", lambda _inputs: (0.0, np.True_), INF, -INF)
    cases = list(zip(rest[::2], rest[1::2], strict=False))
    for case, result in reversed(cases):
        if type(case) is not Text:
            raise NotKernelError
        last = chosen(_same(writer, subject, case, fold), writer.plain_number(result), last)
    return last


TEXT_NUMBER_CALLS: Final[Mapping[str, Callable[[Writer, Call], Kernel]]] = {
    "LEN": _length,
    "FIND": _find,
    "SEARCH": _find,
    "COUNTIF": _countif,
    "SWITCH": _switch,
}

TEXT_BOOLEAN_CALLS: Final[Mapping[str, Callable[[Writer, Call], Kernel]]] = {"EXACT": _exact, "ISTEXT": is_blank}
