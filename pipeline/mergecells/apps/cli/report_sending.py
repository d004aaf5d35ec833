"""Sends a report to where people look: an issue on GitHub, a chat's webhook."""

from __future__ import annotations

import datetime
import os

from mergecells.adapters.chat_webhook import post_text
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.pull_request_host import open_host
from mergecells.transforms.report_page import Page, render_page_markdown, render_page_text

WEBHOOK_VARIABLE = "MERGECELLS_REPORT_WEBHOOK"
_CHAT_WIDTH = 100


def send_report(context: CliContext, page: Page, until: float, *, issue: bool, webhook: bool) -> None:
    """To both that are wanted; what was sent is said. A webhook that no variable names is said too, and no error: the
    workflow asks for it in every repository. Raises MergecellsError when one of them did not take it."""
    if webhook:
        address = os.environ.get(WEBHOOK_VARIABLE, "").strip()
        if address:
            post_text(address, render_page_text(page, _CHAT_WIDTH, colour=False))
            context.say("The report was posted to the webhook.")
        else:
            context.say(f"No chat gets it: {WEBHOOK_VARIABLE} is not set.")
    if issue:
        place = _issue(context, page, until)
        context.say(f"The issue is {place}" if place else "A local repository keeps no issues.")


def _issue(context: CliContext, page: Page, until: float) -> str | None:
    """One for each week: the next report leaves it as it is."""
    # The end is not included: midnight belongs to the day before.
    year, week, _ = datetime.datetime.fromtimestamp(until - 1, datetime.UTC).isocalendar()
    session = open_host(context.config_root)
    release = session.release(session.host.head(session.branch), "")
    return release.issue(f"weekly {year}-W{week:02}", f"Week {week} of {year}: LLM calls", render_page_markdown(page))
