"""The rollup: turns, intents, latency, cost, cache and fallback, top revisions, quality, and what moved them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mergecells.domain.history import QualityFacts, TurnFacts
from mergecells.domain.quality import Quality
from mergecells.domain.reports import CostRow, Period, WeeklyReport
from mergecells.transforms.call_tally import day_names
from mergecells.transforms.cost_report import CostBook
from mergecells.transforms.quality_report import report_quality
from mergecells.transforms.revision_shifts import find_shifts

MOST: Final = 10


def report_week(
    turns: Iterable[TurnFacts], records: Iterable[QualityFacts], period: Period, quality: Quality
) -> WeeklyReport:
    """Both from the start of the period before on. Pull requests and notes are added by others."""
    book = CostBook(period, ["intent", "revision", "prompt", "model"])
    for turn in turns:
        book.add(turn)
    dearer, _ = find_shifts("cost per call", book.samples)
    judged = report_quality(records, period, "prompt", quality)
    return WeeklyReport(
        period=period,
        total=book.total.figures(),
        before=book.old_total.figures(),
        intents=_busiest(book.rows("intent")),
        revisions=_busiest(book.rows("revision")),
        prompts=_busiest(book.rows("prompt")),
        models=_busiest(book.rows("model")),
        days=day_names(period),
        daily_calls=tuple(book.total.daily_calls),
        daily_cost=tuple(book.total.daily),
        quality=judged.total,
        quality_before=judged.before,
        shifts=(*(shift for shift in dearer if shift.at >= period.since), *judged.shifts),
    )


def _busiest(rows: Iterable[CostRow]) -> tuple[CostRow, ...]:
    now = [row for row in rows if row.figures.calls]
    return tuple(sorted(now, key=lambda row: (-row.figures.calls, row.key)))[:MOST]
