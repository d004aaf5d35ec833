"""Known defects of IronCalc 0.9.1."""

from __future__ import annotations

from mergecells.formula import Array, Value
from mergecells.formula.nodes import ArrayLiteral
from mergecells.formula.values import DIV0, NUM, VALUE
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.formula_uses import (
    BETWEEN_DAYS,
    COMPARISONS,
    CRITERIA,
    EARLY,
    FROM_DAY,
    LOOKUPS,
    QUANTILES,
    SPREADS,
    TEXT_FUNCTIONS,
    Condition,
    any_array,
    any_error,
    any_text,
    any_truth,
    calls,
    calls_with,
    either,
    has_value,
    is_text,
    many_digits,
    number_among,
    operates,
    other_kind,
    shapes_differ,
    text_among,
    unusual_number_text,
)


def _defect(what: str, case: str, gives: Value, applies: Condition, **inputs: Value) -> Defect:
    return Defect("ironcalc", what, case, gives, applies, inputs)


IRONCALC = (
    _defect(
        "stops AND and OR at the first value that decides", "=AND(FALSE,1/0)", False, calls("AND", "OR", when=any_error)
    ),
    _defect(
        "does not search arrays written into a formula",
        "=COUNT({1,2})",
        0.0,
        calls_with("COUNT", "COUNTA", "COUNTBLANK", *CRITERIA, *LOOKUPS, *QUANTILES, part=ArrayLiteral),
    ),
    _defect(
        "joins numbers with 17 digits instead of 15",
        '=x&""',
        "0.3333333333333333",
        either(
            operates("&", lambda v: any(map(many_digits, v))),
            calls(*TEXT_FUNCTIONS, when=lambda v: any(map(many_digits, v))),
        ),
        x=1 / 3,
    ),
    _defect(
        "gives no number and no error for the arc of more than 1",
        "=ISERR(ACOS(x))",
        False,
        calls("ACOS", "ASIN", when=number_among(lambda n: abs(n) > 1)),
        x=2.0,
    ),
    _defect(
        "looks up values of another kind than the list's",
        "=LOOKUP(x,t)",
        3.0,
        calls(*LOOKUPS, when=other_kind),
        x=False,
        t=Array.column([1.0, 3.0]),
    ),
    _defect("has no day 0 and no fictional 1900-02-29", "=MONTH(x)", NUM, EARLY, x=0.0),
    _defect(
        "gives another error for quantiles and ranks of errors and texts",
        "=QUARTILE(x/0,1)",
        VALUE,
        calls(*QUANTILES, when=lambda v: any_error(v) or any_text(v) or any_truth(v) or None in v),
        x=1.0,
    ),
    _defect(
        'counts no numbers for the criterion "<>text"',
        '=COUNTIF(t,"<>a")',
        0.0,
        calls(*CRITERIA, when=text_among(lambda s: s.startswith("<>"))),
        t=Array.column([1.0, 2.0]),
    ),
    _defect(
        "counts errors among criteria otherwise", '=COUNTIF(x/0,"a")', DIV0, calls(*CRITERIA, when=any_error), x=1.0
    ),
    _defect(
        "takes lists of different sizes in criteria",
        '=MAXIFS(t,t,">0",u,1)',
        2.0,
        calls(*CRITERIA, when=shapes_differ),
        t=Array.column([1.0, 2.0]),
        u=Array.column([1.0, 1.0, 1.0]),
    ),
    _defect(
        "shows texts and truth values in TEXT otherwise",
        '=TEXT(x,"0%")',
        "-3",
        calls("TEXT", when=lambda v: not isinstance(v[0], float)),
        x="-3",
    ),
    _defect(
        "rounds half days down in WORKDAY",
        "=WORKDAY(45351,x)",
        45349.0,
        calls("WORKDAY", when=number_among(lambda n: not n.is_integer())),
        x=-1.5,
    ),
    _defect(
        "reads the units of DATEDIF otherwise",
        '=DATEDIF(45322,45352,"MD")',
        1.0,
        calls("DATEDIF", when=lambda v: v[-1] not in ("Y", "M", "D")),
    ),
    _defect(
        "has no limit of 2^27 for angles",
        "=SIN(x)",
        -0.7634032288019807,
        calls("SIN", "COS", "TAN", when=number_among(lambda n: abs(n) >= 2**27)),
        x=2.0**27,
    ),
    _defect(
        "gives another error for powers beyond the range of numbers",
        "=10^x",
        DIV0,
        either(operates("^", lambda _: True), calls("POWER")),
        x=400.0,
    ),
    _defect(
        "reads fewer texts as numbers",
        "=x+0",
        VALUE,
        has_value(lambda v: isinstance(v, str) and unusual_number_text(v)),
        x="(5)",
    ),
    _defect("keeps empty texts in TEXTJOIN", '=TEXTJOIN("-",TRUE,"a",x,"b")', "a--b", calls("TEXTJOIN"), x=""),
    _defect("writes a minus sign before a rounded 0 in FIXED", "=FIXED(x,1)", "-0.0", calls("FIXED"), x=-0.001),
    _defect(
        "rounds halves in TEXT by their binary digits, and writes no minus before a rounded 0",
        '=TEXT(x,"0")',
        "2",
        calls("TEXT", when=lambda v: isinstance(v[0], float)),
        x=2.5,
    ),
    _defect(
        "takes texts that are no conditions for conditions",
        '=AND("-3",x)',
        True,
        calls("AND", "OR", "XOR", "NOT", when=any_text),
        x=2.0,
    ),
    _defect(
        "takes no truth values for dates",
        "=EDATE(x,1)",
        VALUE,
        calls(*FROM_DAY, *BETWEEN_DAYS, when=any_truth),
        x=True,
    ),
    _defect(
        "does not find an empty text",
        "=FIND(x,x)",
        VALUE,
        calls("FIND", "SEARCH", when=text_among(lambda s: not s)),
        x="",
    ),
    _defect(
        "gives another error for spreads of a text",
        "=VAR.S(x&x)",
        DIV0,
        calls(*SPREADS, when=lambda v: any_text(v) or any_truth(v)),
        x="a",
    ),
    _defect(
        "has no smallest of a single number",
        "=SMALL(x,1)",
        NUM,
        calls("SMALL", "LARGE", when=lambda v: not isinstance(v[0], Array)),
        x=1.0,
    ),
    _defect(
        "says nothing of the one cell of a list",
        "=ISNUMBER(t)",
        False,
        calls("ISNUMBER", "ISTEXT", "ISLOGICAL", "ISNONTEXT", "ISBLANK", "TYPE", when=any_array),
        t=Array.column([1.0]),
    ),
    _defect(
        "orders texts by their capital letters",
        "=x<y",
        False,
        operates(COMPARISONS, lambda v: all(map(is_text, v))),
        x="]",
        y="z",
    ),
    _defect(
        "computes with numbers beyond the range",
        "=ATAN(EXP(x))",
        1.5707963267948966,
        calls("EXP", "SINH", "COSH", "FACT", when=number_among(lambda n: n > 700)),
        x=45351.0,
    ),
    _defect(
        "gives an error for a blank among values",
        "=MAXA(x)",
        VALUE,
        calls("MAXA", "MINA", "AVERAGEA", when=lambda v: None in v),
        x=None,
    ),
    _defect(
        "loses digits in spreads of close numbers",
        "=STDEV(t)",
        0.0024748737281576625,
        calls(*SPREADS),
        t=Array.column([8.5705, 8.574]),
    ),
    _defect("skips a text written among numbers", '=SUMSQ("a")', 0.0, calls("SUMSQ", "PRODUCT", when=any_text)),
)
