"""The weekly rollup as a page, as JSON and as rows of CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mergecells.domain.llm import NANO
from mergecells.domain.reports import CallFigures, CostRow, WeeklyReport
from mergecells.domain.revision import Revision, short
from mergecells.transforms.call_tally import NAMELESS
from mergecells.transforms.cost_page import (
    figures_json,
    note_lines,
    period_json,
    period_text,
    pull_json,
    pull_text,
    row_json,
    shift_json,
    shift_table,
)
from mergecells.transforms.quality_page import gate_word, quality_figures_json
from mergecells.transforms.report_page import Column, Page, PageLine, PageTable
from mergecells.transforms.report_words import (
    change,
    cost_text,
    money,
    points,
    score,
    seconds,
    share,
    sparkline,
)


def weekly_page(report: WeeklyReport) -> Page:
    """For people: a terminal, an issue, a message."""
    lines = list(note_lines(report.notes))
    if not report.total.calls:
        lines.insert(0, PageLine("No calls in this period."))
        return Page(f"Weekly rollup, {period_text(report.period)}", tuple(lines))
    tables = [
        _measures(report),
        _mix(report),
        _top("Top revisions", "revision", report.revisions, report),
        _top("Top prompts", "prompt", report.prompts, report),
        _top("Models", "model", report.models, report),
    ]
    if report.shifts:
        tables.insert(1, shift_table(report.shifts))
    return Page(f"Weekly rollup, {period_text(report.period)}", tuple(lines), tuple(tables))


def _measures(report: WeeklyReport) -> PageTable:
    now, before = report.total, report.before

    def row(name: str, shown: Callable[[CallFigures], str], moved: str, days: Sequence[float] = ()) -> tuple[str, ...]:
        return name, shown(now), shown(before) if before.calls else "–", moved, sparkline(days)

    unknown = now.unknown_costs or before.unknown_costs
    rows = [
        row("turns", lambda one: f"{one.calls:,}", change(before.calls, now.calls), report.daily_calls),
        row("cost", cost_text, change(before.cost, now.cost), report.daily_cost),
        row(
            "cost per turn" + (" (of known cost)" if unknown else ""),
            lambda one: money(one.cost_per_call),
            change(before.cost_per_call, now.cost_per_call),
        ),
        row("p50 latency", lambda one: seconds(one.p50), change(before.p50, now.p50)),
        row("p95 latency", lambda one: seconds(one.p95), change(before.p95, now.p95)),
        row(
            "cache hit rate",
            lambda one: share(one.cache_hit_rate),
            change(before.cache_hit_rate, now.cache_hit_rate),
        ),
        row("saved by the cache", lambda one: money(one.saved), change(before.saved, now.saved)),
        row("fallback rate", lambda one: share(one.fallback_rate), change(before.fallback_rate, now.fallback_rate)),
        row("failed", lambda one: share(one.error_rate), change(before.error_rate, now.error_rate)),
        row("truncated", lambda one: f"{one.truncated:,}", change(before.truncated, now.truncated)),
    ]
    quality = report.quality, report.quality_before
    if quality[0].records:
        moved = points(quality[1].overall, quality[0].overall)
        rows.append(("quality", score(quality[0].overall), score(quality[1].overall), moved, gate_word(quality[0])))
    columns = (
        Column("measure", left=True),
        Column("this period"),
        Column("before"),
        Column("change"),
        Column("", 1, left=True),
    )
    return PageTable("Measures", columns, tuple(rows))


def _mix(report: WeeklyReport) -> PageTable:
    total = report.total.calls
    rows = tuple(
        (
            row.key or NAMELESS,
            f"{row.figures.calls:,}",
            share(row.figures.calls / total),
            cost_text(row.figures),
            seconds(row.figures.p50),
            seconds(row.figures.p95),
        )
        for row in report.intents
    )
    columns = (
        Column("intent", name=True),
        Column("turns"),
        Column("share"),
        Column("cost", 1),
        Column("p50", 2),
        Column("p95", 2),
    )
    return PageTable("Intents", columns, rows)


def _top(title: str, what: str, rows: Sequence[CostRow], report: WeeklyReport) -> PageTable:
    columns = [
        Column(what, name=True),
        Column("turns"),
        Column("cost"),
        Column("per turn", 1),
        Column("cached", 3),
        Column("fallback", 3),
        Column("failed", 2),
        Column("p95", 2),
    ]
    if what == "revision":
        columns.append(Column("pull request", 1, name=True))
    made = []
    for row in rows:
        figures = row.figures
        cells = [
            (short(row.key) if what == "revision" else row.key) or NAMELESS,
            f"{figures.calls:,}",
            cost_text(figures),
            money(figures.cost_per_call),
            share(figures.cache_hit_rate),
            share(figures.fallback_rate),
            share(figures.error_rate),
            seconds(figures.p95),
        ]
        made.append(tuple([*cells, _pull(report, row.key)] if what == "revision" else cells))
    return PageTable(title, tuple(columns), tuple(made))


def _pull(report: WeeklyReport, revision: Revision) -> str:
    pull = report.pulls.get(revision)
    return pull_text(pull) if pull else "not known"


def weekly_json(report: WeeklyReport) -> dict[str, Any]:
    """For programs."""
    return {
        "report": "weekly",
        "period": period_json(report.period),
        "total": figures_json(report.total),
        "before": figures_json(report.before),
        "intents": [row_json("intent", row) for row in report.intents],
        "revisions": [
            {**row_json("revision", row), "pull": pull_json(report.pulls.get(row.key))} for row in report.revisions
        ],
        "prompts": [row_json("prompt", row) for row in report.prompts],
        "models": [row_json("model", row) for row in report.models],
        "days": list(report.days),
        "daily_calls": list(report.daily_calls),
        "daily_cost_usd": [cost / NANO for cost in report.daily_cost],
        "quality": quality_figures_json(report.quality),
        "quality_before": quality_figures_json(report.quality_before),
        "shifts": [shift_json(shift) for shift in report.shifts],
        "notes": list(report.notes),
    }


def weekly_csv(report: WeeklyReport) -> tuple[list[str], list[list[object]]]:
    """A row for the whole and for each group."""
    rows: list[list[object]] = [["total", "", *figures_json(report.total).values()]]
    rows.append(["before", "", *figures_json(report.before).values()])
    groups = {
        "intent": report.intents,
        "revision": report.revisions,
        "prompt": report.prompts,
        "model": report.models,
    }
    for kind, members in groups.items():
        rows += [[kind, row.key, *figures_json(row.figures).values()] for row in members]
    return ["kind", "key", *figures_json(report.total)], rows
