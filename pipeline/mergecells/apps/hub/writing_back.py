"""The sheet after a merge: merged values, the new base revision, no marks, how far the revision got."""

from __future__ import annotations

import logging

from mergecells.adapters.sqlite_hub import HubStore
from mergecells.apps.hub.desks import Desk
from mergecells.authoring.write_back import write_back
from mergecells.domain.errors import MergecellsError
from mergecells.domain.live_status import LiveStatus

logger = logging.getLogger("mergecells.hub")


def bring_back(desk: Desk, live: LiveStatus, store: HubStore) -> None:
    """Never raises for what Google or GitHub does: the watch asks again on its next round."""
    try:
        with desk.line("submit") as line:
            done = write_back(desk.sheet(line), line.session.host, desk.branch, live, _tell)
    except MergecellsError as error:
        extra = {"event": "hub.write-back", "revision": live.revision, "status": "failure"}
        logger.warning("the sheet was not brought up to date: %s", error, extra=extra)
        return
    # Refused, the sheet's cells are marked: to ask again changes nothing before a person does.
    store.save_written(desk.spreadsheet, live.dump())
    extra = {"event": "hub.write-back", "revision": live.revision, "status": done.outcome}
    logger.info("the sheet was brought up to date", extra={**extra, "kept": len(done.plan.kept)})


def _tell(text: str) -> None:
    logger.info("%s", text, extra={"event": "hub.write-back"})
