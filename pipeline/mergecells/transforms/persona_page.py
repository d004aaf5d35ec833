"""The report of personas as a page, as JSON and as rows of CSV."""

from __future__ import annotations

from typing import Any

from mergecells.domain.llm import NANO
from mergecells.domain.reports import PersonaReport, PersonaRow, QualityFigures, StageRow
from mergecells.transforms.call_tally import NAMELESS
from mergecells.transforms.cost_page import (
    budget_json,
    budget_word,
    figures_json,
    note_lines,
    period_json,
    period_text,
)
from mergecells.transforms.quality_page import quality_figures_json
from mergecells.transforms.report_page import Column, Page, PageLine, PageTable
from mergecells.transforms.report_words import (
    NONE,
    bars,
    change,
    cost_text,
    money,
    score,
    seconds,
    share,
    sparkline,
)

_PERSONAS = (
    Column("persona", name=True),
    Column("cost"),
    Column("trend", 1),
    Column("per day", 4, left=True),
    Column("runs", 3),
    Column("calls", 1),
    Column("tokens in", 2),
    Column("tokens out", 2),
    Column("budget left", 0),
    Column("state", 1, left=True),
    Column("quality", 2),
    Column("gate", 2),
)
_STAGES = (
    Column("persona", name=True),
    Column("stage", name=True),
    Column("runs", 1),
    Column("calls", 2),
    Column("tokens", 3),
    Column("cost"),
    Column("p50 stage"),
    Column("p95 stage", 2),
    Column("quality", 1),
    Column("gate", 0),
)


def persona_page(report: PersonaReport, most: int = 30) -> Page:
    lines = list(note_lines(report.notes))
    if not report.rows:
        return Page(_title(report), (PageLine("No calls in this period."), *lines))
    rows = report.rows[:most]
    left = len(report.rows) - most
    under = f"and {left:,} more" if left > 0 else ""
    people = PageTable("Personas", _PERSONAS, tuple(map(_cells, rows)), under)
    stages = tuple(_stage_cells(stage) for row in rows for stage in row.stages)
    after = PageLine(
        f"A stage lasts from the first call of a run to the end of its last. Gate: {report.gate or 'not known'}."
    )
    return Page(_title(report), tuple(lines), (people, PageTable("Stages", _STAGES, stages)), (after,))


def _title(report: PersonaReport) -> str:
    return f"Personas, {period_text(report.period)}"


def _cells(row: PersonaRow) -> tuple[str, ...]:
    budget = row.budget
    return (
        row.persona or NAMELESS,
        cost_text(row.figures) if row.figures.calls else money(0),
        change(row.before.cost, row.figures.cost),
        sparkline(bars(row.daily)),
        f"{row.runs:,}",
        f"{row.figures.calls:,}",
        f"{row.figures.input_tokens:,}",
        f"{row.figures.output_tokens:,}",
        f"{money(round(budget.remaining * NANO))} of {money(round(budget.halt * NANO))}" if budget else NONE,
        budget_word(budget) if budget else NONE,
        score(row.quality.overall),
        _gate(row.quality),
    )


def _stage_cells(row: StageRow) -> tuple[str, ...]:
    return (
        row.persona or NAMELESS,
        row.workflow or NAMELESS,
        f"{row.runs:,}",
        f"{row.figures.calls:,}",
        f"{row.figures.input_tokens + row.figures.output_tokens:,}",
        cost_text(row.figures) if row.figures.calls else money(0),
        seconds(row.duration_p50),
        seconds(row.duration_p95),
        score(row.quality.overall),
        _gate(row.quality),
    )


def _gate(quality: QualityFigures) -> str:
    if not quality.gated:
        return NONE
    return f"{share(quality.passed / quality.gated)} of {quality.gated:,}"


def persona_json(report: PersonaReport) -> dict[str, Any]:
    """For programs."""
    return {
        "report": "personas",
        "period": period_json(report.period),
        "gate": report.gate,
        "rows": [
            {
                "persona": row.persona,
                "runs": row.runs,
                **figures_json(row.figures),
                "before": figures_json(row.before),
                "daily_cost_usd": [cost / NANO for cost in row.daily],
                "budget": budget_json(row.budget) if row.budget else None,
                "quality": quality_figures_json(row.quality),
                "stages": [_stage_json(stage) for stage in row.stages],
            }
            for row in report.rows
        ],
        "notes": list(report.notes),
    }


def _stage_json(row: StageRow) -> dict[str, Any]:
    return {
        "workflow": row.workflow,
        "runs": row.runs,
        **figures_json(row.figures),
        "duration_p50_seconds": row.duration_p50,
        "duration_p95_seconds": row.duration_p95,
        "quality": quality_figures_json(row.quality),
    }


def persona_csv(report: PersonaReport) -> tuple[list[str], list[list[object]]]:
    """A row for each persona and stage."""
    none = StageRow("", "", 0, report.rows[0].figures, None, None) if report.rows else None
    figures = list(figures_json(none.figures)) if none else []
    head = ["persona", "stage", "runs", *figures, "duration_p50_seconds", "duration_p95_seconds"]
    head += ["quality_overall", "quality_gated", "quality_passed", "budget_remaining_usd"]
    rows: list[list[object]] = []
    for row in report.rows:
        for stage in row.stages:
            rows.append(
                [
                    row.persona,
                    stage.workflow,
                    stage.runs,
                    *figures_json(stage.figures).values(),
                    stage.duration_p50,
                    stage.duration_p95,
                    stage.quality.overall,
                    stage.quality.gated,
                    stage.quality.passed,
                    row.budget.remaining if row.budget else None,
                ]
            )
    return head, rows
