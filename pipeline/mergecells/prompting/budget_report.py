"""Every budget as it stands, for people and programs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mergecells.domain.budgets import Budgets
from mergecells.domain.llm import NANO, BudgetState, CallContext, LedgerEntry
from mergecells.ports import BudgetLedger
from mergecells.prompting.budget_keys import applying, budget_of, day_of, limit_words, state_of

_MOST_READ = 100_000


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What was counted for one key; `state` is None where budgets.yaml has no budget for it any more."""

    entry: LedgerEntry
    state: BudgetState | None

    @property
    def verdict(self) -> str:
        """`ok`, `warned`, `halted`, or `no limit`."""
        if self.state is None:
            return "no limit"
        return "halted" if self.state.halted else "warned" if self.state.warned else "ok"


def read_budgets(
    budgets: Budgets, ledger: BudgetLedger, limit: int, *, run: str = "", persona: str = "", at: float | None = None
) -> list[BudgetRow]:
    """Today, the total and named personas, then the `limit` keys used last; or those of one run or persona."""
    if run or persona:
        context = CallContext(run_id=run, persona=persona)
        wanted = [key for key, _ in applying(budgets, context, 0) if key.startswith(("run:", "persona:"))]
        nodes = [wanted[0].replace("run:", "node:", 1) + "/"] if run and wanted else []
        newest = [one for one in ledger.entries(_MOST_READ) if any(one.key.startswith(start) for start in nodes)]
    else:
        names = [scope for scope in budgets.budgets if scope.startswith("persona:")]
        now = time.time() if at is None else at
        wanted = [key for key in (f"day:{day_of(now)}", "total", *names) if budget_of(budgets, key) is not None]
        newest = [one for one in ledger.entries(limit) if one.key not in wanted]
    return [_row(budgets, one) for one in (*ledger.read(wanted), *newest)]


def _row(budgets: Budgets, entry: LedgerEntry) -> BudgetRow:
    budget = budget_of(budgets, entry.key)
    return BudgetRow(entry, state_of(entry.key, budget, entry) if budget is not None else None)


def budget_json(row: BudgetRow) -> dict[str, Any]:
    """Dollars; `remaining`, `warn` and `halt` are null without a limit."""
    entry, state = row.entry, row.state
    return {
        "budget": entry.key,
        "spent": entry.spent / NANO,
        "reserved": entry.reserved / NANO,
        "lapsed": entry.lapsed / NANO,
        "remaining": state.remaining if state else None,
        "warn": state.warn if state else None,
        "halt": state.halt if state else None,
        "state": row.verdict,
    }


def budget_lines(rows: Sequence[BudgetRow]) -> list[str]:
    """A table, and what was assumed for calls that never said what they cost."""
    table = [("BUDGET", "SPENT", "RESERVED", "REMAINING", "WARN", "HALT", "STATE"), *map(_cells, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [_line(row, widths) for row in table]
    said = "is the worst case of calls whose process ended before it said what they cost"
    lines += [f"  {row.entry.key}: {_money(row.entry.lapsed)} {said}" for row in rows if row.entry.lapsed]
    return lines


def _cells(row: BudgetRow) -> tuple[str, ...]:
    entry, state = row.entry, row.state
    limits = (limit_words(state.warn), limit_words(state.halt)) if state else ("–", "–")
    remaining = _money(round(state.remaining * NANO)) if state else "–"
    return (entry.key, _money(entry.spent), _money(entry.reserved), remaining, *limits, row.verdict)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The name and the state to the left, amounts to the right."""
    last = len(cells) - 1
    placed = [
        cell.ljust(width) if column in (0, last) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(placed).rstrip()


def _money(nano: int) -> str:
    """Dollars with six places, from whole nano-dollars."""
    return f"${nano // NANO:,}.{nano % NANO // 1000:06d}"
