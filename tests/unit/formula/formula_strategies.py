"""Random formulas and values for differential tests: mostly well-typed, with every odd value now and then."""

from __future__ import annotations

from hypothesis import strategies as st

from mergecells.formula.values import ERRORS, Array

NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 3.0, 10.0, 0.1, 0.5, 0.3, 2.5, 1.005, 1e-9, 1e15, 1e300, 60.0, 45351.0]),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
)
TEXTS = st.sampled_from(["", "a", "A", "Google", "google", "3", " 4 ", "1e3", "10%", "abc", "a*", "TRUE", "2024-02-29"])
SCALARS = st.one_of(
    NUMBERS, NUMBERS, TEXTS, st.booleans(), st.none(), st.sampled_from(sorted(ERRORS)).map(ERRORS.__getitem__)
)
LISTS = st.lists(SCALARS, min_size=1, max_size=4).map(Array.column)

FIELDS = ("x", "y", "z", "t", "u", "b")
VALUES = st.fixed_dictionaries(
    {
        "x": NUMBERS,
        "y": SCALARS,
        "z": st.one_of(NUMBERS, st.none()),
        "t": TEXTS,
        "u": SCALARS,
        "b": st.one_of(st.booleans(), st.none(), NUMBERS),
        "items": st.one_of(LISTS, SCALARS),
    }
)

_LITERALS = ["0", "1", "2", "10", "0.5", "0.3", "-3", "2.5", "1e3", "45351"]
_WORDS = ['""', '"a"', '"Google"', '"3"', '"a*"', '"abc"', '">1"', '"Y"', '"MD"']


_WITH_NAMES = [
    "LET(l_,{0},l_+IF(l_>1,l_,{1}))", "LET(f_,LAMBDA(p_,p_*2+{0}),f_(f_({1})))", "LAMBDA(p_,q_,SUM(p_,q_))({0},items)",
    "SUM(MAP(items,LAMBDA(c_,c_+{0})))", "REDUCE({0},items,LAMBDA(s_,c_,s_+c_))", "SUM(TAKE(items,{0}))",
    "SUM(DROP(items,{0}))", "SUM(WRAPROWS(items,{0}))", "ROWS(VSTACK(items,{0}))+@{1}",
]  # fmt: skip
_CUT = [
    'REGEXTEST({0},"[a-g]+")', "REGEXMATCH({0},{1})", 'REGEXEXTRACT({0},"(o|3)+")', 'REGEXREPLACE({0},"[a3]",{1})',
    "TEXTBEFORE({0},{1})", "TEXTAFTER({0},{1})", 'INDEX(SPLIT({0},"o"),1)', 'REGEXTEST({0},"(")',
]  # fmt: skip


