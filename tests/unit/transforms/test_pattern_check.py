"""Which rows a formula looks at, told in one pass."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.transforms.pattern_check import relative_rows
from mergecells.transforms.workbook_formulas import split_formula

PIECES = st.sampled_from(
    ["A1", "b27", "XFD1048576", "AB12345678", "A0", "f10_2x", "a.1", "1", "2.5", "1e5", ".5", "SUM", "(", ")", "!", "$",
     ":", "+", " ", ",", '"', '"A7"', "'", "'My tab'!", "'it''s'", "Tab!", "#REF!", "é3", "_A4", "\\"]
)  # fmt: skip


def as_pieces_tell(formula: str) -> set[int]:
    """By the pieces that everything else of the language is made of."""
    pieces = split_formula(formula)
    rows = set()
    for index, piece in enumerate(pieces):
        before = pieces[index - 1].text if index else ""
        after = pieces[index + 1].text if index + 1 < len(pieces) else ""
        found = re.fullmatch(r"[A-Za-z]{1,3}([1-9][0-9]{0,6})", piece.text)
        if found and piece.kind == "word" and before != "!" and after not in ("!", "(", "$"):
            rows.add(int(found[1]))
    return rows


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_relative_rows_are_those_of_the_pieces(formula: str) -> None:
    """However words, texts, sheets and numbers stand beside one another."""
    assert relative_rows(f"={formula}") == as_pieces_tell(f"={formula}")


@pytest.mark.parametrize(
    ("formula", "rows"),
    [
        ("=IF(D7>0,D7*$E7,0)", {7}),
        ("=D$7+D8", {8}),
        ("=Lead!D9+'My tab'!D10+D11", {11}),
        ('="D7"&LOG10(D8)', {8}),
        ("=f10_2x*2", set()),
    ],
)
def test_relative_rows_leave_out_what_is_fixed_or_elsewhere(formula: str, rows: set[int]) -> None:
    """Cells of other tabs, fixed rows, texts, functions and names are no rows of the neighbours."""
    assert relative_rows(formula) == rows
