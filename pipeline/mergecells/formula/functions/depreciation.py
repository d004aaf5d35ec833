"""What a thing loses in value; and rates of interest in other forms."""

from __future__ import annotations

import math

from mergecells.formula.functions.math import bounded, finite, require
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault


@function("SLN(cost, salvage, life)", "nnn", "n", "financial", "The loss in each period, the same in all.")
def _sln(cost: float, salvage: float, life: float) -> float:
    if life == 0.0:
        raise Fault(DIV0)
    return finite((cost - salvage) / life)


@function("SYD(cost, salvage, life, period)", "nnnn", "n", "financial", "The loss by the sum of the years' digits.")
def _syd(cost: float, salvage: float, life: float, period: float) -> float:
    require(life > 0, 1 <= period <= life)
    return finite((cost - salvage) * (life - period + 1.0) * 2.0 / (life * (life + 1.0)))


@function(
    "DB(cost, salvage, life, period, [months])",
    "nnnnn",
    "n",
    "financial",
    "The loss at a fixed rate of three decimals; months of the first year.",
    optional=1,
)
@bounded
def _db(cost: float, salvage: float, life: float, period: float, months: float = 12.0) -> float:
    require(cost >= 0, salvage >= 0, life > 0, period >= 1, 1 <= months < 13)
    whole, first_year = int(period), int(months)
    require(whole <= life + (first_year < 12))
    if cost == 0.0:
        return 0.0
    rate = math.floor((1.0 - (salvage / cost) ** (1.0 / life)) * 1000.0 + 0.5) / 1000.0
    first = cost * rate * first_year / 12.0
    if whole == 1:
        return finite(first)
    left = (cost - first) * (1.0 - rate) ** (whole - 2)
    return finite(left * rate * ((12.0 - first_year) / 12.0 if whole > life else 1.0))


@function(
    "DDB(cost, salvage, life, period, [factor])",
    "nnnnn",
    "n",
    "financial",
    "The loss at twice the straight rate, or another factor, down to the salvage value.",
    optional=1,
)
def _ddb(cost: float, salvage: float, life: float, period: float, factor: float = 2.0) -> float:
    require(cost >= 0, salvage >= 0, life > 0, factor > 0, 1 <= period <= life)
    rate = min(factor / life, 1.0)
    before = cost * (1.0 - rate) ** (period - 1.0)
    after = cost * (1.0 - rate) ** period
    return finite(max(before - max(after, salvage), 0.0))


@function("EFFECT(rate, periods)", "nn", "n", "financial", "The yearly rate of a nominal one that is paid in periods.")
def _effect(rate: float, periods: float) -> float:
    require(rate > 0, 1 <= periods < 1e15)
    return finite(_power(1.0 + rate / int(periods), float(int(periods))) - 1.0)


@function("NOMINAL(rate, periods)", "nn", "n", "financial", "The nominal rate, paid in periods, of a yearly one.")
def _nominal(rate: float, periods: float) -> float:
    require(rate > 0, 1 <= periods < 1e15)
    return finite((_power(1.0 + rate, 1.0 / int(periods)) - 1.0) * int(periods))


@function("RRI(periods, present, future)", "nnn", "n", "financial", "The interest that makes one value the other.")
def _rri(periods: float, present: float, future: float) -> float:
    require(periods > 0, present != 0.0)
    return finite(_power(future / present, 1.0 / periods) - 1.0)


@function("PDURATION(rate, present, future)", "nnn", "n", "financial", "How many periods until one value is the other.")
def _pduration(rate: float, present: float, future: float) -> float:
    require(rate > 0, present > 0, future > 0)
    return finite((math.log(future) - math.log(present)) / math.log1p(rate))


@function("FVSCHEDULE(present, rates)", "nN", "n", "financial", "What a value grows to at changing rates.")
def _fvschedule(present: float, rates: tuple[float, ...]) -> float:
    return finite(present * math.prod(1.0 + rate for rate in rates))


def _power(base: float, exponent: float) -> float:
    """Raises Fault(#NUM!) for what is not real or too large."""
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        raise Fault(NUM) from None
    if isinstance(result, complex):
        raise Fault(NUM)
    return float(result)


@function(
    "DOLLARDE(price, fraction)", "nn", "n", "financial", "A price in fractions, such as 1.02 sixteenths, in decimals."
)
def _dollarde(price: float, fraction: float) -> float:
    whole, rest, parts = _split(price, fraction)
    return whole + rest * 10.0 ** math.ceil(math.log10(parts)) / parts


@function("DOLLARFR(price, fraction)", "nn", "n", "financial", "A decimal price in fractions.")
def _dollarfr(price: float, fraction: float) -> float:
    whole, rest, parts = _split(price, fraction)
    return whole + rest * parts / 10.0 ** math.ceil(math.log10(parts))


def _split(price: float, fraction: float) -> tuple[float, float, int]:
    """Raises Fault: #NUM! for a fraction below 0, #DIV/0! below 1."""
    require(fraction >= 0)
    if fraction < 1:
        raise Fault(DIV0)
    whole = float(math.trunc(price))
    return whole, price - whole, int(min(fraction, 1e15))
