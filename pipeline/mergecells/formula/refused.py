"""Published functions that are not in the language: name → why, and what to use.

`tests/conformance/published` has the functions that Microsoft and Google publish; a test holds that each of them is in
the table of functions or here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CLOCK: Final = "it reads the clock; use TODAY(), which is the evaluation date that the caller gives"
_DICE: Final = "it gives another number each time, so the same lead would not get the same score"
_INDIRECT: Final = "what it refers to is known only while it runs; use field names"
_OUTSIDE: Final = "it reads from outside the config"
_MODEL: Final = "it asks a language service, whose answers change; use the prompts of the config"
_CUBE: Final = "it asks an analysis server"
_DATABASE: Final = (
    "it finds columns by titles in the first row of a range, and tables have no such row in formulas; "
    "use SUMIFS, COUNTIFS, AVERAGEIFS, MAXIFS, MINIFS or FILTER"
)
_CELL: Final = "it asks about a cell, and a name here is a value"
_REPORT: Final = "it makes a report of many cells; use UNIQUE and SUMIFS"
_COMPLEX: Final = "complex numbers are no values here"
_BESSEL: Final = "it is of physics, not of rules"
_COUPONS: Final = "it needs a calendar of coupons; use DISC, INTRATE, PRICEDISC, RECEIVED, or XNPV of the payments"
_FRENCH: Final = "it follows an accounting rule of one country; use SLN, DB, DDB or VDB"
_FORECAST: Final = "its smoothing is not published to the digit; use FORECAST.LINEAR, TREND or GROWTH"
_BYTES: Final = "it counts bytes of a character set that the program's language sets; use the function without B"
_SCRIPT: Final = "what it gives depends on the language of the program"
_ADDIN: Final = "it belongs to an add-in"


def _because(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


VOLATILE: Final[Mapping[str, str]] = {
    **_because(_CLOCK, "NOW"),
    **_because(_DICE, "RAND RANDBETWEEN RANDARRAY"),
    **_because(_INDIRECT, "INDIRECT OFFSET ADDRESS CELL INFO"),
    **_because(
        _OUTSIDE,
        "IMPORTRANGE IMPORTDATA IMPORTFEED IMPORTHTML IMPORTXML GOOGLEFINANCE WEBSERVICE RTD STOCKHISTORY IMAGE "
        "HYPERLINK",
    ),
    **_because(_MODEL, "AI COPILOT GOOGLETRANSLATE TRANSLATE DETECTLANGUAGE"),
    **_because(_CUBE, "CUBEKPIMEMBER CUBEMEMBER CUBEMEMBERPROPERTY CUBERANKEDMEMBER CUBESET CUBESETCOUNT CUBEVALUE"),
    **_because(_ADDIN, "CALL EUROCONVERT REGISTER.ID SQL.REQUEST"),
}
"""Their answer would not depend on the lead, the config and the evaluation date alone."""

REFUSED: Final[Mapping[str, str]] = {
    **_because(_CELL, "ISFORMULA FORMULATEXT ISREF ROW COLUMN AREAS SHEET SHEETS GETPIVOTDATA TRIMRANGE"),
    "QUERY": "what it asks is a text that no check can read; use FILTER, SORT, UNIQUE, SUMIFS or XLOOKUP",
    "SPARKLINE": "it draws in a cell and has no value",
    "FILTERXML": "it reads XML; put what it would find into a field of the lead",
    "ISDATE": "a date is a number here; use ISNUMBER, or ISNUMBER(DATEVALUE(text)) for a text",
    "ISOMITTED": "a LAMBDA has no arguments that may be left out here",
    **_because(_REPORT, "GROUPBY PIVOTBY"),
    **_because(_DATABASE, "DAVERAGE DCOUNT DCOUNTA DGET DMAX DMIN DPRODUCT DSTDEV DSTDEVP DSUM DVAR DVARP"),
    **_because(
        _COMPLEX,
        "COMPLEX IMABS IMAGINARY IMARGUMENT IMCONJUGATE IMCOS IMCOSH IMCOT IMCOTH IMCSC IMCSCH IMDIV IMEXP IMLN IMLOG "
        "IMLOG10 IMLOG2 IMPOWER IMPRODUCT IMREAL IMSEC IMSECH IMSIN IMSINH IMSQRT IMSUB IMSUM IMTAN IMTANH",
    ),
    **_because(_BESSEL, "BESSELI BESSELJ BESSELK BESSELY"),
    **_because(
        _COUPONS,
        "ACCRINT COUPDAYBS COUPDAYS COUPDAYSNC COUPNCD COUPNUM COUPPCD DURATION MDURATION ODDFPRICE ODDFYIELD "
        "ODDLPRICE ODDLYIELD PRICE PRICEMAT YIELD YIELDMAT",
    ),
    **_because(_FRENCH, "AMORDEGRC AMORLINC"),
    **_because(_FORECAST, "FORECAST.ETS FORECAST.ETS.CONFINT FORECAST.ETS.SEASONALITY FORECAST.ETS.STAT"),
    **_because(_BYTES, "FINDB LEFTB LENB MIDB REPLACEB RIGHTB SEARCHB"),
    **_because(_SCRIPT, "ASC BAHTTEXT DBCS JIS PHONETIC"),
}
"""Known and deliberately not here."""
