"""Which functions an outside engine cannot compute at all; measured, and held to the engines by a test."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mergecells.formula import Formula, functions_used
from mergecells.formula.registry import GOOGLE
from mergecells.transforms.formula_engines import EngineName

COMPUTED_BY_XLCALCULATOR = frozenset(
    """
    ABS ACOS ACOSH AND ASIN ASINH ATAN AVERAGE CEILING CHOOSE CONCAT CONCATENATE COS COSH COUNT COUNTA COUNTIF
    COUNTIFS DATEDIF DAY DAYS DEGREES EOMONTH EVEN EXACT EXP FACT FACTDOUBLE FALSE FIND FLOOR IF IFERROR IFNA
    IFS INT IRR ISBLANK ISERR ISERROR ISEVEN ISNA ISNUMBER ISODD ISOWEEKNUM ISTEXT LEFT LEN LN LOG LOG10 LOWER
    MATCH MAX MID MIN MOD MONTH NA NOT NPV OR PI PMT POWER PV RADIANS REPLACE RIGHT ROUND ROUNDDOWN ROUNDUP SIGN
    SIN SLN SQRT SQRTPI SUM SUMIF SUMIFS SUMPRODUCT SWITCH TAN TODAY TRIM TRUE TRUNC UPPER VLOOKUP WEEKDAY XIRR XNPV
    YEAR YEARFRAC
    """.split()  # noqa: SIM905 - a table that people read and edit
)
"""Functions of which plain calls give the right value."""

SHEETS_ONLY = frozenset(
    """
    ADD ARRAYFORMULA ARRAY_CONSTRAIN AVERAGE.WEIGHTED COUNTUNIQUE COUNTUNIQUEIFS DIVIDE EPOCHTODATE EQ FLATTEN GT GTE
    ISBETWEEN ISEMAIL ISURL JOIN LT LTE MARGINOFERROR MINUS MULTIPLY NE PERCENTIF POW REGEXMATCH SINGLE SORTN SPLIT
    TO_DATE TO_DOLLARS TO_PERCENT TO_PURE_NUMBER TO_TEXT UMINUS UNARY_PERCENT UPLUS
    """.split()  # noqa: SIM905
)
"""The outside engines follow Excel."""

NOT_COMPUTED: Mapping[EngineName, frozenset[str]] = {
    "ironcalc": SHEETS_ONLY | {"AGGREGATE"},
    "formualizer": SHEETS_ONLY.union(
        """
        BYCOL BYROW DISC ENCODEURL EXPAND FVSCHEDULE INTRATE LAMBDA MAKEARRAY MAP MDETERM MINVERSE MMULT MUNIT PERCENTOF
        PERMUTATIONA PRICEDISC PROB RECEIVED REDUCE REGEXEXTRACT REGEXREPLACE REGEXTEST SCAN VDB WRAPCOLS WRAPROWS
        YIELDDISC
        """.split()  # noqa: SIM905
    ),
}
"""The other engines have nearly all: functions of which no plain call gives the right value."""


def has_function(engine: EngineName, name: str) -> bool:
    """Whether plain calls of the function are computed; never for what Google Sheets means by another's name."""
    if name in GOOGLE:
        return False
    if engine == "xlcalculator":
        return name.upper() in COMPUTED_BY_XLCALCULATOR
    return name.upper() not in NOT_COMPUTED[engine]


@lru_cache(maxsize=16_384)
def lacks(engine: EngineName, formula: Formula) -> str:
    """The first function in the formula that the engine cannot compute; empty when it can compute all."""
    return next((name for name, _, _ in functions_used(formula) if not has_function(engine, name)), "")
