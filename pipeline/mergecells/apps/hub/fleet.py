"""What the services of a desk run: those that can be asked are asked, the others tell it themselves."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mergecells.adapters.service_client import ServiceReport, ask_services
from mergecells.adapters.sqlite_hub import Acknowledgement, HubStore
from mergecells.apps.cli.status_table import refused, runs
from mergecells.apps.hub.desks import Desk
from mergecells.apps.submission_documents import time_text
from mergecells.domain.revision import Revision, short

ASK_SECONDS: Final = 3.0
GONE: Final = "gone"
"""The last word of a service that ends."""
SILENT_SECONDS: Final = 900
"""A service that told of itself is counted for so long after its last word."""
_FORGOTTEN_SECONDS: Final = 86_400


class Fleet:
    """Looks at the services of a desk. A service may be known twice, by an address and by what it tells: it says its
    name when it is asked, so it is counted once, also while it cannot be asked any more."""

    def __init__(self, store: HubStore) -> None:
        self._store = store
        self._names: dict[tuple[str, str], str] = {}

    def look(self, desk: Desk, urls: Sequence[str]) -> list[ServiceReport]:
        """The reports of all services that count, each once: asked where it has an address in the manifest. Those that
        have none, and were silent for long, are no services any more."""
        told = {each.service: each for each in self._store.acknowledgements(desk.spreadsheet) if not _is_silent(each)}
        reports = []
        for asked in ask_services(list(urls), ASK_SECONDS):
            name = self._name(desk, asked)
            # A service that we cannot reach may well reach us.
            own = [found for found in (told.pop(asked.url, None), told.pop(name, None)) if found]
            reports.append(_acknowledged(own[0], asked.url) if asked.problem and own else asked)
        return [*reports, *(_acknowledged(each, each.service) for each in told.values())]

    def silent(self, desk: Desk) -> list[Acknowledgement]:
        """Those that are not counted any more, until they are forgotten."""
        return [each for each in self._store.acknowledgements(desk.spreadsheet) if _is_silent(each)]

    def tell(self, told: Acknowledgement) -> bool:
        """Keep what a service said; whether that is news. Raises OverflowError when too many services are known."""
        now = datetime.datetime.now(datetime.UTC)
        self._store.forget_services(time_text(now - datetime.timedelta(seconds=_FORGOTTEN_SECONDS)))
        if told.status == GONE:
            return self._store.forget_service(told.sheet, told.service)
        former = next((each for each in self._store.acknowledgements(told.sheet) if each.service == told.service), None)
        if not self._store.acknowledge(told):
            raise OverflowError
        return former is None or _is_silent(former) or replace(former, at=told.at) != told

    def _name(self, desk: Desk, asked: ServiceReport) -> str:
        place = (desk.spreadsheet, asked.url)
        if not asked.problem:
            self._names[place] = asked.name or ""
        return self._names.get(place, "")


def _is_silent(told: Acknowledgement) -> bool:
    silent = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(told.at)
    return silent.total_seconds() > SILENT_SECONDS


def _acknowledged(told: Acknowledgement, url: str) -> ServiceReport:
    runs = told.revision if told.status == "ok" else told.runs
    refused = {"revision": told.revision or None, "reason": told.reason} if told.status != "ok" else None
    return ServiceReport(
        url,
        ready=bool(runs),
        revision=runs or None,
        loaded_at=told.loaded_at or told.at,
        status=told.status,
        last_attempt=told.at,
        rejected=refused,
        name=told.service,
    )


def straggler(report: ServiceReport, wanted: Revision) -> dict[str, str] | None:
    """Why a service does not run `wanted`; None when it does."""
    if runs(report, wanted):
        return None
    if report.problem:
        reason = report.problem
    elif refused(report, wanted):
        why = (report.rejected or report.unpublished or {}).get("reason") or "no reason given"
        reason = f"refused it: {' '.join(str(why).split())[:300]}"
    elif report.revision:
        reason = f"runs {short(report.revision)}" + ("" if report.ready else " and is not ready")
    else:
        why = " ".join(str((report.rejected or {}).get("reason") or "").split())[:300]
        reason = f"has loaded nothing yet: {why}" if why else "has loaded nothing yet"
    return {"service": report.url, "reason": reason}


def report_json(report: ServiceReport) -> dict[str, Any]:
    """One service in `GET /v1/fleet`."""
    return {
        "service": report.url,
        "name": report.name,
        "revision": report.revision,
        "ready": report.ready,
        "status": report.status,
        "loaded_at": report.loaded_at,
        "last_attempt": report.last_attempt,
        "rejected": report.rejected,
        "unpublished": report.unpublished,
        "problem": report.problem,
    }
