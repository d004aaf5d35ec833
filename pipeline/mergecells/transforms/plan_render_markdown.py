"""Plan → markdown: the body of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding, count_findings
from mergecells.domain.plan import ExampleImpact, Plan
from mergecells.domain.revision import short
from mergecells.transforms.evaluation_render import render_evaluation
from mergecells.transforms.impact_render_markdown import render_impact_markdown
from mergecells.transforms.markdown_escape import code_span, table_code_span
from mergecells.transforms.plan_render_prompts import render_previews
from mergecells.transforms.plan_words import counted, excerpts, moved_leads, place, score_change, score_text, value_text

MAX_BODY = 65_536
"""GitHub's limit for a pull request's body, in characters."""

MOST_PARTS = 10
"""Texts beside the body. A change of half a million characters is read in the diff, if by anybody."""

# The fixed parts (headings, provenance, notes on what was left out, a marker of the host) take less than this.
_RESERVED = 4_000
_SHOWN_VALUE = 200
_ELSEWHERE = "on GitHub they follow in comments, and the diff has them all"
_WORDS = {"added": "add", "removed": "remove", "changed": "set", "renamed": "rename", "moved": "move"}


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines, the room that their rows take, and the rows that had none, below `head`."""

    title: str
    lines: list[str]
    used: int = 0
    head: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