def _number(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.sampled_from
    calls = [
        st.tuples(inner, one("+-*/^"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        inner.map(lambda a: f"-{a}"),
        inner.map(lambda a: f"{a}%"),
        st.tuples(one(["MAX", "MIN", "SUM", "AVERAGE", "MEDIAN", "COUNT", "PRODUCT"]), inner, inner, inner).map(
            lambda p: f"{p[0]}({p[1]},{p[2]},{p[3]})"
        ),
        st.tuples(one(["ABS", "INT", "SQRT", "LN", "EXP", "LEN", "VALUE", "N", "YEAR", "WEEKDAY"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(one(["ROUND", "ROUNDUP", "ROUNDDOWN", "MOD", "POWER", "EDATE"]), inner, inner).map(
            lambda p: f"{p[0]}({p[1]},{p[2]})"
        ),
        st.tuples(inner, inner).map(lambda p: f"COUNTIF({p[0]},{p[1]})"),
        st.tuples(inner, inner, one(['"Y"', '"YD"', '"MD"', '"D"'])).map(lambda p: f"DATEDIF({p[0]},{p[1]},{p[2]})"),
        inner.map(lambda a: f"LOOKUP({a},{{0,1,10}},{{0.1,0.5,1}})"),
        inner.map(lambda a: f'MATCH({a},{{"a","google",3}},0)'),
        st.tuples(one(["SEARCH", "FIND"]), inner, inner).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
        inner.map(lambda a: f"SUM(items,{a})"),
        st.tuples(one(["XLOOKUP", "XMATCH"]), inner, one(["0", "-1", "1", "2"])).map(
            lambda p: f"{p[0]}({p[1]},items,{'items,9,' if p[0] == 'XLOOKUP' else ''}{p[2]})"
        ),
        st.tuples(one(["AVERAGEA", "STDEV.P", "GCD", "SUMSQ", "MAXA"]), inner).map(lambda p: f"{p[0]}(items,{p[1]})"),
        st.tuples(one(["SORT", "UNIQUE", "TRANSPOSE"]), inner).map(lambda p: f"SUM({p[0]}(items),{p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"SUM(FILTER(items,items>{p[0]},{p[1]}))"),
        st.tuples(inner, inner).map(lambda p: f"NETWORKDAYS({p[0]},{p[1]},items)"),
        inner.map(lambda a: f"RANK({a},items)+PERCENTILE(items,{a})"),
        st.tuples(one(_WITH_NAMES), inner, inner).map(lambda p: p[0].format(*p[1:])),
    ]
    return st.one_of(calls)


def _other(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.sampled_from
    calls = [
        st.tuples(inner, one(["=", "<>", "<", ">", "<=", ">="]), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}&{p[1]})"),
        st.tuples(one(["AND", "OR", "XOR"]), inner, inner).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
        inner.map(lambda a: f"NOT({a})"),
        st.tuples(inner, one(['"0.00"', '"#,##0"', '"0%"', '"yyyy-mm-dd"', "t"])).map(lambda p: f"TEXT({p[0]},{p[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"IF({p[0]},{p[1]},{p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"IF({p[0]},{p[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"IFS({p[0]},{p[1]},TRUE,{p[2]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"IFS({p[0]},{p[1]},{p[2]},1)"),
        st.tuples(one(["IFERROR", "IFNA"]), inner, inner).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
        st.tuples(inner, inner, inner).map(lambda p: f'SWITCH({p[0]},"a",{p[1]},"Google",2,{p[2]})'),
        st.tuples(inner, inner, inner).map(lambda p: f"SWITCH({p[0]},{p[1]},1,{p[2]},2)"),
        st.tuples(inner, inner, inner).map(lambda p: f"CHOOSE({p[0]},{p[1]},{p[2]})"),
        st.tuples(
            one(["ISBLANK", "ISNUMBER", "ISTEXT", "ISERROR", "ISNA", "TYPE", "LOWER", "TRIM", "T", "UPPER"]), inner
        ).map(lambda p: f"{p[0]}({p[1]})"),
        inner.map(lambda a: f'ISNUMBER(SEARCH("oo",{a}))'),
        st.tuples(one(["LEFT", "RIGHT", "REPT"]), inner, inner).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"SUBSTITUTE({p[0]},{p[1]},{p[2]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"TEXTJOIN({p[0]},TRUE,{p[1]},{p[2]},items)"),
        st.tuples(inner, inner).map(lambda p: f"CONCAT({p[0]},{p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"EXACT({p[0]},{p[1]})"),
        st.tuples(one(_CUT), inner, inner).map(lambda p: p[0].format(*p[1:])),
        st.tuples(
            one(["REGEXTEST", "REGEXMATCH", "REGEXEXTRACT"]), inner, one(['"[a-g]+"', '"(o|3)+"', "t", '"("'])
        ).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
    ]
    return st.one_of(calls)


_LEAVES = st.one_of(
    st.sampled_from(_LITERALS),
    st.sampled_from([*FIELDS, *FIELDS, "items"]),
    st.sampled_from(_WORDS),
    st.sampled_from(["TRUE", "FALSE", "#N/A", "TODAY()", "{1,2,3}", '{"a";2}', "missing"]),
)

FORMULAS = st.recursive(_LEAVES, lambda inner: st.one_of(_number(inner), _other(inner)), max_leaves=12).map("=".__add__)
