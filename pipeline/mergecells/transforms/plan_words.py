"""A Plan in the domain's words, shared by every renderer."""

from __future__ import annotations

from collections.abc import Sequence

from mergecells.domain.changes import Change
from mergecells.domain.plan import ExampleImpact, Plan

MAX_TITLE = 120
_TITLE_VALUE = 40
_SAME = 5e-10


def value_text(value: float | bool | str | None) -> str:
    """A cell's value as the person typed it: 0.6, TRUE, text; empty for blank."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def excerpts(old: str, new: str, limit: int) -> tuple[str, str]:
    """Both texts from shortly before they part, where showing `limit` characters would not reach that far."""
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if max(len(old), len(new)) <= limit or same < limit // 2:
        return old, new
    start = same - limit // 4
    return f"…{old[start:]}", f"…{new[start:]}"


def subject(change: Change) -> str:
    """The row and column: `weight of company_info / years_in_business`."""
    return f"{change.field} of {change.key}" if change.field else change.key


def change_sentence(change: Change) -> str:
    """One change as a title has it: `Set weight of … to 0.6 (was 0.7)`."""
    tab = f" ({change.area})" if change.area else ""
    if change.kind == "changed":
        old, new = excerpts(value_text(change.old), value_text(change.new), _TITLE_VALUE)
        if not new:
            return f"Blank {subject(change)} (was {old})"
        return f"Set {subject(change)} to {new} (was {old or 'blank'})"
    if change.kind == "renamed":
        return f"Rename {value_text(change.old) or change.key} to {value_text(change.new)}{tab}"
    verb = {"added": "Add", "removed": "Remove", "moved": "Move"}[change.kind]
    return f"{verb} {subject(change)}{tab}"


def plan_title(changes: Sequence[Change], files: Sequence[str] = ()) -> str:
    """What a pull request is called when nobody named it; at most 120 characters."""
    if not changes:
        return f"Change {files[0]}" if len(files) == 1 else f"Change {len(files)} files"
    if len(changes) == 1:
        return _short(change_sentence(changes[0]))
    areas = list(dict.fromkeys(change.area for change in changes))
    where = areas[0] if len(areas) == 1 else f"{', '.join(areas[:-1])} and {areas[-1]}"
    return _short(f"{len(changes)} changes in {where}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + "…"


def place(change: Change) -> str:
    """`scoring/rules.yaml:12`, empty where no file is known."""
    return ":".join(str(part) for part in (change.file, change.line) if part is not None)


def moved_leads(plan: Plan) -> list[ExampleImpact]:
    """The leads whose score or tier changes, the largest change first."""
    moved = [lead for lead in plan.impact if lead.tier_before != lead.tier_after or score_change(lead) != 0]
    return sorted(moved, key=lambda lead: (lead.tier_before == lead.tier_after, -abs(score_change(lead)), lead.name))


def score_change(lead: ExampleImpact) -> float:
    """Points gained; infinite when only one side could be scored, 0 for binary noise."""
    if lead.score_before is None or lead.score_after is None:
        return 0.0 if lead.score_before == lead.score_after else float("inf")
    change = lead.score_after - lead.score_before
    return 0.0 if abs(change) < _SAME else change


def score_text(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"


def counted(number: int, word: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
