"""Scoring many synthetic leads column by column against one lead after the other, and against hand-written NumPy.

The leads are synthetic and seeded: texts from short lists, whole numbers as counts have them, two columns of
continuous numbers. The hand-written peer computes five numeric factors from prepared columns and nothing else: no
coercion, no blanks, no errors, no issues. It is a bound for arithmetic, not the same work.

Run: python tests/benchmarks/bench_columns.py [LEADS]
"""

from __future__ import annotations

import datetime
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mergecells.apps.cli.loading import load_snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
DAY = datetime.date(2026, 3, 1)
ONE_BY_ONE = 20_000
TEXTS = ["", "Logistics", "Retail", "Germany", "English", "Sales", "Head of Sales", "referral", "hubspot", "a@b.io"]


def synthetic(length: int, types: dict[str, str]) -> dict[str, list[Any]]:
    """Columns by field; a tenth of the values is blank."""
    chance = random.Random(42)
    pools: dict[str, list[Any]] = {
        "text": TEXTS,
        "boolean": [True, False],
        "number": [float(number) for number in range(200)],
        "date": [(DAY - datetime.timedelta(days=days)).isoformat() for days in range(0, 900, 3)],
    }
    columns = {name: chance.choices([*pools[kind], *[None] * (len(pools[kind]) // 9)], k=length)
               for name, kind in types.items()}  # fmt: skip
    for name in ("revenue_millions", "minutes_on_site"):
        columns[name] = [chance.uniform(0, 150) for _ in range(length)]
    return columns


def by_hand(c: dict[str, Any]) -> Any:
    """Five numeric factors of the default rules, weighted."""
    age = np.where(c["years"] >= 10, 1.0, c["years"] / 10)
    seen = np.minimum(1, np.log(1 + np.maximum(0, c["website_visits"])) / np.log(21))
    asked = np.minimum(1, np.maximum(0, c["pricing_views"]) / 3)
    stayed = np.round(np.minimum(1, np.maximum(0, c["minutes_on_site"]) / 15), 2)
    people = np.minimum(1, np.maximum(0, c["stakeholder_count"]) / 4)
    return 8 * 0.7 * age + 8 * (0.4 * seen + 0.4 * asked + 0.2 * stayed) + 5 * 0.4 * people


def seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def main() -> None:
    length = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    snapshot = load_snapshot(REPOSITORY)
    fields = snapshot.config.rules.fields
    assert fields is not None
    columns = synthetic(length, {name: field.type for name, field in fields.fields.items()})
    numeric = {name for name, field in fields.fields.items() if field.type == "number"}
    prepared = {name: np.array(column, dtype=np.float64) if name in numeric else column
                for name, column in columns.items()}  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raw = seconds(lambda: snapshot.score_many(columns, DAY))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    ready = seconds(lambda: snapshot.score_many(prepared, DAY))
    few = [
        dict(zip(columns, row, strict=True)) for row in zip(*(c[:ONE_BY_ONE] for c in columns.values()), strict=True)
    ]
    single = seconds(lambda: [snapshot.score(lead, DAY) for lead in few]) / len(few) * length
    hand = seconds(lambda: by_hand(prepared))
    print(f"{length:,} synthetic leads, {len(columns)} fields, default rules")
    print(f"columns, Python lists      {raw:8.2f} s   (peak memory +{grown / 1024:,.0f} MiB with the result)")
    print(f"columns, numbers in NumPy  {ready:8.2f} s")
    print(f"one by one (extrapolated)  {single:8.2f} s   {single / raw:.1f} times as long as columns from lists")
    print(f"NumPy by hand, 5 factors   {hand:8.2f} s   columns take {ready / hand:.0f} times as long, for all factors")


if __name__ == "__main__":
    main()
