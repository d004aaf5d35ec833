"""Writes back to the workbook that a command names, from the host of the pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mergecells.apps.cli.console import CliContext
from mergecells.domain.live_status import LiveStatus

if TYPE_CHECKING:
    from mergecells.apps.cli.pull_request_host import HostSession
    from mergecells.authoring.fill import FillPlan
    from mergecells.ports import WorkbookSource


@dataclass(frozen=True, slots=True)
class WriteBackRun:
    """The branch of `session` and the workbook that it is written to."""

    session: HostSession
    source: WorkbookSource

    def plan(self, live: LiveStatus | None = None) -> FillPlan:
        """What would be written."""
        from mergecells.authoring.write_back import plan_write_back

        return plan_write_back(self.source, self.session.host, self.session.branch, live)

    def carry_out(self, context: CliContext, live: LiveStatus | None = None) -> FillPlan:
        """Write; a plan without a layout was refused, and its problems are marked in the workbook."""
        from mergecells.authoring.write_back import write_back

        done = write_back(self.source, self.session.host, self.session.branch, live, context.say)
        for note in done.notes:
            context.say(note)
        return done.plan

    def status(self, text: str) -> LiveStatus | None:
        """`text` about the branch's newest revision; None for no text."""
        return LiveStatus(self.session.host.head(self.session.branch), text) if text else None


def open_write_back(context: CliContext, workbook: str | None) -> WriteBackRun:
    """The host and workbook of the config root. Raises UsageError."""
    from mergecells.apps.cli.pull_request_host import open_host
    from mergecells.apps.cli.wiring import open_workbook

    root = context.config_root
    session = open_host(root)
    return WriteBackRun(session, open_workbook(root, session.manifest, workbook))
