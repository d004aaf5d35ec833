"""A revision of the branch on its way to the services: told to the host, looked at until all run it."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from typing import Any

from mergecells.adapters.service_client import ServiceReport
from mergecells.adapters.sqlite_hub import HubStore
from mergecells.apps.cli.releasing import counted_services, live_words, way_back_to
from mergecells.apps.cli.status_table import refused, runs
from mergecells.apps.hub.desks import Desk, Line
from mergecells.apps.hub.fleet import Fleet, straggler
from mergecells.apps.hub.settings import HubSettings
from mergecells.apps.submission_documents import time_text
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import Revision

logger = logging.getLogger("mergecells.hub")
Json = dict[str, Any]


class Releases:
    """The last release of each desk. Its document: revision, state (`waiting`, `live`, `stuck`, `unwatched`), began_at,
    live, services, since, words, stragglers, rollback."""

    def __init__(self, store: HubStore, settings: HubSettings, fleet: Fleet) -> None:
        self._store, self._settings, self._fleet = store, settings, fleet

    def current(self, desk: Desk) -> Json | None:
        return self._store.release(desk.spreadsheet)

    def follow(self, desk: Desk, line: Line, head: Revision) -> Json:
        """Bring the release of the branch's head one look further; a new head begins a new one."""
        document = self.current(desk)
        if document is None or document["revision"] != head:
            document = self._begin(desk, line, head, quiet=document is None)
        if document["state"] != "live":
            document = self._look(desk, line, document)
        self._store.save_release(desk.spreadsheet, document)
        return document

    def _begin(self, desk: Desk, line: Line, head: Revision, quiet: bool) -> Json:
        """The first revision that a hub sees is no news: it was there before the hub was."""
        services = desk.services(line, head)
        made = {"revision": head, "state": "waiting", "began_at": time_text(_now()), "urls": services, "quiet": quiet}
        if services and not quiet:
            self._tell(desk, line, made, "waiting", f"waiting for {counted_services(len(services))}")
        logger.info("release", extra={"event": "hub.release", "revision": head, "status": "waiting"})
        return {**made, "live": 0, "services": len(services), "since": None, "stragglers": [], "rollback": None}

    def _look(self, desk: Desk, line: Line, document: Json) -> Json:
        head = document["revision"]
        reports = self._fleet.look(desk, document["urls"])
        late = [found for report in reports if (found := straggler(report, head))]
        seen = {
            **document,
            "live": len(reports) - len(late),
            "services": len(reports),
            "stragglers": late,
            "words": live_words(len(reports) - len(late), len(reports)),
        }
        if not reports:
            return {**seen, "state": "unwatched", "words": "no services are known"}
        if not late:
            return self._live(desk, line, seen)
        return self._late(desk, line, seen, reports)

    def _live(self, desk: Desk, line: Line, seen: Json) -> Json:
        since = _now()
        words = live_words(seen["live"], seen["services"], since)
        if not seen["quiet"]:
            self._tell(desk, line, seen, "live", words)
        logger.info("release", extra={"event": "hub.release", "revision": seen["revision"], "status": "live"})
        return {**seen, "state": "live", "since": time_text(since), "words": words}

    def _late(self, desk: Desk, line: Line, seen: Json, reports: Sequence[ServiceReport]) -> Json:
        began = datetime.datetime.fromisoformat(seen["began_at"])
        over = (_now() - began).total_seconds() > self._settings.release_seconds
        no = any(refused(report, seen["revision"]) for report in reports if not runs(report, seen["revision"]))
        if seen["state"] == "stuck" or not (over or no):
            return {**seen, "state": "stuck" if seen["state"] == "stuck" else "waiting"}
        logger.warning("release", extra={"event": "hub.release", "revision": seen["revision"], "status": "stuck"})
        if seen["quiet"]:
            return {**seen, "state": "stuck"}
        self._tell(desk, line, seen, "failed", seen["words"])
        return {**seen, "state": "stuck", "rollback": self._way_back(line, seen["revision"], reports)}

    def _way_back(self, line: Line, head: Revision, reports: Sequence[ServiceReport]) -> Json | None:
        if not self._settings.rollback:
            return None
        try:
            made = way_back_to(line.session, reports, head, str(self._settings.author))
        except MergecellsError as error:
            logger.warning("no way back: %s", error, extra={"event": "hub.release", "revision": head})
            return None
        return {"number": made.pull.number, "url": made.pull.url} if made and made.pull else None

    def _tell(self, desk: Desk, line: Line, document: Json, state: str, words: str) -> None:
        """A host that does not listen must not keep us from looking."""
        try:
            line.session.release(document["revision"], self._settings.environment).tell(state, words)
        except MergecellsError as error:
            extra = {"event": "hub.release", "revision": document["revision"], "sheet": desk.spreadsheet}
            logger.warning("the host was not told: %s", error, extra=extra)


def live_json(document: Json | None) -> Json | None:
    """`live` in answers; None while nothing is known, or nobody could say."""
    if document is None or document["state"] == "unwatched":
        return None
    keys = ("revision", "live", "services", "since", "stragglers", "rollback")
    return {**{key: document.get(key) for key in keys}, "words": document.get("words", "waiting")}


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
