"""What a release says, and the way back from one that did not become live: for the command and for the hub."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport
    from mergecells.apps.cli.pull_request_host import HostSession
    from mergecells.authoring.propose import Submission


def counted_services(count: int) -> str:
    """`1 service`, `3 services`."""
    return f"{count} service{'' if count == 1 else 's'}"


def live_words(live: int, asked: int, since: datetime.datetime | None = None) -> str:
    """`live on 2 of 3 services`; with all of them, since when (now unless given)."""
    if live < asked:
        return f"live on {live} of {counted_services(asked)}"
    moment = since or datetime.datetime.now(datetime.UTC)
    return f"live on {live} of {counted_services(asked)} since {moment:%H:%M} UTC"


def way_back_to(
    session: HostSession, reports: Sequence[ServiceReport], wanted: str, author: str | None
) -> Submission | None:
    """The pull request that goes back to what most of the others run; None where nothing older runs."""
    from mergecells.authoring.rollback import RollbackRequest, roll_back
    from mergecells.domain.revision import is_full_sha, short

    running = Counter(report.revision for report in reports if report.revision and is_full_sha(report.revision))
    older = [found for found, _ in running.most_common() if found != wanted and session.host.contains(wanted, found)]
    if not older:
        return None
    who = str(session.identity(author, "--author"))
    title = f"Roll back to {short(older[0])}: {short(wanted)} did not become live"
    return roll_back(session.host, RollbackRequest(older[0], session.branch, who, title))
