"""Claims that are bought below their value and pay no interest until they fall due: invoices, bills, zero bonds.
Source: Microsoft support, the page of each function. Years are counted as in YEARFRAC.
"""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.functions.dates import checked_parts
from mergecells.formula.functions.math import finite, require
from mergecells.formula.functions.year_fractions import year_fraction
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, Fault

_BILL_YEAR: Final = 360.0
_HALF_YEAR: Final = 182.0


def _years(settlement: float, maturity: float, basis: float) -> float:
    """Raises Fault(#NUM!) unless the maturity is later."""
    require(math.floor(settlement) < math.floor(maturity))
    years = year_fraction(settlement, maturity, basis)
    require(years > 0.0)
    return years


@function(
    "DISC(settlement, maturity, price, redemption, [basis])",
    "nnnnn",
    "n",
    "financial",
    "The yearly discount of a claim.",
    optional=1,
)
def _disc(settlement: float, maturity: float, price: float, redemption: float, basis: float = 0.0) -> float:
    require(price > 0.0, redemption > 0.0)
    return finite((1.0 - price / redemption) / _years(settlement, maturity, basis))


@function(
    "INTRATE(settlement, maturity, investment, redemption, [basis])",
    "nnnnn",
    "n",
    "financial",
    "The yearly interest of a claim that is held until it is due.",
    optional=1,
)
@function(
    "YIELDDISC(settlement, maturity, price, redemption, [basis])",
    "nnnnn",
    "n",
    "financial",
    "The yearly yield of a claim with a discount.",
    optional=1,
)
def _intrate(settlement: float, maturity: float, investment: float, redemption: float, basis: float = 0.0) -> float:
    require(investment > 0.0, redemption > 0.0)
    return finite((redemption / investment - 1.0) / _years(settlement, maturity, basis))


@function(
    "RECEIVED(settlement, maturity, investment, discount, [basis])",
    "nnnnn",
    "n",
    "financial",
    "What a claim pays when it is due.",
    optional=1,
)
def _received(settlement: float, maturity: float, investment: float, discount: float, basis: float = 0.0) -> float:
    require(investment > 0.0, discount > 0.0)
    left = 1.0 - discount * _years(settlement, maturity, basis)
    require(left > 0.0)
    return finite(investment / left)


@function(
    "PRICEDISC(settlement, maturity, discount, redemption, [basis])",
    "nnnnn",
    "n",
    "financial",
    "The price of a claim with a discount.",
    optional=1,
)
def _pricedisc(settlement: float, maturity: float, discount: float, redemption: float, basis: float = 0.0) -> float:
    require(discount > 0.0, redemption > 0.0)
    return finite(redemption - discount * redemption * _years(settlement, maturity, basis))


@function(
    "ACCRINTM(issue, settlement, rate, par, [basis])",
    "nnnnn",
    "n",
    "financial",
    "The interest that is due at once when a claim is settled.",
    optional=1,
)
def _accrintm(issue: float, settlement: float, rate: float, par: float, basis: float = 0.0) -> float:
    require(rate > 0.0, par > 0.0)
    return finite(par * rate * _years(issue, settlement, basis))


def _bill_days(settlement: float, maturity: float) -> float:
    """Days until a Treasury bill is due. Raises Fault(#NUM!) for none, and for more than a year."""
    first, last = math.floor(settlement), math.floor(maturity)
    one, other = checked_parts(first), checked_parts(last)
    if first >= last or (other.year - one.year, other.month, other.day) > (1, one.month, one.day):
        raise Fault(NUM)
    return float(last - first)


@function("TBILLPRICE(settlement, maturity, discount)", "nnn", "n", "financial", "The price of a Treasury bill of 100.")
def _tbillprice(settlement: float, maturity: float, discount: float) -> float:
    days = _bill_days(settlement, maturity)
    require(discount > 0.0)
    price = 100.0 * (1.0 - discount * days / _BILL_YEAR)
    require(price > 0.0)
    return price


@function("TBILLYIELD(settlement, maturity, price)", "nnn", "n", "financial", "The yield of a Treasury bill of 100.")
def _tbillyield(settlement: float, maturity: float, price: float) -> float:
    days = _bill_days(settlement, maturity)
    require(price > 0.0)
    return finite((100.0 - price) / price * _BILL_YEAR / days)


@function(
    "TBILLEQ(settlement, maturity, discount)", "nnn", "n", "financial", "The yield of a Treasury bill as of a bond."
)
def _tbilleq(settlement: float, maturity: float, discount: float) -> float:
    """Beyond half a year with the interest of the first half."""
    days = _bill_days(settlement, maturity)
    require(discount > 0.0)
    price = 1.0 - discount * days / _BILL_YEAR
    if days <= _HALF_YEAR:
        require(price != 0.0)
        return finite(365.0 * discount / (_BILL_YEAR - discount * days))
    require(price > 0.0)
    part = days / (366.0 if days == 366.0 else 365.0)
    root = math.sqrt(part * part - (2.0 * part - 1.0) * (1.0 - 1.0 / price))
    return finite(2.0 * (root - part) / (2.0 * part - 1.0))
