"""Payments of different sizes: their present value and the interest they bear."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mergecells.formula.arguments import items_of
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.functions.annuities import root
from mergecells.formula.functions.lookup_modes import LEFT_OUT, option
from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, VALUE, ErrorValue, Fault, to_number


def _present(rate: float, flows: Sequence[float], first: int) -> float:
    """Horner's scheme from the last payment on; the first one is due after `first` periods."""
    factor = 1.0 / (1.0 + rate)
    value = 0.0
    for flow in reversed(flows):
        value = value * factor + flow
    return finite(value * factor**first)


@function(
    "NPV(rate, payment, …)", "nN", "n", "financial", "The present value of payments at the end of periods.", repeats=1
)
def _npv(rate: float, *parts: tuple[float, ...]) -> float:
    if rate == -1.0:
        raise Fault(DIV0)
    try:
        return _present(rate, [flow for part in parts for flow in part], 1)
    except OverflowError:
        raise Fault(NUM) from None


def _both_signs(flows: Sequence[float]) -> None:
    if not (any(flow > 0 for flow in flows) and any(flow < 0 for flow in flows)):
        raise Fault(NUM)


@function(
    "IRR(payments, [guess])",
    "Nr",
    "n",
    "financial",
    "The interest at which the present value is 0.",
    optional=1,
    cost=lambda flows, *_rest: 4 * len(flows),
)
def _irr(flows: tuple[float, ...], guess: Pair = LEFT_OUT) -> float:
    _both_signs(flows)
    start = option(guess, 0.1)
    if start <= -1.0:
        raise Fault(VALUE)
    try:
        losses = [-place * flow for place, flow in enumerate(flows)]
        return root(lambda rate: _present(rate, flows, 0), start, lambda rate: _present(rate, losses, 1))
    except OverflowError:
        raise Fault(NUM) from None


@function(
    "MIRR(payments, finance_rate, reinvest_rate)",
    "Nnn",
    "n",
    "financial",
    "The interest with what comes in reinvested.",
)
def _mirr(flows: tuple[float, ...], finance: float, reinvest: float) -> float:
    if not (any(flow > 0 for flow in flows) and any(flow < 0 for flow in flows)):
        raise Fault(DIV0)
    if finance <= -1.0 or reinvest <= -1.0:
        raise Fault(NUM)
    periods = len(flows) - 1
    try:
        gains = _present(reinvest, [max(flow, 0.0) for flow in flows], 0) * (1.0 + reinvest) ** periods
    except OverflowError:
        raise Fault(NUM) from None
    costs = -_present(finance, [min(flow, 0.0) for flow in flows], 0)
    return finite((gains / costs) ** (1.0 / periods) - 1.0)


def _dated(flows: Pair, dates: Pair) -> list[tuple[float, float]]:
    """(payment, years after the first). Raises Fault: #VALUE! for what is no number, #NUM! for a misfit."""
    numbers = [_numbers(flows), [float(math.floor(day)) for day in _numbers(dates)]]
    if len(numbers[0]) != len(numbers[1]) or min(numbers[1]) < numbers[1][0] or numbers[1][0] < 0:
        raise Fault(NUM)
    return [(flow, (day - numbers[1][0]) / 365.0) for flow, day in zip(*numbers, strict=True)]


def _numbers(pair: Pair) -> list[float]:
    found = []
    for cell in items_of(pair)[0]:
        if type(cell) is ErrorValue:
            raise Fault(cell)
        if type(cell) is bool or cell is None:
            raise Fault(VALUE)
        found.append(to_number(cell))
    return found


def _dated_value(rate: float, flows: Sequence[tuple[float, float]]) -> float:
    try:
        return finite(math.fsum(flow / (1.0 + rate) ** years for flow, years in flows))
    except (OverflowError, ZeroDivisionError):
        raise Fault(NUM) from None


@function("XNPV(rate, payments, dates)", "rrr", "n", "financial", "The present value of payments on dates.")
def _xnpv(rate: Pair, flows: Pair, dates: Pair) -> float:
    number = option(rate, 0.0)
    if number <= -1.0:
        raise Fault(NUM)
    return _dated_value(number, _dated(flows, dates))


@function(
    "XIRR(payments, dates, [guess])",
    "rrr",
    "n",
    "financial",
    "The yearly interest of payments on dates.",
    optional=1,
    cost=lambda flows, *_rest: 8 * len(items_of(flows)[0]),
)
def _xirr(flows: Pair, dates: Pair, guess: Pair = LEFT_OUT) -> float:
    dated = _dated(flows, dates)
    _both_signs([flow for flow, _ in dated])
    start = option(guess, 0.1)
    if start <= -1.0:
        raise Fault(NUM)
    losses = [(-years * flow, years + 1.0) for flow, years in dated]
    return root(lambda rate: _dated_value(rate, dated), start, lambda rate: _dated_value(rate, losses))
