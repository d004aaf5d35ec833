"""Texts that hardly repeat, as columns: numbers, read all at once, and texts that stay Arrow arrays. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from mergecells.formula.values import MAX_TEXT
from mergecells.transforms.column_arrow import array_of, arrow, is_text, mostly_distinct, without_repeats
from mergecells.transforms.column_chunks import CodedInput, NumbersInput, PlainCodes, TextsInput
from mergecells.transforms.column_codes import encode
from mergecells.transforms.column_values import Codes, Table, Texts
from mergecells.transforms.lead_texts import NUMBER_PATTERN, read_number
from mergecells.transforms.score_values import Reading

_LARGEST: Final = 2**31 - 1
"""Bytes of texts that Arrow's 32-bit offsets can address."""


def numbers_in_texts(column: Any, read: Callable[[Any], Reading]) -> NumbersInput | None:
    """A number field's texts, read all at once where they rarely repeat; None where a dictionary is better."""
    array = array_of(column)
    if array is None:
        return None
    pa = arrow()
    if not is_text(array) or not mostly_distinct(array):
        return None
    compute = pa.compute
    plain = compute.fill_null(compute.match_substring_regex(array, rf"\A{NUMBER_PATTERN}\z"), False)
    x = compute.if_else(plain, array, None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    others = ~plain.to_numpy(zero_copy_only=False) | np.isinf(x)
    blank = compute.fill_null(compute.equal(array, ""), True).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(others & ~blank)
    readings = [read(read_number(text)) for text in array.take(pa.array(rows)).to_pylist()]
    floats = [
        (row, value)
        for row, (value, odd) in zip(rows.tolist(), readings, strict=True)
        if type(value) is float and not odd
    ]
    if floats:
        x = x.copy() if not x.flags.writeable else x
        for row, value in floats:
            x[row] = value
        known = {row for row, _ in floats}
        kept = [place for place, row in enumerate(rows.tolist()) if row not in known]
        rows, readings = rows[kept], [readings[place] for place in kept]
    if np.isinf(x).any():
        x = np.where(np.isinf(x), np.nan, x)
    return NumbersInput(x, rows=rows, readings=readings)


def distinct_texts(column: Any, read: Callable[[Any], Reading], *, empty_is_blank: bool) -> TextsInput | None:
    """Texts that rarely repeat as they are; None where a dictionary is better."""
    array = array_of(column)
    if array is None:
        return None
    pa = arrow()
    array = without_repeats(array)
    if not is_text(array) or not mostly_distinct(array) or array.nbytes > _LARGEST:
        return None
    compute = pa.compute
    array = array.cast(pa.string())
    empty = compute.equal(array, "") if empty_is_blank else None
    blank = (array.is_null() if empty is None else compute.fill_null(empty, True)).to_numpy(zero_copy_only=False)
    array = array.fill_null("")
    plain = compute.and_(compute.string_is_ascii(array), compute.less_equal(compute.binary_length(array), MAX_TEXT))
    rows = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    readings = [read(text) for text in array.take(pa.array(rows)).to_pylist()]
    if len(rows):
        array = compute.if_else(plain, array, "")
    return TextsInput(array, blank if blank.any() else None, rows, readings)


def texts_of(blocks: Sequence[Texts], size: int) -> CodedInput | TextsInput:
    """Results of a formula, block by block, as a column: by a dictionary where they repeat."""
    pa = arrow()
    array = pa.concat_arrays([block.array for block in blocks])
    rows = np.concatenate([block.rows + number * size for number, block in enumerate(blocks)])
    values = [value for block in blocks for value in block.values]
    if mostly_distinct(array):
        array = array if not len(rows) else pa.compute.if_else(_without(len(array), rows), array, "")
        return TextsInput(array, None, rows, [(value, "") for value in values])
    pairs = array.dictionary_encode()
    codes, known = pairs.indices.to_numpy(zero_copy_only=False), pairs.dictionary.to_pylist()
    others = encode(values)
    if len(rows):
        codes = codes.copy()
        codes[rows] = others.codes + len(known)
    return CodedInput(PlainCodes(codes), Table([*known, *others.values]), {})


def _without(length: int, rows: Codes) -> Any:
    mask = np.ones(length, dtype=np.bool_)
    mask[rows] = False
    return arrow().array(mask)
