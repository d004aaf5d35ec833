"""Syntax tree → text, and renaming at positions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mergecells.formula import FormulaSyntaxError, parse
from mergecells.formula.rename import rename_names
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


def test_rename_names_changes_only_the_names() -> None:
    """Blanks, case of everything else, texts and functions stay byte for byte; names match without case."""
    text = '= if( Years >= 10 , "years" , years/MAX(years_2, 1) )'
    assert rename_names(text, {"years": "age"}) == '= if( age >= 10 , "years" , age/MAX(years_2, 1) )'


def test_rename_names_swaps_two_names() -> None:
    """All at once, not one after the other."""
    assert rename_names("=a-b", {"a": "b", "b": "a"}) == "=b-a"


def test_rename_names_not_used_leaves_the_text() -> None:
    """Nothing is reformatted."""
    assert rename_names("=SUM( x , y )", {"z": "q"}) == "=SUM( x , y )"


def test_rename_names_bad_formula_raises() -> None:
    """The caller has checked it before."""
    with pytest.raises(FormulaSyntaxError):
        rename_names("=1+", {"a": "b"})
