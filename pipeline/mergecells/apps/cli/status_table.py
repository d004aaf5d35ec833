"""What every service runs, as a table for people."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence

from mergecells.adapters.service_client import ServiceReport
from mergecells.apps.logs import printable
from mergecells.domain.revision import short

_TITLES = ("SERVICE", "REVISION", "SINCE", "READY", "NEWEST CONFIG")
_LONGEST_REASON = 300


def runs(report: ServiceReport, wanted: str) -> bool:
    """Whether the service can score and its config is `wanted`, a revision or the start of one.

    A checkout that was edited (`<sha>-dirty-…`) does not run the SHA that it starts with.
    """
    if not report.ready or report.revision is None:
        return False
    return report.revision == wanted or ("-dirty-" not in report.revision and report.revision.startswith(wanted))


def refused(report: ServiceReport, wanted: str) -> bool:
    """Whether `wanted` will not run: the service looked at it and refused, or `follow` did before it."""
    looked_at = report.rejected if report.status == "rejected" else None
    revisions = [(found or {}).get("revision") for found in (looked_at, report.unpublished)]
    return any(isinstance(revision, str) and revision.startswith(wanted) for revision in revisions)


def render_status(reports: Sequence[ServiceReport], now: datetime.datetime) -> str:
    """One line for each service; the reason of a rejection below its line."""
    rows = [_row(report, now) for report in reports]
    widths = [max(len(row[column]) for row in [_TITLES, *rows]) for column in range(len(_TITLES))]
    lines = [_line(_TITLES, widths)]
    for report, row in zip(reports, rows, strict=True):
        lines.append(_line(row, widths))
        if report.rejected and report.status != "ok":
            lines.append(f"  {_reason(report.rejected)}{_trace(report.rejected.get('trace_id'))}")
        if report.unpublished:
            head = printable(short(str(report.unpublished.get("revision") or "unknown")))
            lines.append(f"  the branch is at {head}, which is not published: {_reason(report.unpublished)}")
    return "\n".join(lines)


def live_words(reports: Sequence[ServiceReport]) -> list[str]:
    """`live on 2 of 3 services`, for each revision that runs, the one of most services first; then who is not ready."""
    ready = [report for report in reports if report.ready and report.revision]
    runs_on = Counter(report.revision or "" for report in ready)
    services = "service" if len(reports) == 1 else "services"
    told = []
    for revision, count in runs_on.most_common():
        where = [report.name or report.url for report in ready if report.revision == revision]
        named = f": {', '.join(map(printable, where))}" if len(runs_on) > 1 and count <= len(reports) / 2 else ""
        trace = next((report.trace_id for report in ready if report.revision == revision and report.trace_id), None)
        told.append(
            f"{printable(short(revision))} is live on {count} of {len(reports)} {services}{named}{_trace(trace)}."
        )
    return told or [f"Nothing is live on {len(reports)} {services}."]


def _trace(trace_id: object) -> str:
    return f" (trace {printable(trace_id)})" if isinstance(trace_id, str) and trace_id else ""


def ago(moment: str | None, now: datetime.datetime) -> str:
    """`3 min ago`, from an ISO time; the time itself where it cannot be read."""
    if moment is None:
        return "-"
    try:
        seconds = (now - datetime.datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):
        return printable(moment[:40])
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def _row(report: ServiceReport, now: datetime.datetime) -> tuple[str, ...]:
    if report.problem:
        return (printable(report.url), "-", "-", "no", printable(report.problem))
    revision = printable(short(report.revision)) if report.revision else "none yet"
    return (
        printable(report.url),
        revision,
        ago(report.loaded_at, now),
        "yes" if report.ready else "no",
        _newest(report),
    )


def _newest(report: ServiceReport) -> str:
    rejected = (report.rejected or {}).get("revision")
    name = f" {printable(short(rejected))}" if isinstance(rejected, str) and report.status != "ok" else ""
    return printable(report.status or "unknown") + name


def _reason(rejected: dict[str, object]) -> str:
    reason = printable(" ".join(str(rejected.get("reason") or "no reason given").split()))
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    return reason


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
