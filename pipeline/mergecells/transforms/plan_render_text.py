"""Plan → plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding
from mergecells.domain.plan import ExampleImpact, Plan
from mergecells.transforms.evaluation_render import summary
from mergecells.transforms.impact_words import headline
from mergecells.transforms.markdown_escape import visible
from mergecells.transforms.plan_words import counted, excerpts, moved_leads, place, score_change, score_text, value_text
from mergecells.transforms.word_diff import diff_words, show_words

_RED, _GREEN, _YELLOW, _OFF = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">", "moved": "^"}
_TONES = {"added": _GREEN, "removed": _RED}
_SHOWN_VALUE = 100
_SHOWN_WORDS = 600


def render_text(plan: Plan, colour: bool = False, limit: int = 200) -> str:
    """A line for each change, moved lead and finding; at most `limit` of each kind, the rest counted.

    What comes from cells is spelled out where it is not printable: a cell cannot steer the terminal.
    """
    lines = [*_changes(plan, colour, limit), *_impact(plan, limit), *_leads(plan), *_answers(plan)]
    lines += _findings(plan, colour, limit)
    return "\n".join(lines) if lines else "Nothing changes."


def _changes(plan: Plan, colour: bool, limit: int) -> Iterator[str]:
    changes, files = plan.changes.changes, plan.changes.files
    for change in changes[:limit]:
        yield _paint(change_line(change), _TONES.get(change.kind, ""), colour)
    if len(changes) > limit:
        yield f"… and {counted(len(changes) - limit, 'more change')}"
    if not changes:
        yield from (f"~ {visible(name)}" for name in files[:limit])


def change_line(change: Change) -> str:
    """`~ Factors  company_info / years_in_business  weight: 0.7 → 0.6  (Factors!D7, scoring/rules.yaml:12)`."""
    parts = [f"{_SIGNS[change.kind]} {visible(change.area)}", visible(change.key)]
    if isinstance(change.old, str) and isinstance(change.new, str) and "\n" in change.old + change.new:
        parts.append(f"{visible(change.field)}: {visible(_words(change.old, change.new), _SHOWN_WORDS)}")
        return _placed(parts, change)
    sides = excerpts(value_text(change.old), value_text(change.new), _SHOWN_VALUE)
    old, new = (visible(side, _SHOWN_VALUE) for side in sides)
    if change.kind == "changed" or old or new:
        both = f"{old or 'blank'} → {new or 'blank'}"
        parts.append(f"{visible(change.field)}: {both}" if change.field else both)
    elif change.field:
        parts.append(visible(change.field))
    return _placed(parts, change)


def _words(old: str, new: str) -> str:
    """A long text word by word: `… at most [-30-]{+25+} words …`."""
    return show_words(diff_words(old, new), around=_SHOWN_VALUE // 2)


def _placed(parts: list[str], change: Change) -> str:
    where = ", ".join(visible(text) for text in (change.cell or "", place(change)) if text)
    return "  ".join(parts) + (f"  ({where})" if where else "")


def _leads(plan: Plan) -> Iterator[str]:
    if plan.leads:
        yield from ("", f"Leads: {headline(plan.leads)}")


def _answers(plan: Plan) -> Iterator[str]:
    if plan.evaluation is None or not (plan.evaluation.prompts or plan.evaluation.notes):
        return
    yield ""
    yield f"Prompts: {summary(plan.evaluation)}"
    yield from (f"  {visible(note)}" for note in plan.evaluation.notes)
    yield from (f"  {prompt.slug}: {visible(note)}" for prompt in plan.evaluation.prompts for note in prompt.notes)


def _impact(plan: Plan, limit: int) -> Iterator[str]:
    if not plan.impact:
        return
    moved = moved_leads(plan)
    yield ""
    yield f"Impact: {len(moved):,} of {counted(len(plan.impact), 'lead')} (sample and golden) change score"
    yield from (_impact_line(lead) for lead in moved[:limit])
    if len(moved) > limit:
        yield f"  … and {counted(len(moved) - limit, 'more lead')}"


def _impact_line(lead: ExampleImpact) -> str:
    change = score_change(lead)
    points = f" ({change:+.2f})" if abs(change) != float("inf") else ""
    before, after = (visible(tier or "–") for tier in (lead.tier_before, lead.tier_after))
    tier = f"tier {before}" if before == after else f"tier {before} → {after}"
    scores = f"{score_text(lead.score_before)} → {score_text(lead.score_after)}"
    return f"  {visible(lead.name)}: {scores}{points}, {tier}"


def _findings(plan: Plan, colour: bool, limit: int) -> Iterator[str]:
    if not plan.findings:
        return
    yield ""
    for finding in plan.findings[:limit]:
        yield _finding_line(finding, colour)
    if len(plan.findings) > limit:
        yield f"… and {counted(len(plan.findings) - limit, 'more finding')}"


def _finding_line(finding: Finding, colour: bool) -> str:
    tone = _RED if finding.severity == "error" else _YELLOW
    return f"{_paint(finding.severity, tone, colour)}: {visible(str(finding))}"


def _paint(text: str, tone: str, colour: bool) -> str:
    return f"{tone}{text}{_OFF}" if colour and tone else text
