"""Loans and savings with equal payments. Money paid out is negative, as in a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault

_STEPS: Final = 100
_NEAR: Final = 1e-12


def _growth(rate: float, periods: float) -> float:
    """`(1 + rate) ^ periods`; #NUM! where it is not real or too large."""
    try:
        result = (1.0 + rate) ** periods
    except (OverflowError, ZeroDivisionError):
        raise Fault(NUM) from None
    if isinstance(result, complex):
        raise Fault(NUM)
    return float(result)


def _payments_worth(rate: float, periods: float, due: float) -> float:
    """What payments of 1 in each period have grown to at the end."""
    if rate == 0.0:
        return periods
    # expm1 and log1p keep the digits of small rates
    grown = periods * math.log1p(rate) if -1.0 < rate < 1.0 and abs(periods) < 1e6 else None
    growth = _growth(rate, periods) - 1.0 if grown is None or grown > 700.0 else math.expm1(grown)
    return finite((1.0 + rate if due else 1.0) * growth / rate)


def future_value(rate: float, periods: float, payment: float, present: float, due: float) -> float:
    """What is there at the end. `due` is not 0 for payments at the beginning of each period."""
    return finite(-present * _growth(rate, periods) - payment * _payments_worth(rate, periods, due))


def payment_of(rate: float, periods: float, present: float, future: float, due: float) -> float:
    """The equal payment. Raises Fault(#NUM!) without periods."""
    worth = _payments_worth(rate, periods, due)
    if worth == 0.0:
        raise Fault(NUM)
    return finite(-(future + present * _growth(rate, periods)) / worth)


@function(
    "FV(rate, periods, payment, [present], [due])",
    "nnnnn",
    "n",
    "financial",
    "What savings or a loan grow to.",
    optional=2,
)
def _fv(rate: float, periods: float, payment: float, present: float = 0.0, due: float = 0.0) -> float:
    return future_value(rate, periods, payment, present, due)


@function(
    "PV(rate, periods, payment, [future], [due])",
    "nnnnn",
    "n",
    "financial",
    "What payments are worth today.",
    optional=2,
)
def _pv(rate: float, periods: float, payment: float, future: float = 0.0, due: float = 0.0) -> float:
    growth = _growth(rate, periods)
    if growth == 0.0:
        raise Fault(NUM)
    return finite(-(future + payment * _payments_worth(rate, periods, due)) / growth)


@function(
    "PMT(rate, periods, present, [future], [due])", "nnnnn", "n", "financial", "The payment in each period.", optional=2
)
def _pmt(rate: float, periods: float, present: float, future: float = 0.0, due: float = 0.0) -> float:
    return payment_of(rate, periods, present, future, due)


@function(
    "NPER(rate, payment, present, [future], [due])", "nnnnn", "n", "financial", "How many periods it takes.", optional=2
)
def _nper(rate: float, payment: float, present: float, future: float = 0.0, due: float = 0.0) -> float:
    if rate == 0.0:
        if payment == 0.0:
            raise Fault(NUM)
        return finite(-(present + future) / payment)
    each = payment * (1.0 + rate if due else 1.0)
    above, below = each - future * rate, each + present * rate
    if rate <= -1.0 or below == 0.0 or above / below <= 0.0:
        raise Fault(NUM)
    return finite(math.log(above / below) / math.log1p(rate))


@function(
    "RATE(periods, payment, present, [future], [due], [guess])",
    "nnnnnn",
    "n",
    "financial",
    "The interest of each period; #NUM! if none is found.",
    optional=3,
    cost=lambda *_rest: 300,
)
def _rate(
    periods: float, payment: float, present: float, future: float = 0.0, due: float = 0.0, guess: float = 0.1
) -> float:
    if periods <= 0:
        raise Fault(NUM)
    return root(lambda rate: future_value(rate, periods, payment, present, due) - future, guess)


def root(balance: Callable[[float], float], guess: float, slope: Callable[[float], float] | None = None) -> float:
    """Where a balance is 0: by Newton's method from a guess where the `slope` is known, else or after that by secants.

    Which of several rates is found depends on the way, and Newton's is that of the other programs. Raises Fault(#NUM!)
    if no way leads to one.
    """
    found = None if slope is None else _newton(balance, slope, guess)
    return _secants(balance, guess) if found is None else found


def _newton(balance: Callable[[float], float], slope: Callable[[float], float], guess: float) -> float | None:
    """None where a step leads out of the range of rates or nowhere."""
    rate, scale = guess, abs(balance(guess))
    for _ in range(_STEPS):
        try:
            step = balance(rate) / slope(rate)
        except (ZeroDivisionError, OverflowError, Fault):
            return None
        rate -= step
        if not -1.0 < rate < math.inf:
            return None
        if abs(step) <= _NEAR * max(1.0, abs(rate)):
            return rate if abs(balance(rate)) <= 1e-6 * scale or scale == 0.0 else None
    return None


