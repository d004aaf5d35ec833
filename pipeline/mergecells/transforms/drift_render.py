"""Drift between workbook and branch → words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Revision, short
from mergecells.transforms.markdown_escape import code_span
from mergecells.transforms.plan_words import counted
from mergecells.transforms.workbook_changes import render_change

_SHOWN = 100


def drift_lines(
    behind: Sequence[Change], ahead: Sequence[Change], findings: Sequence[Finding], *, markdown: bool = False
) -> list[str]:
    """One heading and a list for each kind of difference that there is; at most 100 of each."""
    lines: list[str] = []
    for heading, items in (
        ("On the branch, not in the workbook", [render_change(change) for change in behind]),
        ("In the workbook, not merged", [render_change(change) for change in ahead]),
        ("Cannot be compared", [str(finding) for finding in findings]),
    ):
        if items:
            lines += [f"### {heading}", ""] if markdown else [f"{heading}:"]
            lines += _listed(items, markdown)
            lines += [""] if markdown else []
    return lines


def _listed(items: Sequence[str], markdown: bool) -> Iterable[str]:
    for item in items[:_SHOWN]:
        yield f"- {code_span(item, 500)}" if markdown else f"  {item}"
    if len(items) > _SHOWN:
        yield f"{'- ' if markdown else '  '}… and {counted(len(items) - _SHOWN, 'more difference')}"


def drift_issue(workbook: str, address: str, branch: str, lines: Sequence[str]) -> str:
    """The text of an issue. The same differences give the same text, whatever else was merged meanwhile."""
    about = f"[{workbook.replace('[', '(').replace(']', ')')}]({address})" if "://" in address else code_span(workbook)
    head = [
        f"{about} does not say what `{branch}` says.",
        "",
        "Bring the workbook up to date with `mergecells fill --merged --apply`; what is only in the workbook waits for "
        "somebody to submit it, or to type the branch's value over it. This issue closes itself once both agree.",
        "",
    ]
    return "\n".join([*head, *lines])


def drift_summary(workbook: str, branch: str, revision: Revision, differences: int) -> str:
    """One line for a person."""
    if not differences:
        return f"{workbook} says what {branch} says at {short(revision)}."
    return f"{workbook} differs from {branch} at {short(revision)} in {counted(differences, 'place')}."
