"""Formula text → syntax tree: precedence, positions, limits, and hints for what only looks like a formula."""

from __future__ import annotations

import pytest

from mergecells.formula import FormulaSyntaxError, functions_used, is_cell_address, names_used, parse, unsupported
from mergecells.formula.parser import MAX_NESTING, unwrap_google
from mergecells.formula.tokens import MAX_LENGTH
from mergecells.formula.unparse import unparse


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("=1+", 3, "value is missing"),
        ("=SUM(1;2)", 6, "comma"),
        ("=IF(x>1,“a”,2)", 8, "straight quotes"),
        ("=‘a’", 1, "straight quotes"),
        ('="abc', 1, "End it"),
        ("='abc'", 1, "double quotes"),
        ("=x+１", 3, "plain 1"),
        ("=x\u00a0+1", 2, "plain space"),
        ("=x\u200b+1", 2, "Delete it"),
        ("=SUМ(1)", 3, "letters A to Z"),
        ("'=1+1", 0, "apostrophe"),
        (" =1", 0, "Start"),
        ("1+1", 0, "Write ="),
        ("", 0, "Write ="),
        ("=", 1, "value is missing"),
        ("=(1+2", 1, "Add a `)`"),
        ("=1+2)", 4, ""),
        ("=MAX(1,2", 4, "Add a `)`"),
        ("=x y", 3, "operator or comma"),
        ("=1,5", 2, "decimals with a point"),
        ("=*2", 1, ""),
        ("={1,2;3}", 1, "has two"),
        ("={1,x}", 4, "Numbers, texts"),
        ("={1\\2}", 3, "commas"),
        ("=Table[a]", 6, "field names"),
        ("=x#", 2, "named list"),
        ("=LEFT()", 1, "LEFT(text, [count])"),
        ("=1+ABS(1,2)", 3, "ABS(number)"),
        ("=IFS(TRUE,1,FALSE)", 1, "IFS(condition, value, …)"),
        ("=1e400", 1, "9.99E+307"),
    ],
)
def test_parse_what_is_no_formula_names_the_character_and_a_way_out(text: str, position: int, hint: str) -> None:
    """The position is that of the character to mend, from 0; the hint says what to write."""
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(text)
    assert caught.value.position == position, str(caught.value)
    assert hint in caught.value.hint


