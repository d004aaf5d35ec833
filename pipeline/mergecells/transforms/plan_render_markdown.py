"""Plan → markdown: the body of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding, count_findings
from mergecells.domain.plan import ExampleImpact, Plan
from mergecells.domain.revision import short
from mergecells.transforms.impact_render_markdown import render_impact_markdown
from mergecells.transforms.markdown_escape import code_span, table_code_span
from mergecells.transforms.plan_words import counted, excerpts, moved_leads, place, score_change, score_text, value_text

MAX_BODY = 65_536
"""GitHub's limit for a pull request's body, in characters."""

# The fixed parts (headings, provenance, notes on what was left out) take less than this.
_RESERVED = 4_000
_SHOWN_VALUE = 200
_WORDS = {"added": "add", "removed": "remove", "changed": "set", "renamed": "rename", "moved": "move"}


def render_markdown(plan: Plan, limit: int = MAX_BODY, *, checked: bool = True) -> str:
    """What changes with cell and line, what it does to the golden leads, what was found, who asked for it.

    Never longer than `limit`: changes have the first claim on the room, what does not fit is counted. `checked`
    False leaves the findings out, where no check was run.
    """
    leads = _leads_section(plan, limit // 4)
    room = max(limit - _RESERVED - len(leads), 0)
    changes, used = _changes(plan, room * 6 // 10)
    findings, used_more = _findings(plan.findings, (room - used) // 2) if checked else ([], 0)
    impact, _ = _impact(plan, room - used - used_more)
    return "\n".join([*changes, *impact, *([leads] if leads else []), *findings, *_provenance(plan)]).rstrip() + "\n"


def _changes(plan: Plan, room: int) -> tuple[list[str], int]:
    rows, left_out, used = _fitting((_change_row(change) for change in plan.changes.changes), room)
    lines = ["## What changes", ""]
    if rows:
        lines += ["| Tab | Row | Change | Before | After | Cell | File |", "| --- " * 7 + "|", *rows, ""]
    if left_out:
        lines += [f"… and {counted(left_out, 'more change')}, too many to show here; the diff has them all.", ""]
    if not plan.changes.changes:
        names, more, used = _fitting((f"- {code_span(name)}" for name in plan.changes.files), room)
        lines += ["No row of a tab changes." if names else "Nothing changes.", "", *names, ""]
        lines += [f"… and {counted(more, 'more file')}.", ""] if more else []
    return lines, used


def _change_row(change: Change) -> str:
    what = _WORDS[change.kind] + (f" {table_code_span(change.field)}" if change.field else "")
    before, after = _sides(change)
    cells = [table_code_span(change.area), table_code_span(change.key), what, before, after]
    cells += [table_code_span(text) if text else "" for text in (change.cell or "", place(change))]
    return f"| {' | '.join(cells)} |"


def _sides(change: Change) -> tuple[str, str]:
    if change.kind == "changed" or change.old is not None or change.new is not None:
        before, after = excerpts(value_text(change.old), value_text(change.new), _SHOWN_VALUE)
        return table_code_span(before, _SHOWN_VALUE), table_code_span(after, _SHOWN_VALUE)
    return "", ""


def _leads_section(plan: Plan, room: int) -> str:
    """The impact on real leads; shorter, or left out, where names of tiers and factors make it long."""
    if plan.leads is None:
        return ""
    for leads in (plan.leads, plan.leads.model_copy(update={"movers": ()})):
        shown = render_impact_markdown(leads)
        if len(shown) <= room:
            return shown
    return "What it does to the leads is too long to show here; `mergecells impact` has it.\n"


def _impact(plan: Plan, room: int) -> tuple[list[str], int]:
    if not plan.impact:
        return [], 0
    moved = moved_leads(plan)
    lines = ["## What it does to the sample and golden leads", ""]
    if not moved:
        return [*lines, f"None of {counted(len(plan.impact), 'lead')} changes score or tier.", ""], 0
    rows, left_out, used = _fitting((_impact_row(lead) for lead in moved), room)
    tiers = sum(lead.tier_before != lead.tier_after for lead in moved)
    lines += [f"{len(moved):,} of {counted(len(plan.impact), 'lead')} change score, {tiers:,} change tier.", ""]
    lines += ["| Lead | Score | | Tier |", "| --- | ---: | ---: | --- |", *rows, ""]
    lines += [f"… and {counted(left_out, 'more lead')}.", ""] if left_out else []
    return lines, used


def _impact_row(lead: ExampleImpact) -> str:
    change = score_change(lead)
    points = f"{change:+.2f}" if abs(change) != float("inf") else ""
    before, after = (table_code_span(tier) if tier else "–" for tier in (lead.tier_before, lead.tier_after))
    tier = before if lead.tier_before == lead.tier_after else f"{before} → **{after}**"
    scores = f"{score_text(lead.score_before)} → {score_text(lead.score_after)}"
    return f"| {table_code_span(lead.name)} | {scores} | {points} | {tier} |"


def _findings(findings: Sequence[Finding], room: int) -> tuple[list[str], int]:
    if not findings:
        return ["## Findings", "", "Every check passed, nothing to report.", ""], 0
    counts = count_findings(findings)
    worst_first = sorted(findings, key=lambda finding: finding.severity != "error")
    rows, left_out, used = _fitting((_finding_row(finding) for finding in worst_first), room)
    head = f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}."
    more = [f"… and {counted(left_out, 'more finding')}; `mergecells check` shows all.", ""] if left_out else []
    return ["## Findings", "", head, "", *rows, "", *more], used


def _finding_row(finding: Finding) -> str:
    return f"- **{finding.severity}** {code_span(str(finding), 1_000)}"


def _provenance(plan: Plan) -> list[str]:
    facts = [("Submitted by", plan.author), ("Workbook", plan.workbook), ("Base revision", short(plan.base_revision))]
    told = [f"{name}: {code_span(text)}" for name, text in facts if text]
    return ["---", "", " · ".join(told), ""] if told else []


def _fitting(rows: Iterable[str], room: int) -> tuple[list[str], int, int]:
    """The rows that fit into `room` characters, how many do not, and the room used."""
    kept: list[str] = []
    used = left_out = 0
    for row in rows:
        if left_out or used + len(row) + 1 > room:
            left_out += 1
            continue
        kept.append(row)
        used += len(row) + 1
    return kept, left_out, used
