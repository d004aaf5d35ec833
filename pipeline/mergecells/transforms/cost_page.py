"""The report of costs as a page, as JSON and as rows of CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mergecells.domain.llm import NANO, BudgetState
from mergecells.domain.reports import CallFigures, CostReport, CostRow, Period, PullRef, Shift
from mergecells.domain.revision import short
from mergecells.transforms.call_tally import NAMELESS
from mergecells.transforms.report_page import Column, Page, PageLine, PageTable
from mergecells.transforms.report_words import (
    bars,
    change,
    cost_text,
    day,
    minute,
    money,
    score,
    seconds,
    share,
    sparkline,
)
from mergecells.transforms.revision_shifts import CHANCE, LEAST

_COLUMNS = (
    Column("cost", 0),
    Column("trend", 1),
    Column("per day", 4, left=True),
    Column("calls", 0),
    Column("per call", 3),
    Column("tokens", 2),
    Column("cached", 3),
    Column("fallback", 6),
    Column("failed", 5),
    Column("p50", 6),
    Column("p95", 5),
)


def cost_page(report: CostReport, most: int = 30) -> Page:
    """The dearest `most` groups, and the others together."""
    lines = [*_summary(report), *note_lines(report.notes)]
    tables = [_groups(report, most)]
    if report.budgets:
        tables.append(budget_table(report.budgets))
    if report.shifts:
        tables.append(shift_table(report.shifts))
    return Page(f"Costs by {report.by}, {period_text(report.period)}", tuple(lines), tuple(tables), _after(report))


def period_text(period: Period) -> str:
    days = "1 day" if period.days == 1 else f"{period.days} days"
    last = max(period.since, period.until - 1)  # the end itself is not in it
    return f"{day(period.since)} to {day(last)} ({days}, UTC)"


def note_lines(notes: Sequence[str]) -> Iterator[PageLine]:
    return (PageLine(note, "warning") for note in notes)


def _summary(report: CostReport) -> Iterator[PageLine]:
    total, before = report.total, report.before
    if not total.calls:
        yield PageLine("No calls in this period.")
        return
    trend = change(before.cost, total.cost)
    yield PageLine(
        f"Spent {cost_text(total)} in {total.calls:,} calls (period before: {cost_text(before)}, {trend}) "
        f"{sparkline(bars(report.daily))}"
    )
    yield from figure_lines(total)


def figure_lines(total: CallFigures) -> Iterator[PageLine]:
    """What holds for all calls together."""
    yield PageLine(
        f"Tokens {total.input_tokens:,} in, {total.output_tokens:,} out; {money(total.cost_per_call)} a call; "
        f"p50 {seconds(total.p50)}, p95 {seconds(total.p95)}; {share(total.error_rate)} failed, "
        f"{share(total.fallback_rate)} of answers by a fallback, {total.truncated:,} truncated"
    )
    unknown = f" ({total.unknown_saved:,} of them of unknown cost)" if total.unknown_saved else ""
    yield PageLine(
        f"Cache: {total.cached:,} answers ({share(total.cache_hit_rate)}) saved {money(total.saved)} and "
        f"{total.saved_tokens:,} tokens{unknown}"
    )
    if total.unknown_costs:
        yield PageLine(
            f"{total.unknown_costs:,} calls have no known price and are in no sum: add prices to prompts/prices.yaml.",
            "warning",
        )


def _groups(report: CostReport, most: int) -> PageTable:
    rows = [(_key_text(report.by, row.key), *_cells(row)) for row in report.rows[:most]]
    left = report.rows[most:]
    cost = sum(row.figures.cost for row in left)
    under = f"and {len(left):,} more, {money(cost)} together" if left else ""
    return PageTable(f"By {report.by}", (Column(report.by, name=True), *_COLUMNS), tuple(rows), under)


def _key_text(by: str, key: str) -> str:
    return (short(key) if by == "revision" else key) or NAMELESS


def _cells(row: CostRow) -> tuple[str, ...]:
    figures = row.figures
    return (
        cost_text(figures) if figures.calls else money(0),
        change(row.before.cost, figures.cost),
        sparkline(bars(row.daily)),
        f"{figures.calls:,}",
        money(figures.cost_per_call),
        f"{figures.input_tokens + figures.output_tokens:,}",
        share(figures.cache_hit_rate),
        share(figures.fallback_rate),
        share(figures.error_rate),
        seconds(figures.p50),
        seconds(figures.p95),
    )


def budget_table(budgets: Sequence[BudgetState]) -> PageTable:
    """How each budget stands now."""
    columns = (Column("budget", name=True), Column("spent"), Column("held", 2), Column("warn", 1), Column("halt"))
    rows = tuple(
        (
            each.key,
            money(round(each.spent * NANO)),
            money(round(each.reserved * NANO)),
            money(round(each.warn * NANO)),
            money(round(each.halt * NANO)),
            money(round(each.remaining * NANO)),
            budget_word(each),
        )
        for each in budgets
    )
    return PageTable("Budgets now", (*columns, Column("remaining"), Column("state", left=True)), rows)


def budget_word(state: BudgetState) -> str:
    return "halted" if state.halted else "warned" if state.warned else "ok"


def shift_table(shifts: Sequence[Shift]) -> PageTable:
    """What moved, and the pull requests that it came with."""
    columns = (
        Column("what", 4, left=True),
        Column("of", name=True),
        Column("before", 5),
        Column("after", 5),
        Column("change"),
        Column("since revision", left=True),
        Column("pull request", name=True),
        Column("author", 3, name=True),
        Column("first seen", 6, left=True),
        Column("calls", 7),
    )
    rows = []
    for shift in shifts:
        pulls = shift.pulls
        rows.append(
            (
                shift.measure,
                shift.subject,
                shift_value(shift, shift.before),
                shift_value(shift, shift.after),
                shift_change(shift),
                ", ".join(map(short, shift.revisions)),
                "; ".join(map(pull_text, pulls)) or "not known",
                "; ".join(dict.fromkeys(pull.author for pull in pulls if pull.author)) or "not known",
                minute(shift.at),
                f"{shift.count_before} / {shift.count_after}",
            )
        )
    return PageTable("Shifts after a revision (medians)", columns, tuple(rows))


def shift_value(shift: Shift, value: float) -> str:
    return money(round(value)) if shift.measure == "cost per call" else score(value)


def shift_change(shift: Shift) -> str:
    if shift.measure == "cost per call":
        return change(shift.before, shift.after)
    return f"{shift.after - shift.before:+.2f}"


def pull_text(pull: PullRef) -> str:
    number = f"#{pull.number} " if pull.number else ""
    return f"{number}{pull.title}"


def _after(report: CostReport) -> tuple[PageLine, ...]:
    return shift_lines(report.compared, "cost per call", bool(report.shifts)) if report.total.calls else ()


def shift_lines(compared: int, measure: Any, found: bool) -> tuple[PageLine, ...]:
    """How the search went, so that silence can be told from blindness."""
    least = LEAST[measure]
    what = "calls" if measure == "cost per call" else "scores"
    if not compared:
        return (PageLine(f"No two revisions have {least} {what} of one prompt each, so shifts were not looked for."),)
    pairs = "1 comparison" if compared == 1 else f"{compared:,} comparisons"
    said = "" if found else "No shift after a revision: "
    return (
        PageLine(f"{said}{pairs} of at least {least} {what} a side, rank test at {CHANCE} over all of them together."),
    )


def figures_json(figures: CallFigures) -> dict[str, Any]:
    """For programs: dollars as numbers, and exact as whole nano-dollars; rates 0..1, null where nothing is known."""
    return {
        "calls": figures.calls,
        "failed": figures.failed,
        "cached": figures.cached,
        "fallback": figures.fallback,
        "truncated": figures.truncated,
        "flagged": figures.flagged,
        "input_tokens": figures.input_tokens,
        "output_tokens": figures.output_tokens,
        "cost_usd": figures.cost / NANO,
        "cost_nano_usd": figures.cost,
        "unknown_cost_calls": figures.unknown_costs,
        "cost_per_call_usd": None if figures.cost_per_call is None else figures.cost_per_call / NANO,
        "saved_usd": figures.saved / NANO,
        "saved_tokens": figures.saved_tokens,
        "unknown_saved_calls": figures.unknown_saved,
        "cache_hit_rate": figures.cache_hit_rate,
        "fallback_rate": figures.fallback_rate,
        "error_rate": figures.error_rate,
        "p50_seconds": figures.p50,
        "p95_seconds": figures.p95,
    }


def row_json(by: str, row: CostRow) -> dict[str, Any]:
    return {
        by: row.key,
        **figures_json(row.figures),
        "before": figures_json(row.before),
        "daily_cost_usd": [cost / NANO for cost in row.daily],
    }


def period_json(period: Period) -> dict[str, Any]:
    return {"since": period.since, "until": period.until, "days": period.days}


def budget_json(state: BudgetState) -> dict[str, Any]:
    return {
        "key": state.key,
        "warn_usd": state.warn,
        "halt_usd": state.halt,
        "spent_usd": state.spent,
        "reserved_usd": state.reserved,
        "remaining_usd": state.remaining,
        "warned": state.warned,
        "halted": state.halted,
    }


def shift_json(shift: Shift) -> dict[str, Any]:
    scale = NANO if shift.measure == "cost per call" else 1
    return {
        "measure": shift.measure,
        "subject": shift.subject,
        "revisions": list(shift.revisions),
        "first_seen": shift.at,
        "median_before": shift.before / scale,
        "median_after": shift.after / scale,
        "count_before": shift.count_before,
        "count_after": shift.count_after,
        "chance": shift.chance,
        "pulls": [pull_json(pull) for pull in shift.pulls],
    }


def pull_json(pull: PullRef | None) -> dict[str, Any] | None:
    if pull is None:
        return None
    return {
        "number": pull.number or None,
        "title": pull.title,
        "author": pull.author,
        "merged_by": pull.merged_by,
        "url": pull.url,
        "at": pull.at,
    }


def cost_json(report: CostReport) -> dict[str, Any]:
    return {
        "report": "costs",
        "by": report.by,
        "period": period_json(report.period),
        "total": figures_json(report.total),
        "before": figures_json(report.before),
        "rows": [row_json(report.by, row) for row in report.rows],
        "days": list(report.days),
        "daily_cost_usd": [cost / NANO for cost in report.daily],
        "shifts": [shift_json(shift) for shift in report.shifts],
        "comparisons": report.compared,
        "budgets": [budget_json(state) for state in report.budgets],
        "notes": list(report.notes),
    }


def cost_csv(report: CostReport) -> tuple[list[str], list[list[object]]]:
    """Head and rows: a row for each group."""
    rows = [[row.key, *_plain(figures_json(row.figures)), row.before.cost / NANO] for row in report.rows]
    return [report.by, *figures_json(report.total), "cost_usd_before"], rows


def _plain(values: Mapping[str, Any]) -> Iterator[object]:
    return iter(values.values())