def _secants(balance: Callable[[float], float], guess: float) -> float:
    """Raises Fault(#NUM!) if they do not lead to a rate."""
    one, other = guess, guess * 1.01 + 1e-4
    at_one = balance(one)
    scale = max(abs(at_one), abs(balance(other)))
    for _ in range(_STEPS):
        at_other = balance(other)
        if at_other == at_one:
            break
        step = at_other * (other - one) / (at_other - at_one)
        one, at_one, other = other, at_other, other - step
        if other <= -1.0:
            other = (one - 1.0) / 2.0
        if abs(other - one) <= _NEAR * max(1.0, abs(other)):
            return _checked(balance, other, scale)
    if at_one == 0.0:
        return one
    raise Fault(NUM)


def _checked(balance: Callable[[float], float], rate: float, scale: float) -> float:
    """A rate at which the balance is 0 beside what it was at the guess: the steps may also end where there is none."""
    if abs(balance(rate)) > 1e-6 * scale:
        raise Fault(NUM)
    return finite(rate)


def _interest(
    rate: float, period: float, periods: float, present: float, future: float, due: float
) -> tuple[float, float]:
    """Interest and payment of one period. Raises Fault(#NUM!) outside 1 to `periods`."""
    if not 1 <= period < periods + 1:
        raise Fault(NUM)
    payment = payment_of(rate, periods, present, future, due)
    if due and period == 1:
        return 0.0, payment
    balance = future_value(rate, period - 1.0, payment, present, due)
    interest = balance * rate
    return finite(interest / (1.0 + rate) if due else interest), payment


@function(
    "IPMT(rate, period, periods, present, [future], [due])",
    "nnnnnn",
    "n",
    "financial",
    "The interest in one period's payment.",
    optional=2,
)
def _ipmt(rate: float, period: float, periods: float, present: float, future: float = 0.0, due: float = 0.0) -> float:
    return _interest(rate, period, periods, present, future, due)[0]


@function(
    "PPMT(rate, period, periods, present, [future], [due])",
    "nnnnnn",
    "n",
    "financial",
    "The part of one period's payment that is no interest.",
    optional=2,
)
def _ppmt(rate: float, period: float, periods: float, present: float, future: float = 0.0, due: float = 0.0) -> float:
    """In closed form: a payment less its interest loses all digits of a small part."""
    if rate == 0.0 or (due and period == 1) or not 1 <= period < periods + 1:
        interest, payment = _interest(rate, period, periods, present, future, due)
        return payment - interest
    first = -(present + future) / _payments_worth(rate, periods, 0.0)
    return finite(first * _growth(rate, period - (2.0 if due else 1.0)))


def _cumulative(
    rate: float, periods: float, present: float, first: float, last: float, due: float
) -> tuple[float, float]:
    """Interest and principal of the periods from `first` to `last`, from the balances before and after."""
    if rate <= 0 or periods <= 0 or present <= 0 or due not in (0.0, 1.0) or not 1 <= first <= last <= periods:
        raise Fault(NUM)
    start, end = float(math.ceil(first)), float(math.floor(last))
    payment = payment_of(rate, periods, present, 0.0, due)
    principal = _owed(rate, start - 1.0, payment, present, due) - _owed(rate, end, payment, present, due)
    return payment * (end - start + 1.0) - principal, principal


def _owed(rate: float, period: float, payment: float, present: float, due: float) -> float:
    """The debt, negative, that is left after the payment of a period; for payments in advance, interest not yet due."""
    if period == 0.0:
        return -present
    if due:
        return future_value(rate, period - 1.0, payment, present, due) - payment
    return future_value(rate, period, payment, present, due)


@function(
    "CUMIPMT(rate, periods, present, first, last, due)", "nnnnnn", "n", "financial", "The interest of several periods."
)
def _cumipmt(rate: float, periods: float, present: float, first: float, last: float, due: float) -> float:
    return _cumulative(rate, periods, present, first, last, due)[0]


@function(
    "CUMPRINC(rate, periods, present, first, last, due)",
    "nnnnnn",
    "n",
    "financial",
    "What several periods' payments repay.",
)
def _cumprinc(rate: float, periods: float, present: float, first: float, last: float, due: float) -> float:
    return _cumulative(rate, periods, present, first, last, due)[1]


@function("ISPMT(rate, period, periods, present)", "nnnn", "n", "financial", "The interest with equal repayments.")
def _ispmt(rate: float, period: float, periods: float, present: float) -> float:
    if periods == 0.0:
        raise Fault(DIV0)
    return finite(present * rate * (period / periods - 1.0))
