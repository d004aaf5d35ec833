"""An index changes how fast an exact search is, and never what it finds."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mergecells.formula import compile_formula, evaluate, parse, to_serial
from mergecells.formula.lookup_index import SMALLEST, LineIndex, line_index
from mergecells.formula.values import ERRORS, Array, Scalar, Value

DAY = datetime.date(2026, 9, 1)
NUMBERS = st.sampled_from(
    [
        *(0.0, -0.0, 1.0, 3.0, 4.0, 1000.0, 0.1 + 0.2, 0.3, 0.30000000000000004, 0.3000000000000001, 1 / 3, 0.1, 1e15),
        *(123456789012345.0, 123456789012345.02, 9.99999999999999e-5, 1e-320, 1e300, 45351.0, -1.0, 1.00000000000001),
    ]
)
TEXTS = st.sampled_from(
    [
        *(
            "",
            "a",
            "A",
            "google",
            "GOOGLE",
            " google",
            "3",
            " 4 ",
            "1e3",
            "TRUE",
            "true",
            "#N/A",
            "a*",
            "a~*",
            "~",
            "?",
        ),
        *(
            "straße",
            "STRASSE",
            "İ",
            "i̇",
            "K",
            "k",
            "0.3",
            "2024-02-29",
            "29-FEB-2024",
            "=3",
            "<>a",
            ">0",
            "=",
            "=google",
        ),
    ]
)
CELLS = st.one_of(NUMBERS, TEXTS, TEXTS, st.booleans(), st.none(), st.sampled_from(list(ERRORS.values())))
COLUMNS = st.lists(CELLS, min_size=SMALLEST, max_size=SMALLEST + 8)

SEARCHES = [
    "MATCH(w,keys,0)",
    "MATCH(w,keys)",
    "VLOOKUP(w,body,2,FALSE)",
    "XLOOKUP(w,keys,sums)",
    "XLOOKUP(w,keys,body,-1)",
    "XMATCH(w,keys,0,-1)",
    "XMATCH(w,keys,2)",
    "XMATCH(w,keys,1)",
    "COUNTIF(keys,w)",
    "COUNTIF(body,w)",
    "SUMIF(keys,w,sums)",
    "SUMIFS(sums,keys,w,others,v)",
    "COUNTIFS(keys,w,others,v)",
    "AVERAGEIFS(sums,others,v,keys,w)",
    "MAXIFS(sums,keys,w)",
    "MINIFS(sums,keys,w,others,v)",
]


def arrays(keys: list[Scalar], others: list[Scalar]) -> dict[str, Value]:
    sums: list[Scalar] = [float(place) for place in range(len(keys))]
    width = min(len(keys), len(others))
    columns = [keys[:width], sums[:width], others[:width]]
    names = ("keys", "sums", "others")
    return {
        **{name: Array.column(cells) for name, cells in zip(names, columns, strict=True)},
        "body": Array(list(zip(*columns, strict=True))),
    }


@pytest.mark.parametrize("search", SEARCHES)
@given(keys=COLUMNS, others=COLUMNS, wanted=st.one_of(CELLS, st.none()), other=CELLS, from_keys=st.integers(0, 40))
@example(keys=[None, *[0.3, "0.3"] * 9], others=[0.3] * 19, wanted=0.1 + 0.2, other=0.1 + 0.2, from_keys=40)
@example(keys=["a", *["GOOGLE", 3.0, "3"] * 6], others=["x"] * 19, wanted="google", other="X", from_keys=40)
@example(keys=["a", *["GOOGLE", 3.0, "3"] * 6], others=["x"] * 19, wanted="=3", other="X", from_keys=40)
def test_search_by_index_finds_what_the_scan_finds(
    search: str, keys: list[Scalar], others: list[Scalar], wanted: Scalar, other: Scalar, from_keys: int
) -> None:
    """Case, wildcards, 15 digits, texts that read as numbers, blanks, errors, duplicates: the same answer each time."""
    formula = parse(f"={search}")
    inputs: dict[str, Value] = {"w": keys[from_keys] if from_keys < len(keys) else wanted, "v": other}
    scanned = evaluate(formula, {**inputs, **arrays(keys, others)}, DAY)
    kept = {**inputs, **arrays(keys, others)}
    for _ in range(3):
        assert evaluate(formula, kept, DAY) == scanned
    assert compile_formula(formula)(kept, to_serial(DAY)) == scanned


def test_array_gets_an_index_at_its_second_search_and_keeps_it() -> None:
    """A list that a formula makes for one search is not indexed for it; a short one never is."""
    table = Array([[f"k{number}", float(number)] for number in range(5000)])
    assert line_index(table, 0) is None
    index = line_index(table, 0)
    assert isinstance(index, LineIndex)
    assert line_index(table, 0) is index
    assert index.same_type("K4999") == [4999]
    short = Array.column(["a"] * (SMALLEST - 1))
    assert [line_index(short) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize(
    "search", ['VLOOKUP("K4999",body,2,FALSE)', 'XLOOKUP("k4999",keys,sums)', 'MAXIFS(sums,keys,"k4999")']
)
def test_exact_search_in_5_000_rows_compares_few_cells(search: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a lead costs does not grow with the table: counted in comparisons, not in seconds."""
    keys: list[Scalar] = [f"k{number}" for number in range(5000)]
    names = arrays(keys, keys)
    formula = parse(f"={search}")
    for _ in range(2):
        assert evaluate(formula, names, DAY) == 4999
    compared = []
    from mergecells.formula.functions import criteria, lookup, lookup_modes

    for module in (lookup, lookup_modes):
        original = module.compare
        monkeypatch.setattr(module, "compare", lambda one, two, to=original: compared.append(1) or to(one, two))
    folds = criteria.fold
    monkeypatch.setattr(criteria, "fold", lambda text: compared.append(1) or folds(text))
    assert evaluate(formula, names, DAY) == 4999
    assert 1 <= len(compared) <= 3


@pytest.mark.parametrize(
    "search", ['SUMIF(keys,"k4999",sums)', 'AVERAGEIF(keys,"k4999",sums)', 'SUMIFS(sums,keys,"k4999")']
)
def test_sum_where_copies_no_list(search: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table belongs to the Snapshot: no array is made of it for a lead."""
    keys: list[Scalar] = [f"k{number}" for number in range(5000)]
    names, formula, made = arrays(keys, keys), parse(f"={search}"), []
    original = Array.__init__
    monkeypatch.setattr(Array, "__init__", lambda self, rows: made.append(1) or original(self, rows))
    assert evaluate(formula, names, DAY) == 4999
    assert made == []
