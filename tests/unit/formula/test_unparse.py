"""Syntax tree → text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mergecells.formula import parse
from mergecells.formula.unparse import unparse
from unit.formula.formula_strategies import FORMULAS


def shape(value: Any) -> Any:
    """A tree without positions."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return tuple(map(shape, value))
        kept = [name for name in fields if name not in ("start", "end", "name_end", "text")]
        return (type(value).__name__, *(shape(getattr(value, name)) for name in kept))
    return value


@given(FORMULAS)
def test_unparse_any_formula_parses_to_the_same_tree(text: str) -> None:
    """Parentheses that carry meaning stay."""
    tree = parse(text)
    assert shape(parse(unparse(tree))) == shape(tree)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("= 1 + ( 2 * 3 )", "=1+2*3"),
        ("=(1+2)*3", "=(1+2)*3"),
        ("=1-(2-3)", "=1-(2-3)"),
        ("=(1-2)-3", "=1-2-3"),
        ("=-(2^2)", "=-(2^2)"),
        ("=(-2)^2", "=-2^2"),
        ("=2^(3^2)", "=2^(3^2)"),
        ("=(1+2)%", "=(1+2)%"),
        ("=(0.1+0.2-0.3)", "=(0.1+0.2-0.3)"),
        ("=if( a , ,\"x\"\"y\")", '=IF(a,,"x""y")'),
        ("=_xlfn.concat(1,true)", "=CONCAT(1,TRUE)"),
        ("={1,-2;\"a\",#n/a}", '={1,-2;"a",#N/A}'),
        ("=1e20+.5", "=1E+20+0.5"),
        ("=(a=b)=c", "=a=b=c"),
        ("=a&(b&c)", "=a&(b&c)"),
    ],
)  # fmt: skip
def test_unparse_writes_the_canonical_text(text: str, canonical: str) -> None:
    """No blanks, capitals for functions, minimal parentheses."""
    assert unparse(parse(text)) == canonical
