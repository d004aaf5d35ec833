"""How `submit` and `rollback` tell the person, or a program, how it ended."""

from __future__ import annotations

import os
import sys

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.authoring.propose import Submission
from mergecells.domain.findings import count_findings
from mergecells.domain.revision import short
from mergecells.transforms.markdown_escape import visible
from mergecells.transforms.plan_render_text import render_text


def wants_colour() -> bool:
    """Colour only on a terminal, and never with NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def report_submission(context: CliContext, submission: Submission, output: Output) -> None:
    """Print the result. Exit status 1 when the submission was refused."""
    for note in submission.notes:
        context.say(note)
    if output is Output.JSON:
        print_json(submission_json(submission))
    else:
        _print_text(context, submission)
    if submission.outcome == "refused":
        raise typer.Exit(1)


def submission_json(submission: Submission) -> dict[str, object]:
    """The outcome, the pull request's number and address (null without one), and the whole Plan."""
    pull = submission.pull
    return {
        "outcome": submission.outcome,
        "number": pull.number if pull else None,
        "url": pull.url if pull else None,
        "title": submission.plan.title,
        "updated": submission.updated,
        "pull_request": pull.model_dump() if pull else None,
        "plan": submission.plan.model_dump(),
        "counts": count_findings(submission.plan.findings),
        "notes": list(submission.notes),
    }


def _print_text(context: CliContext, submission: Submission) -> None:
    plan, pull = submission.plan, submission.pull
    if submission.outcome == "proposed" and pull:
        print(f"#{pull.number} {visible(pull.title)}")
        print(f"{pull.url}  ({'updated' if submission.updated else 'opened'} by {visible(pull.author)})\n")
        print(render_text(plan, wants_colour()))
        context.say(f"\nReview it with `mergecells pulls show {pull.number}`.")
    elif submission.outcome == "unchanged":
        where = plan.workbook or "The config"
        print(f"Nothing changed: {visible(where)} says what {short(plan.changes.base)} says already.")
        if pull:
            print(f"#{pull.number} is still open with earlier edits; `mergecells pulls close {pull.number}` closes it.")
    else:
        print(render_text(plan, wants_colour()))
        print("\nRefused: no pull request was opened or updated. Mend the findings above and try again.")