def render_markdown(plan: Plan, limit: int = MAX_BODY, *, checked: bool = True) -> str:
    """What changes with cell and line, what it does to the golden leads, what was found, who asked for it.

    Never longer than `limit`: changes have the first claim on the room; what does not fit is counted, and is in
    `render_rest`. `checked` False leaves the findings out, where no check was run.
    """
    changes, impact, findings = _sections(plan, limit, checked)
    leads = _leads_section(plan, limit // 4)
    room = max(limit - _RESERVED - len(leads) - changes.used - impact.used - findings.used, 0)
    prompts, used = render_previews(plan.prompts, room)
    answers, _ = render_evaluation(plan.evaluation, room - used)
    lines = [*changes.lines, *prompts, *answers, *impact.lines, *([leads] if leads else []), *findings.lines]
    lines += _provenance(plan)
    return "\n".join(lines).rstrip() + "\n"


def render_rest(plan: Plan, limit: int = MAX_BODY, most: int = MOST_PARTS) -> tuple[str, ...]:
    """The rows that `render_markdown` of that limit has no room for, in at most `most` texts of at most `limit`
    characters; empty when it has room for all. What is more than that stays counted."""
    pages = [page for section in _sections(plan, limit, True) for page in _pages(section, limit - _RESERVED)]
    shown, beyond = pages[:most], sum(len(rows) for _, rows in pages[most:])
    if beyond:
        shown[-1][1].extend(
            ("", f"… and {counted(beyond, 'more line')}; the diff and `mergecells check` have them all.")
        )
    texts = []
    for number, (section, rows) in enumerate(shown, start=2):
        part = f"Part {number} of {len(shown) + 1}; the text of the pull request is the first."
        texts.append("\n".join([f"## {section.title}, continued", "", *section.head, *rows, "", part, ""]))
    return tuple(texts)


def _pages(section: _Section, room: int) -> Iterator[tuple[_Section, list[str]]]:
    rows = list(section.rest)
    while rows:
        kept, rest, _ = _fitting(rows, room)
        # No row is longer than the texts in it, which are cut: one always fits.
        yield section, kept
        rows = rest


def _sections(plan: Plan, limit: int, checked: bool) -> tuple[_Section, _Section, _Section]:
    """Changes, impact, findings."""
    room = max(limit - _RESERVED - len(_leads_section(plan, limit // 4)), 0)
    changes = _changes(plan, room * 6 // 10)
    findings = _findings(plan.findings, (room - changes.used) // 2) if checked else _Section("Findings", [])
    return changes, _impact(plan, room - changes.used - findings.used), findings


def _changes(plan: Plan, room: int) -> _Section:
    rows, rest, used = _fitting((_change_row(change) for change in plan.changes.changes), room)
    title, head = "What changes", ("| Tab | Row | Change | Before | After | Cell | File |", "| --- " * 7 + "|")
    lines = [f"## {title}", ""]
    if rows:
        lines += [*head, *rows, ""]
    if rest:
        lines += [f"… and {counted(len(rest), 'more change')}, too many for one text: {_ELSEWHERE}.", ""]
    if not plan.changes.changes:
        names, more, used = _fitting((f"- {code_span(name)}" for name in plan.changes.files), room)
        lines += ["No row of a tab changes." if names else "Nothing changes.", "", *names, ""]
        lines += [f"… and {counted(len(more), 'more file')}.", ""] if more else []
    return _Section(title, lines, used, head, tuple(rest))


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


def _impact(plan: Plan, room: int) -> _Section:
    title = "What it does to the sample and golden leads"
    if not plan.impact:
        return _Section(title, [])
    moved = moved_leads(plan)
    lines = [f"## {title}", ""]
    if not moved:
        return _Section(title, [*lines, f"None of {counted(len(plan.impact), 'lead')} changes score or tier.", ""])
    rows, rest, used = _fitting((_impact_row(lead) for lead in moved), room)
    tiers = sum(lead.tier_before != lead.tier_after for lead in moved)
    lines += [f"{len(moved):,} of {counted(len(plan.impact), 'lead')} change score, {tiers:,} change tier.", ""]
    head = ("| Lead | Score | | Tier |", "| --- | ---: | ---: | --- |")
    lines += [*head, *rows, ""]
    lines += [f"… and {counted(len(rest), 'more lead')}.", ""] if rest else []
    return _Section(title, lines, used, head, tuple(rest))


def _impact_row(lead: ExampleImpact) -> str:
    change = score_change(lead)
    points = f"{change:+.2f}" if abs(change) != float("inf") else ""
    before, after = (table_code_span(tier) if tier else "–" for tier in (lead.tier_before, lead.tier_after))
    tier = before if lead.tier_before == lead.tier_after else f"{before} → **{after}**"
    scores = f"{score_text(lead.score_before)} → {score_text(lead.score_after)}"
    return f"| {table_code_span(lead.name)} | {scores} | {points} | {tier} |"


def _findings(findings: Sequence[Finding], room: int) -> _Section:
    title = "Findings"
    if not findings:
        return _Section(title, [f"## {title}", "", "Every check passed, nothing to report.", ""])
    counts = count_findings(findings)
    worst_first = sorted(findings, key=lambda finding: finding.severity != "error")
    rows, rest, used = _fitting((_finding_row(finding) for finding in worst_first), room)
    head = f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}."
    more = [f"… and {counted(len(rest), 'more finding')}; `mergecells check` shows all.", ""] if rest else []
    return _Section(title, [f"## {title}", "", head, "", *rows, "", *more], used, rest=tuple(rest))


def _finding_row(finding: Finding) -> str:
    return f"- **{finding.severity}** {code_span(str(finding), 1_000)}"


def _provenance(plan: Plan) -> list[str]:
    facts = [("Submitted by", plan.author), ("Workbook", plan.workbook), ("Base revision", short(plan.base_revision))]
    told = [f"{name}: {code_span(text)}" for name, text in facts if text]
    return ["---", "", " · ".join(told), ""] if told else []


def _fitting(rows: Iterable[str], room: int) -> tuple[list[str], list[str], int]:
    """The rows that fit into `room` characters, those from the first that does not, and the room used."""
    kept: list[str] = []
    rest: list[str] = []
    used = 0
    for row in rows:
        if rest or used + len(row) + 1 > room:
            rest.append(row)
            continue
        kept.append(row)
        used += len(row) + 1
    return kept, rest, used
