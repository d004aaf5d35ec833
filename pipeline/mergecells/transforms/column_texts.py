"""Operations on Arrow arrays of ASCII texts, as the functions of the formula language define them. Needs pyarrow.

In ASCII a byte is a character and case is a matter of one bit, so that what Arrow does is what Python does. Rows with
any other character never get here: they go one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mergecells.formula.values import MAX_TEXT
from mergecells.transforms.column_values import Codes, Floats, Mask


def lengths(texts: Any) -> Codes:
    """How many characters each has."""
    found: Codes = np.diff(_offsets(texts))
    return found


def trimmed(texts: Any) -> Any:
    """TRIM: without spaces around, one between words."""
    texts = pc.ascii_trim(texts, characters=" ")
    twice = pc.match_substring(texts, "  ")
    return pc.replace_substring_regex(texts, " {2,}", " ") if pc.any(twice).as_py() else texts


def positions(texts: Any, wanted: str) -> tuple[Floats, Mask]:
    """FIND: where `wanted` first stands, from 1, and where it does not."""
    found = pc.find_substring(texts, wanted).to_numpy(zero_copy_only=False)
    return found + 1.0, found < 0


def cut(texts: Any, first: Any, count: Any) -> Any:
    """MID: `count` characters from the place `first` (from 0); whole numbers, one for each row or for all."""
    offsets, ends = _offsets(texts)[:-1], _offsets(texts)[1:]
    begin = np.minimum(offsets + np.maximum(first, 0), ends)
    size = np.minimum(np.maximum(count, 0), ends - begin)
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(size, out=bounds[1:])
    data = texts.buffers()[2]
    if data is None or not bounds[-1]:
        return pa.array([""] * len(texts), type=pa.string())
    places = np.arange(bounds[-1]) + np.repeat(begin - bounds[:-1], size)
    held = np.frombuffer(data, dtype=np.uint8)[places]
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(held))


def joined(parts: list[Any]) -> Any:
    """`&`: one after another; a part may be one text for all rows."""
    return pc.binary_join_element_wise(*map(_held, parts), "")


def counted(texts: Any, counts: Mapping[str, float]) -> Floats:
    """What `counts` has for each, without regard to case; 0 for others."""
    places = pc.index_in(pc.ascii_lower(texts), value_set=pa.array(list(counts), type=pa.string()))
    found: Floats = np.array([*counts.values(), 0.0]).take(places.fill_null(len(counts)).to_numpy(zero_copy_only=False))
    return found


def unplain(texts: Any, longest: int) -> Mask:
    """Which may be more as a criterion than a text: an operator, a wildcard, a number, a date, true or false."""
    plain = pc.match_substring_regex(texts, r"\A[A-Za-z][^*?~]*\z")
    other = pc.match_substring_regex(texts, r"\A(?:[A-Za-z]{3,9}[-/ ][0-9]|(?i:true|false)\z)")
    found: Mask = pc.or_(pc.invert(plain), other).to_numpy(zero_copy_only=False) | (lengths(texts) > longest)
    return found


def too_long(texts: Any) -> Mask:
    """Which have more characters than a cell holds."""
    return lengths(texts) > MAX_TEXT


def is_equal(one: Any, other: Any) -> Mask:
    """Whether two are the same, case included; `other` may be one text for all."""
    found: Mask = pc.equal(one, other).to_numpy(zero_copy_only=False)
    return found


def picked(mask: Mask, one: Any, other: Any) -> Any:
    """`one` where the mask says so, else `other`; each may be one text for all."""
    return pc.if_else(pa.array(mask), _held(one), _held(other))


def _held(text: Any) -> Any:
    return pa.scalar(text, type=pa.string()) if isinstance(text, str) else text


def _offsets(texts: Any) -> Any:
    held = np.frombuffer(texts.buffers()[1], dtype=np.int32) if len(texts) else np.zeros(1, dtype=np.int32)
    return held[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