HOSTILE = {
    "100,000 characters": "=" + "1+" * 50_000 + "1",
    "10,000 parentheses": "=" + "(" * 4000 + "1" + ")" * 4000,
    "unclosed parentheses": "=" + "(" * 8000,
    "nested calls": "=" + "ABS(" * 2000 + "1" + ")" * 2000,
    "nested braces": "=" + "{" * 8000,
    "signs": "=" + "-" * 8000 + "1",
    "percents": "=1" + "%" * 8000,
    "brackets closed only": "=" + ")" * 8000,
    "one long text": '="' + "a" * 8200 + '"',
    "quotes": "=" + '"' * 8001,
    "null bytes": "=" + "\x00" * 8000,
    "surrogates": "=" + "\ud800" * 100,
    "array": "={" + ",".join("1" * 3000) + "}",
    "arguments": "=SUM(" + ",".join("1" * 3000) + ")",
    "commas": "=SUM(" + "," * 8000,
    "digits": "=" + "1" * 8000,
    "exponent": "=1e" + "9" * 4000,
    "sheet quotes": "=" + "'" * 8001,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_parse_hostile_text_is_refused_at_once(text: str) -> None:
    """Whatever an editor pastes: a clean error, never a hang nor a crash of the interpreter."""
    with pytest.raises(FormulaSyntaxError):
        parse(text)


def test_parse_long_chain_of_operators_is_fine() -> None:
    """A flat sum of 2,700 names is large, not deep."""
    text = "=" + "+".join(["aa"] * 2700)
    assert len(text) <= MAX_LENGTH
    assert len(names_used(parse(text))) == 2700


def test_parse_nesting_up_to_the_limit_is_fine() -> None:
    """64 levels, as many as Excel allows in calls."""
    text = "=" + "(" * MAX_NESTING + "1" + ")" * MAX_NESTING
    assert unparse(parse(text)) == "=1"


def test_names_used_gives_every_use_with_its_place() -> None:
    """Also inside arguments; functions, TRUE and texts are no names."""
    text = '=IF(Years>=10,TRUE,years/"x")+other_1'
    uses = names_used(parse(text))
    assert [(use.name, text[use.start : use.end]) for use in uses] == [
        ("Years", "Years"),
        ("years", "years"),
        ("other_1", "other_1"),
    ]


def test_functions_used_gives_names_in_capitals_with_their_place() -> None:
    """The `_xlfn.` of a file is no part of the name."""
    text = "=_xlfn.IFS(x,max(1,2),TRUE,_xlfn._xlws.FILTER(x,y))"
    uses = functions_used(parse(text))
    assert [use.name for use in uses] == ["IFS", "MAX", "FILTER"]
    assert [text[use.start : use.end] for use in uses] == ["_xlfn.IFS", "max", "_xlfn._xlws.FILTER"]


@pytest.mark.parametrize(
    ("text", "name", "kind", "reason"),
    [
        ("=1+NOW()", "NOW", "volatile", "clock"),
        ("=RAND()", "RAND", "volatile", "another number each time"),
        ('=INDIRECT("x")', "INDIRECT", "volatile", "field names"),
        ("=IMPORTRANGE(x,y)", "IMPORTRANGE", "volatile", "outside"),
        ("=VLOKUP(x,y,1)", "VLOKUP", "unsupported", "VLOOKUP"),
        ("=WENN(x,1,2)", "WENN", "unsupported", "IF"),
        ("=QWERTYUIOP(1)", "QWERTYUIOP", "unsupported", "no such function"),
        ("=$B$2+1", "$B$2", "unsupported", "field names"),
        ("=Sheet1!A1", "Sheet1!A1", "unsupported", "field names"),
        ("='It''s'!A1:B2", "'It''s'!A1:B2", "unsupported", "field names"),
        ("=SUM(A:C)", "A:C", "unsupported", "field names"),
        ("=SUM(1:3)", "1:3", "unsupported", "field names"),
        ("=q1*2", "q1", "unsupported", "field names"),
    ],
)
def test_unsupported_is_refused_by_name_with_the_reason(text: str, name: str, kind: str, reason: str) -> None:
    """Never guessed: the name, where it stands, and why or what instead."""
    (found,) = unsupported(parse(text))
    assert (found.name, found.kind) == (name, kind)
    assert text[found.position :].startswith(name)
    assert reason in found.reason


def test_unsupported_today_is_supported() -> None:
    """TODAY is the evaluation date that the caller gives."""
    assert unsupported(parse("=TODAY()-x")) == ()


@pytest.mark.parametrize(
    ("name", "is_cell"),
    [("A1", True), ("q4", True), ("XFD1048576", True), ("XFE1", False), ("A1048577", False), ("tax", False)],
)
def test_is_cell_address_tells_which_names_a_sheet_would_take_for_cells(name: str, is_cell: bool) -> None:
    """Such a name cannot be a defined name of the workbook."""
    assert is_cell_address(name) is is_cell


def test_parse_function_that_looks_like_a_cell_is_a_function() -> None:
    """LOG10( is not the cell LOG10."""
    assert [use.name for use in functions_used(parse("=LOG10(100)"))] == ["LOG10"]


def test_parse_google_wrapper_uses_the_wrapped_formula_not_the_cache() -> None:
    """Engines that do not unwrap return what Google computed at export time."""
    text = '=IFERROR(__xludf.DUMMYFUNCTION("IF(x>1,""big"",0)"),42)'
    assert unparse(parse(text)) == '=IF(x>1,"big",0)'
    assert unwrap_google(text) == '=IF(x>1,"big",0)'
    assert unwrap_google("=IFERROR(x,1)") == "=IFERROR(x,1)"


def test_parse_google_wrapper_around_nonsense_says_where_it_comes_from() -> None:
    """The error is in the wrapped text."""
    with pytest.raises(FormulaSyntaxError, match="Google Sheets wrapped"):
        parse('=IFERROR(__xludf.DUMMYFUNCTION("SUM(1;2)"),3)')


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("=a>1 and b<2", "Write AND(one,other)."),
        ("=a>1 OR b<2", "Write OR(one,other)."),
        ("=IF(a==1,1,0)", "Write one = to compare."),
        ("=IF(a!=1,1,0)", "For unequal write <>."),
        ("=a>1 ? 1 : 0", "Write IF(condition,value,other)."),
        ("=a>1 || b<2", "Write OR(one,other)"),
        ("=a>1 && b<2", "AND(one,other) for conditions."),
        ("=a**2", "Write ^ for a power."),
        ("={a;b}", "Else HSTACK or VSTACK."),
    ],
)
def test_parse_of_what_other_languages_write_says_what_to_write(text: str, hint: str) -> None:
    """Who knows JavaScript, Python or SQL types what they know."""
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(text)
    assert hint in str(caught.value)
