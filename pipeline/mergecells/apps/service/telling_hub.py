"""Tells a hub what this service runs, from a thread of its own: one that the hub cannot ask is known all the same.

Only the newest state is told: nothing queues up while a hub is away, and nothing of a request waits for it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mergecells.apps.service.settings import HubToTell

logger = logging.getLogger("mergecells.service")

LOOK_SECONDS: Final = 0.25
"""Between two looks at our own status, which is one attribute."""
AGAIN_SECONDS: Final = 60.0
"""The hub counts a service for 15 minutes after its last word."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_ANSWER_SECONDS: Final = 5.0
_GOODBYE_SECONDS: Final = 1.0
_LONGEST_REASON: Final = 500

Send = Callable[[str, str, Mapping[str, str], float], str]


class HubTeller:
    """`report` gives the document of `/internal/config`, `spreadsheet` the sheet of the config (empty: unknown); `send`
    carries one message and says in words why it was not taken."""

    def __init__(
        self,
        hub: HubToTell,
        report: Callable[[], dict[str, Any]],
        spreadsheet: Callable[[], str],
        send: Send,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub, self._report, self._spreadsheet, self._send = hub, report, spreadsheet, send
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._told: dict[str, str] = {}
        self._due, self._failures, self._problem = 0.0, 0, ""
        self._thread = threading.Thread(target=self._work, name="mergecells-hub", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Say goodbye, so that the hub need not wait for us; a hub that does not answer delays the end by a second."""
        self._stopping.set()
        self._thread.join(_GOODBYE_SECONDS + 0.5)

    def look(self) -> None:
        """Tell the hub when something is new, or when it is time to say again that we are there."""
        message, now = message_of(self._hub.name, self._report()), self._monotonic()
        news = message != self._told
        if now < self._due and not (news and not self._failures):
            return
        sheet = self._spreadsheet()
        problem = self._send(
            self._hub.url, self._hub.token, {**message, **({"spreadsheet": sheet} if sheet else {})}, _ANSWER_SECONDS
        )
        self._note(problem, message)

    def _note(self, problem: str, message: dict[str, str]) -> None:
        self._told = {} if problem else message
        self._failures = self._failures + 1 if problem else 0
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._failures - 1, 10)) if problem else AGAIN_SECONDS
        # Many services are started at one moment; they need not all speak at one.
        self._due = self._monotonic() + wait * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
        if problem != self._problem:
            level, words = (logging.WARNING, problem) if problem else (logging.INFO, "is told what this service runs")
            extra = {"event": "hub.told", "status": "failure" if problem else "success"}
            logger.log(level, "the hub %s %s", self._hub.url, words, extra=extra)
        self._problem = problem

    def _work(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # whatever is wrong here, leads are scored and the next look tries again
                logger.exception("the hub was not told", extra={"event": "hub.failure"})
                self._note("was not told: see the log above", {})
        if self._told:
            gone = {"service": self._hub.name, "status": "gone"}
            sheet = self._spreadsheet()
            gone |= {"spreadsheet": sheet} if sheet else {}
            self._send(self._hub.url, self._hub.token, gone, _GOODBYE_SECONDS)


def message_of(name: str, report: Mapping[str, Any]) -> dict[str, str]:
    """The document of `/internal/config` as an acknowledgement, without what is not known."""
    runs, refused = report.get("revision") or "", _refused(report)
    if not runs and not refused:
        told = {"status": "not-ready", "reason": _reason(report.get("rejected"))}
    elif refused:
        told = {"status": "rejected", "revision": refused["revision"], "reason": _reason(refused), "runs": runs}
    else:
        # Unreadable files have no revision: what runs is what there is to tell, and why there is nothing newer.
        told = {"status": "ok", "revision": runs, "reason": _reason(report.get("rejected"))}
    loaded = report.get("loaded_at") if runs else None
    told |= {"service": name, "loaded_at": loaded or ""}
    return {key: value for key, value in told.items() if value}


def _refused(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The newest revision that will not run here: refused by the service, or by `follow` before it."""
    own = report.get("rejected") if report.get("status") in {"rejected", "not-ready"} else None
    return next((each for each in (own, report.get("unpublished")) if each and each.get("revision")), None)


def _reason(rejected: Mapping[str, Any] | None) -> str:
    return " ".join(str((rejected or {}).get("reason") or "").split())[:_LONGEST_REASON]
