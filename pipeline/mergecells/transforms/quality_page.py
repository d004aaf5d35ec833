"""The report of quality as a page, as JSON and as rows of CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mergecells.domain.reports import DIMENSIONS, QualityFigures, QualityReport, QualityRow
from mergecells.domain.revision import short
from mergecells.transforms.call_tally import NAMELESS
from mergecells.transforms.cost_page import note_lines, period_json, period_text, shift_json, shift_lines, shift_table
from mergecells.transforms.report_page import Column, Page, PageLine, PageTable
from mergecells.transforms.report_words import points, score, share, sparkline

_COLUMNS = (
    Column("overall", 0),
    Column("trend", 1),
    Column("per day", 4, left=True),
    *(Column(name, 3) for name in DIMENSIONS),
    Column("gate", 1),
    Column("valid", 2),
    Column("iterations", 5),
    Column("records", 0),
    Column("vacuous", 2),
)


def quality_page(report: QualityReport, most: int = 30) -> Page:
    """The worst `most` groups first."""
    lines = [*_summary(report), *note_lines(report.notes)]
    key = Column(report.by, name=True)
    rows = tuple((_key(report.by, row), *_cells(row)) for row in report.rows[:most])
    left = len(report.rows) - most
    tables = [PageTable(f"By {report.by}", (key, *_COLUMNS), rows, f"and {left:,} more" if left > 0 else "")]
    if report.shifts:
        tables.append(shift_table(report.shifts))
    after = shift_lines(report.compared, "quality", bool(report.shifts)) if report.total.records else ()
    return Page(f"Quality by {report.by}, {period_text(report.period)}", tuple(lines), tuple(tables), after)


def _key(by: str, row: QualityRow) -> str:
    return (short(row.key) if by == "revision" else row.key) or NAMELESS


def _summary(report: QualityReport) -> Iterator[PageLine]:
    total, before = report.total, report.before
    if not total.records:
        yield PageLine("No quality records in this period: add them with `mergecells quality record` or `evaluate`.")
        return
    yield PageLine(
        f"Overall {score(total.overall)} over {total.records - total.vacuous:,} judged results (period before: "
        f"{score(before.overall)}, {points(before.overall, total.overall)}) {sparkline(report.daily, 1.0)}"
    )
    yield PageLine(", ".join(f"{name} {score(total.dimensions.get(name))}" for name in DIMENSIONS))
    yield PageLine(f"Gate ({report.gate}): {gate_word(total)}")
    if total.vacuous:
        yield PageLine(f"{total.vacuous:,} results had nothing to judge and are in no mean.", "warning")


def gate_word(figures: QualityFigures) -> str:
    """`92% of 300 passed`."""
    if not figures.gated:
        return "nothing was judged"
    return f"{share(figures.passed / figures.gated)} of {figures.gated:,} passed"


def _cells(row: QualityRow) -> tuple[str, ...]:
    figures = row.figures
    return (
        score(figures.overall),
        points(row.before.overall, figures.overall),
        sparkline(row.daily, 1.0) if len(row.daily) <= 31 else "",
        *(score(figures.dimensions.get(name)) for name in DIMENSIONS),
        share(figures.passed / figures.gated if figures.gated else None),
        share(figures.valid / figures.validated if figures.validated else None),
        "–" if figures.iterations is None else f"{figures.iterations:.1f}",
        f"{figures.records:,}",
        f"{figures.vacuous:,}",
    )


def quality_figures_json(figures: QualityFigures) -> dict[str, Any]:
    """Scores 0..1; null where nothing was judged."""
    return {
        "records": figures.records,
        "vacuous": figures.vacuous,
        "overall": figures.overall,
        **{name: figures.dimensions.get(name) for name in DIMENSIONS},
        "validated": figures.validated,
        "valid": figures.valid,
        "iterations": figures.iterations,
        "gated": figures.gated,
        "passed": figures.passed,
    }


def quality_json(report: QualityReport) -> dict[str, Any]:
    return {
        "report": "quality",
        "by": report.by,
        "period": period_json(report.period),
        "gate": report.gate,
        "total": quality_figures_json(report.total),
        "before": quality_figures_json(report.before),
        "rows": [
            {
                report.by: row.key,
                **quality_figures_json(row.figures),
                "before": quality_figures_json(row.before),
                "daily_overall": list(row.daily),
            }
            for row in report.rows
        ],
        "days": list(report.days),
        "daily_overall": list(report.daily),
        "shifts": [shift_json(shift) for shift in report.shifts],
        "comparisons": report.compared,
        "notes": list(report.notes),
    }


def quality_csv(report: QualityReport) -> tuple[list[str], list[list[object]]]:
    rows = [[row.key, *quality_figures_json(row.figures).values(), row.before.overall] for row in report.rows]
    return [report.by, *quality_figures_json(report.total), "overall_before"], rows
