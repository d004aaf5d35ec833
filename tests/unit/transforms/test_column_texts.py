"""Formulas over columns of texts that hardly repeat give what the one-lead path gives: kernels on Arrow's arrays."""

from __future__ import annotations

import random
import re
from typing import Any
from unittest import mock

import pytest

from mergecells.formula import FormulaSyntaxError, parse
from unit.transforms.test_column_formulas import ROWS, assert_same, columns_of, scorer_of

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")

from mergecells.transforms import column_arrow, column_formulas, score, score_columns  # noqa: E402 - both need NumPy

PIECES = [
    *("a", "A", "b", "Google", "google", " ", "  ", "@", ".", "-", "abc.de", "3", "12", "TRUE", "true", "Mar 3, 2024"),
    *("*", "?", "~", ">", "<>", "=", "é", "İ", "ẞ", "名前", "\u00a0", "\t", "x" * 40, "a@b.c", "1/2", "#N/A", "1e3"),
]
TEXTS = [
    *("w", "w", "v", '"a"', '""', '"é"', "t", "LOWER({t})", "UPPER({t})", "TRIM({t})", '({t}&"-"&{t})', "({t}&{t})"),
    *('SUBSTITUTE({t},"a","bb")', 'SUBSTITUTE({t}," ","")', 'SUBSTITUTE({t},"","x")', "LEFT({t},2)", "LEFT({t})"),
    *("MID({t},2,3)", "MID({t},{n},{n})", "RIGHT({t},2)", 'IFERROR({t},"none")', 'MID({t},FIND("@",{t})+1,200)'),
    *("LEFT({t},{n})", 'IF({b},{t},"no")', 'REPT({t},2)'),
]  # fmt: skip
NUMBERS = [
    *("x", "1", "0", "-1", "2.5", "LEN({t})", 'FIND("a",{t})', 'SEARCH("A",{t})', 'SEARCH("a*",{t})', 'FIND("",{t})'),
    *("COUNTIF(good,{t})", 'SWITCH({t},"a",1,"google",0.5,{n})', 'SWITCH({t},"A",1)', "({n}+{n})", "IFERROR({n},{n})"),
    *("IF({b},{n},{n})", "MIN({n},1)", "{t}", 'FIND("@",{t},2)', "VALUE({t})", "{b}"),
]  # fmt: skip
TRUTHS = [
    *('({t}="A")', '({t}<>"")', '("google"={t})', "({t}={t})", "({t}<{t})", "EXACT({t},{t})", 'EXACT({t},"a")'),
    *("ISBLANK(w)", "ISTEXT(v)", "ISNUMBER(w)", "ISERROR({t})", "ISERROR({n})", 'ISNUMBER(SEARCH("go",{t}))'),
    *("AND({b},{b})", "OR({b},{b})", "NOT({b})", "({n}>=1)", "ISBLANK({t})", "COUNTIF(good,w)>0"),
]  # fmt: skip


def text_formula(chance: random.Random, depth: int, kind: str) -> str:
    """A formula of texts, of what kernels know and of some things that they do not."""
    leaves = {"t": ["w", "v", '"a"'], "n": ["x", "1", "LEN(w)"], "b": ["ISBLANK(w)", '(v="a")']}
    choices = {"t": TEXTS, "n": NUMBERS, "b": TRUTHS}
    pool = leaves[kind] if depth == 0 else choices[kind]
    return re.sub(r"\{([tnb])\}", lambda part: text_formula(chance, max(0, depth - 1), part[1]), chance.choice(pool))


def texts_of(chance: random.Random) -> list[str | None]:
    def one() -> str | None:
        return None if chance.random() < 0.1 else "".join(chance.choices(PIECES, k=chance.randint(0, 4)))

    return [one() for _ in range(ROWS)]


def check(formula: str, seed: int) -> None:
    try:
        parse(formula)
    except FormulaSyntaxError:
        return
    chance = random.Random(seed)
    columns: dict[str, list[Any]] = {**columns_of(seed), "w": texts_of(chance), "v": texts_of(chance)}
    array, large = pa.array(columns["v"]), pa.array(columns["w"], type=pa.large_string())
    arrays = {
        **columns,
        "w": chance.choice([pa.array(columns["w"]), pa.array(columns["w"]).dictionary_encode(), large]),
        "v": chance.choice([array, columns["v"], pa.chunked_array([array[:33], array[33:]])]),
    }
    # Small limits, so that the columns count as distinct, in several chunks and blocks.
    with (
        mock.patch.object(score, "COLUMNS_FROM", 1),
        mock.patch.object(score_columns, "CHUNK", chance.choice([30, 1000])),
        mock.patch.object(column_formulas, "_BLOCK", chance.choice([30, 1000])),
        mock.patch.object(column_arrow, "_SAMPLE", chance.choice([4, 40])),
    ):
        assert_same(scorer_of(formula), arrays, columns)


@pytest.mark.parametrize("batch", range(8))
def test_random_text_formulas_over_columns_equal_one_lead(batch: int) -> None:
    """Whatever the characters are: no letters, other alphabets, operators and wildcards, numbers, blanks."""
    chance = random.Random(batch)
    for seed in range(40):
        check(f"={text_formula(chance, chance.randint(1, 4), chance.choice('tnb'))}", 1_000 * batch + seed)


@pytest.mark.parametrize(
    "formula",
    [
        '=IFERROR(LOWER(MID(TRIM(w),FIND("@",TRIM(w))+1,200)),"")',
        '=" "&LOWER(TRIM(SUBSTITUTE(w,","," ")))&" "',
        '=IF(LEN(SUBSTITUTE(w," ",""))>=8,1,0)',
        "=COUNTIF(good,w)",
        "=IF(COUNTIF(good,TRIM(w))>0,1,0.5)",
        "=w",
        "=LEFT(w,2.9)",
        "=MID(w,0,2)",
        "=w&v&x",
    ],
)
def test_text_formula_at_an_edge_over_columns_equals_one_lead(formula: str) -> None:
    """The shapes of the default rules, and places and counts that are none."""
    for seed in range(5):
        check(formula, seed)


def test_text_that_grows_too_long_over_columns_equals_one_lead() -> None:
    """An error where a text would have more characters than a cell holds."""
    formula = '=LEN(SUBSTITUTE(w,"a","' + "b" * 200 + '"))/40000'
    columns: dict[str, list[Any]] = {"w": ["a" * (150 + row) for row in range(ROWS)], "x": [0.0] * ROWS}
    with mock.patch.object(score, "COLUMNS_FROM", 1), mock.patch.object(column_arrow, "_SAMPLE", 4):
        assert_same(scorer_of(formula), {**columns, "w": pa.array(columns["w"])}, columns)
