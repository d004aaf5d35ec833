"""Which budgets apply to a call, what each is counted under, and dollars ↔ nano-dollars."""

from __future__ import annotations

import datetime
import hashlib
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from mergecells.domain.budgets import Budget, Budgets
from mergecells.domain.llm import NANO, BudgetState, CallContext, LedgerEntry

LONGEST_NAME: Final = 150
"""Characters of a name in a key; of a longer one, the end becomes a digest."""


def applying(budgets: Budgets, context: CallContext, at: float) -> tuple[tuple[str, Budget], ...]:
    """Key → budget, of all that count this call, the narrowest first. `at`: Unix time, for the day in UTC.

    A scope that the call does not name (no run, no persona …) counts nothing.
    """
    run, node, persona = _name(context.run_id), _name(context.node), _name(context.persona)
    found = (
        (
            f"node:{_quoted(run)}/{node}" if run else f"node:{node}",
            budgets.find("node", context.node) if node else None,
        ),
        (f"run:{run}", budgets.find("run") if run else None),
        (f"persona:{persona}", budgets.find("persona", context.persona) if persona else None),
        (f"day:{day_of(at)}", budgets.find("day")),
        ("total", budgets.find("total")),
    )
    return tuple((key, budget) for key, budget in found if budget is not None)


def budget_of(budgets: Budgets, key: str) -> Budget | None:
    """The budget that a ledger's key is counted for now; None when there is none any more."""
    scope, _, name = key.partition(":")
    if scope == "node":
        return budgets.find("node", name.rpartition("/")[2] if "/" in name else name)
    if scope in ("run", "persona", "day", "total"):
        return budgets.find(scope, name if scope == "persona" else "")  # type: ignore[arg-type]
    return None


def day_of(at: float) -> str:
    """`YYYY-MM-DD` in UTC."""
    return _date(int(at // 86_400))


@lru_cache(maxsize=8)
def _date(day: int) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def _name(given: str) -> str:
    """As it stands in a key: bounded, and nothing that a terminal would obey."""
    if given.isprintable() and len(given) <= LONGEST_NAME:
        return given
    name = "".join(sign if sign.isprintable() else "?" for sign in given[: LONGEST_NAME + 1])
    # Two names must not be counted as one because they were shortened to the same.
    digest = hashlib.sha256(given.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{name[: LONGEST_NAME - 17]}~{digest}"


def _quoted(run: str) -> str:
    """A run in the key of a node, where the first `/` ends it."""
    return run.replace("%", "%25").replace("/", "%2F")


@lru_cache(maxsize=1_024)
def nano(dollars: float, *, up: bool = False) -> int:
    """Whole nano-dollars, of the number as people write it: 0.1 is 100,000,000. `up`: never less than the dollars."""
    exact = Decimal(repr(float(dollars))) * NANO
    return int(exact.to_integral_value(ROUND_CEILING if up else ROUND_HALF_UP))


def state_of(key: str, budget: Budget, entry: LedgerEntry) -> BudgetState:
    """A budget with what the ledger holds for it, in dollars."""
    return BudgetState(key, budget.warn, budget.halt, entry.spent / NANO, entry.reserved / NANO, entry.lapsed / NANO)


def limit_words(dollars: float) -> str:
    """A warn or a halt: two places, as many as it has where it is less than a cent."""
    return f"${dollars:,.2f}" if dollars >= 0.01 or not dollars else f"${dollars:.9f}".rstrip("0")
