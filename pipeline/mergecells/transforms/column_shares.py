"""What columns are worth as factors, from 0 to 1, as `share` and `share_of_field` have it for one lead. Needs NumPy."""

from __future__ import annotations

import numpy as np

from mergecells.transforms.column_values import Coded, ColumnValue, Constant, Floats, Numbers, Texts
from mergecells.transforms.score_values import share, share_of_field


def shares_of(
    column: ColumnValue, length: int, *, is_field: bool, as_table: bool
) -> tuple[ColumnValue, dict[int, str]]:
    """The shares, and by row what is odd about a result. `as_table`: in a table where the values are in one."""
    if isinstance(column, Constant):
        worth, odd = (share_of_field(column.value), "") if is_field else share(column.value)
        return Constant(worth), dict.fromkeys(range(length), odd) if odd else {}
    if isinstance(column, Coded):
        table = column.table
        whole = as_table and table.known is None and not len(column.rows)
        if whole and not table.shares(is_field)[1]:
            return Coded(column.codes, table.as_shares(is_field), column.family), {}
        x, found = _coded_shares(column, is_field)
        if whole:
            return Coded(column.codes, table.as_shares(is_field), column.family), found
    elif isinstance(column, Texts):
        x, found = _text_shares(column, is_field)
    elif column.low >= 0.0 and column.high <= 1.0 and not is_field:
        x, found = column.x, {}
    else:
        x, found = _clipped(column.x, is_field)
    for row, value in zip(column.rows.tolist(), column.values, strict=True):
        x[row], odd = (share_of_field(value), "") if is_field else share(value)
        found.pop(row, None)
        if odd:
            found[row] = odd
    return Numbers(x), found


def _coded_shares(column: Coded, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """Shares, and by row what is odd about them."""
    shares, odd = column.table.shares(is_field)
    # No code is out of range; `clip` saves looking for those.
    x: Floats = np.take(shares, column.codes, mode="clip")
    if not odd:
        return x, {}
    marks = np.zeros(len(shares), dtype=np.bool_)
    marks[list(odd)] = True
    rows = np.flatnonzero(marks[column.codes])
    return x, {row: odd[code] for row, code in zip(rows.tolist(), column.codes[rows].tolist(), strict=True)}


def _text_shares(column: Texts, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """As `share` and `share_of_field`, for texts: a field's text counts 1, a formula's is odd."""
    # Needs pyarrow, which is there when columns of texts are.
    from mergecells.transforms.column_texts import lengths

    if is_field:
        return (lengths(column.array) > 0).astype(np.float64), {}
    return np.zeros(len(column.array)), dict.fromkeys(range(len(column.array)), share("text")[1])


def _clipped(x: Floats, is_field: bool) -> tuple[Floats, dict[int, str]]:
    """As `share`, for numbers. Copied where the column belongs to the lead."""
    if x.min(initial=0.0) >= 0.0 and x.max(initial=0.0) <= 1.0:
        return (x.copy() if is_field else x), {}
    rows = np.flatnonzero((x < 0.0) | (x > 1.0))
    found = x[rows]
    x = x.copy()
    x[rows] = np.where(found < 0.0, 0.0, 1.0)
    if is_field:
        return x, {}
    odd = [(row, share(value)[1]) for row, value in zip(rows.tolist(), found.tolist(), strict=True)]
    return x, {row: text for row, text in odd if text}
