"""Functions without a kernel of their own go over columns cell by cell: the same bits as the one-lead path."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")
pytest.importorskip("pyarrow")

from unit.transforms.test_column_formulas import check

FORMULAS = (
    "=T.INV(y/13,z+1)",
    "=F.INV.RT(y/13,z+1,d)",
    "=CHISQ.INV(y/13,c+1)",
    "=BETA.INV(y/13,z+0.5,d)",
    "=GAMMA.INV(y/13,z+0.5,d)",
    "=LOGNORM.INV(y/13,c,d)",
    "=BINOM.INV(z+3,y/13,0.4)",
    "=HYPGEOM.DIST(c,4,8,20,b)",
    "=T.TEST({3;4;5},{6;1;9},d,2)+x",
    "=INDEX(LINEST({1;9;5;7},{0;4;2;3}),1,d)*x",
    "=INDEX(TREND({1;9;5;7},{0;4;2;3},x),1)",
    "=INDEX(GROWTH({1;9;5;7},{0;4;2;3},c),1)",
    '=CONVERT(x,"mi",IF(b,"km","m"))',
    "=VDB(2400,300,10,0,y,d)",
    "=DISC(45000,45000+z*40,97,100,c)",
    "=LEN(ENCODEURL(t))",
    '=PERCENTIF({1;2;3},">"&c)',
    "=PERCENTOF(c,d)",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_function_over_columns_equals_one_lead(formula: str) -> None:
    """Blanks, signed zeros, numbers out of range and texts among them."""
    for seed in range(3):
        check(formula, seed)
