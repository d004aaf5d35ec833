"""The parts of a running hub, and what its routes ask of them. Nothing here knows of HTTP but for the problems."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from mergecells.adapters.github_api import UnansweredError
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.google_identity import IdentityRefusedError, IdentityVerifier, KeysUnavailableError
from mergecells.adapters.sqlite_hub import HubStore
from mergecells.apps.hub.desks import Desk, Desks, Line
from mergecells.apps.hub.drift import DriftLook
from mergecells.apps.hub.fleet import Fleet
from mergecells.apps.hub.limits import RateLimit
from mergecells.apps.hub.metrics import HubMetrics
from mergecells.apps.hub.previews import preview
from mergecells.apps.hub.queue import SubmissionQueue
from mergecells.apps.hub.release import Releases, live_json
from mergecells.apps.hub.sessions import Session, Sessions
from mergecells.apps.hub.settings import HubSettings
from mergecells.apps.hub.watch import Watch
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.submission_documents import pull_json
from mergecells.authoring.propose import open_pull
from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UnknownRevisionError
from mergecells.domain.manifest import GoogleWorkbook
from mergecells.domain.workbook import BASE_REVISION

_FRESH_SECONDS: Final = 5.0
"""How long the view of a sheet is shown again: twenty sidebars that open at once cost one look."""
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Hub:
    """Built by wiring.py."""

    settings: HubSettings
    desks: Desks
    store: HubStore
    identities: IdentityVerifier
    sessions: Sessions
    limit: RateLimit
    queue: SubmissionQueue
    watch: Watch
    releases: Releases
    fleet: Fleet
    metrics: HubMetrics
    drift: DriftLook
    _views: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)

    def start(self) -> None:
        self.queue.start()
        self.watch.start()
        self.drift.start()

    def stop(self) -> None:
        """Let what runs end, within the time that the settings give; of what does not, the next start tells."""
        self.drift.stop()
        ended = self.queue.stop(self.settings.stop_seconds)
        self.watch.stop(5.0)
        if ended:
            self.store.close()

    def ready(self) -> bool:
        return self.queue.alive() and self.watch.alive()

    def desk(self, spreadsheet: str) -> Desk:
        """The desk of a sheet, named by its id or its address. Raises ProblemError (404)."""
        try:
            named = GoogleWorkbook(spreadsheet=spreadsheet).spreadsheet_id
        except ValueError:
            named = ""
        found = self.desks.get(named)
        if found is None:
            raise ProblemError(
                404,
                "sheet-unknown",
                "This hub does not serve that spreadsheet.",
                hint="The operator names it in mergecells.yaml (google: spreadsheet). A copy has an id of its own.",
            )
        return found

    def sign_in(self, token: str, spreadsheet: str) -> Session:
        """A session for whom the identity token stands for. Raises ProblemError."""
        try:
            person = self.identities.verify(token)
        except IdentityRefusedError as error:
            self.metrics.sign_in(error.kind)
            status = 403 if error.kind in {"no-email", "unverified", "domain", "not-allowed"} else 401
            headers = {"WWW-Authenticate": 'Bearer realm="mergecells hub"'} if status == 401 else {}
            raise ProblemError(
                status, f"identity-{error.kind}", error.message, headers=headers, hint=error.hint
            ) from None
        except KeysUnavailableError as error:
            self.metrics.sign_in("keys")
            raise ProblemError(
                503, "identity-keys", error.message, headers={"Retry-After": "30"}, hint=error.hint
            ) from None
        self.limit.take(person.mail)
        desk = self.desk(spreadsheet)
        self.metrics.sign_in("accepted")
        return self.sessions.open(person, desk.spreadsheet)

    def own_desk(self, session: Session, spreadsheet: str) -> Desk:
        """The desk that a session is for. Raises ProblemError (403, 404)."""
        desk = self.desk(spreadsheet)
        if desk.spreadsheet != session.spreadsheet:
            raise ProblemError(
                403, "sheet-other", "This session is for another spreadsheet.", hint="Sign in for this one."
            )
        return desk

    def preview(self, desk: Desk) -> dict[str, Any]:
        """Raises ProblemError (502) with Google's or GitHub's reason."""
        return _asked(lambda: preview(desk))

    def view(self, desk: Desk, session: Session) -> dict[str, Any]:
        """What the sidebar shows when it opens. Raises ProblemError (502)."""
        with desk.line("look") as line:
            at, seen = self._views.get(desk.spreadsheet, (float("-inf"), {}))
            if time.monotonic() - at > _FRESH_SECONDS:
                seen = _asked(lambda: _look(desk, line))
                self._views[desk.spreadsheet] = (time.monotonic(), seen)
        last = self.store.newest(desk.spreadsheet)
        return {
            **seen,
            "you": {"email": session.person.mail, "name": session.person.name},
            "last_submission": last.id if last else None,
            "live": live_json(self.releases.current(desk)),
        }


def _look(desk: Desk, line: Line) -> dict[str, Any]:
    sheet, host = desk.sheet(line), line.session.host
    pull = open_pull(host, desk.label, desk.branch)
    return {
        "spreadsheet": desk.spreadsheet,
        "address": sheet.address,
        "branch": desk.branch,
        "repository": desk.repository,
        "base": sheet.read_metadata().get(BASE_REVISION) or None,
        "head": host.head(desk.branch),
        "pull_request": pull_json(pull) if pull else None,
    }


def _asked(ask: Callable[[], _Answer]) -> _Answer:
    try:
        return ask()
    except MergecellsError as error:
        raise ProblemError(
            502, "host-failed" if _is_of_host(error) else "sheet-failed", error.message, hint=error.hint
        ) from error


def _is_of_host(error: MergecellsError) -> bool:
    known = (GitHubRefusedError, UnansweredError, UnknownRevisionError, ConfigRejectedError)
    return isinstance(error, known) or "GitHub" in error.message
