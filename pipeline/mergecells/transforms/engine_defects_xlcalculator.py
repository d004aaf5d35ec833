"""Known defects of xlcalculator 0.5.0 (the last release, of 2023)."""

from __future__ import annotations

from mergecells.formula import Array, Value
from mergecells.formula.nodes import ArrayLiteral, ErrorLiteral, Omitted
from mergecells.formula.values import NUM
from mergecells.transforms.engine_defect import Answers, Defect, any_answer, two_numbers
from mergecells.transforms.formula_uses import (
    ARITHMETIC,
    COMPARISONS,
    CRITERIA,
    TEXT_FUNCTIONS,
    Condition,
    almost_equal,
    any_array,
    any_text,
    any_truth,
    calls,
    either,
    has_value,
    is_error,
    is_text,
    mixed_kinds,
    operates,
    percent_of_value,
    signs,
    text_among,
    unknown_name,
    wild,
    written,
)

_TEXT_FUNCTIONS = ("LEN", "LEFT", "MID", "LOWER", "UPPER", "FIND", "EXACT", "CONCAT", "CONCATENATE", "TRIM", "RIGHT")
_AGGREGATES = ("SUM", "AVERAGE", "MAX", "MIN", "COUNT", "COUNTA", "SUMPRODUCT")


def _defect(
    what: str, case: str, gives: Value, applies: Condition, answers: Answers = any_answer, **inputs: Value
) -> Defect:
    return Defect(what, case, {"xlcalculator": gives}, applies, inputs, answers)


XLCALCULATOR = (
    _defect(
        "keeps repeated blanks in TRIM",
        '=TRIM("a  b")',
        "a  b",
        calls("TRIM", when=text_among(lambda s: "  " in s)),
    ),
    _defect("replaces every occurrence in REPLACE", '=REPLACE("aXaX",2,1,"b")', "abab", calls("REPLACE")),
    _defect(
        "returns the whole text from RIGHT for 0 characters",
        '=RIGHT("abc",0)',
        "abc",
        calls("RIGHT", when=lambda v: v[-1] in (0.0, None, False)),
    ),
    _defect(
        "counts months and remaining days wrongly in DATEDIF",
        '=DATEDIF(45351,46023,"M")',
        21.0,
        calls("DATEDIF", when=lambda v: v[-1] not in ("D", "d")),
    ),
    _defect(
        "loses error values on the way",
        "=IF(ISNUMBER(x/0),1,x/0)",
        1.0,
        either(has_value(is_error), written(ErrorLiteral)),
        x=1.0,
    ),
    _defect("does not read arrays written into a formula", "=SUM({1,2,3})", None, written(ArrayLiteral)),
    _defect(
        "takes a text for a condition in AND and OR",
        "=OR(t,FALSE)",
        True,
        calls("AND", "OR", "XOR", when=any_text),
        t="T",
    ),
    _defect("does not read arguments left out", "=IF(x>3,1,)", None, written(Omitted), x=1.0),
    _defect(
        "does not compute with lists cell by cell",
        "=SUM(t*2)",
        None,
        either(operates((*ARITHMETIC, "&", *COMPARISONS), any_array), signs(lambda v: isinstance(v, Array))),
        t=Array.column([1.0, 2.0]),
    ),
    _defect("does not read % after a value", "=x%", None, percent_of_value, x=50.0),
    _defect(
        "joins numbers and truth values to a text otherwise",
        '=x&"a"',
        "Truea",
        operates("&", lambda v: not all(map(is_text, v))),
        x=True,
    ),
    _defect(
        "compares values of different kinds otherwise", "=x=y", True, operates(COMPARISONS, mixed_kinds), x="5", y=5.0
    ),
    _defect(
        "compares all 17 digits",
        "=x+0.2=0.3",
        False,
        either(operates(COMPARISONS, almost_equal), calls("MIN", "MAX", when=almost_equal)),
        x=0.1,
    ),
    _defect(
        "knows no wildcards",
        '=COUNTIF(t,"a*")',
        0.0,
        calls("COUNTIF", "COUNTIFS", "SUMIF", "SUMIFS", "SEARCH", when=lambda v: any(map(wild, v))),
        t=Array.column(["ab", "b"]),
    ),
    _defect(
        "counts texts and truth values among numbers otherwise",
        "=SUM(x,1)",
        2.0,
        calls(*_AGGREGATES, when=lambda v: any_text(v) or any_truth(v)),
        x=True,
    ),
    _defect(
        "takes a blank cell for a number in AVERAGE",
        "=AVERAGE(x,4)",
        2.0,
        calls("AVERAGE", when=lambda v: None in v),
        x=None,
    ),
    _defect(
        "rounds to steps by the binary digits",
        "=FLOOR(x,0.1)",
        0.2,
        calls("CEILING", "FLOOR", "MROUND", "MOD", "ROUNDUP", "ROUNDDOWN", "TRUNC"),
        two_numbers,
        x=0.3,
    ),
    _defect(
        "ignores the column index of VLOOKUP",
        "=VLOOKUP(x,t,1,FALSE)",
        2.0,
        calls("VLOOKUP"),
        x=1.0,
        t=Array([[1.0, 2.0, 3.0], [2.0, 5.0, 6.0]]),
    ),
    _defect(
        "takes an empty text for blank in ISBLANK",
        "=ISBLANK(x)",
        True,
        calls("ISBLANK", when=lambda v: v[0] == ""),
        x="",
    ),
    _defect(
        "tells kinds apart otherwise in criteria",
        '=COUNTIF(t,">0")',
        2.0,
        calls(*CRITERIA, when=lambda v: any_text(v) or any_truth(v)),
        t=Array.column(["a", "", 1.0]),
    ),
    _defect(
        "counts parts of a year otherwise in YEARFRAC",
        "=YEARFRAC(x,y,1)",
        1.0018339696085037,
        calls("YEARFRAC"),
        two_numbers,
        x=1217.0,
        y=1583.0,
    ),
    _defect(
        "takes no payments in advance in PMT",
        "=ROUND(PMT(0.08/12,10,x,0,1),2)",
        -1037.03,
        calls("PMT", when=lambda v: len(v) > 4),
        x=10000.0,
    ),
    _defect("takes an unknown name for a blank", "=ISERROR(missing)", False, unknown_name),
    _defect("has no FACTDOUBLE of -1", "=FACTDOUBLE(x)", NUM, calls("FACTDOUBLE"), x=-1.0),
    _defect(
        "writes truth values with one capital letter",
        "=CONCATENATE(x,1)",
        "True1",
        calls(*TEXT_FUNCTIONS, when=any_truth),
        x=True,
    ),
)
