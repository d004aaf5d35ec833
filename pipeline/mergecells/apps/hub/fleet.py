"""What the services of a desk run: those that can be asked are asked, the others tell it themselves."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from mergecells.adapters.service_client import ServiceReport, ask_services
from mergecells.adapters.sqlite_hub import Acknowledgement, HubStore
from mergecells.apps.cli.status_table import refused, runs
from mergecells.apps.hub.desks import Desk
from mergecells.apps.hub.documents import time_text
from mergecells.domain.revision import Revision, short

ASK_SECONDS: Final = 3.0
SILENT_SECONDS: Final = 900
"""A service that told of itself is counted for so long; one that is gone for a day is forgotten."""
_FORGOTTEN_SECONDS: Final = 86_400


def look(store: HubStore, desk: Desk, urls: Sequence[str]) -> list[ServiceReport]:
    """The reports of all services of a desk, each once: asked where it has an address in the manifest."""
    told = {each.service: each for each in store.acknowledgements(desk.spreadsheet)}
    asked = ask_services(list(urls), ASK_SECONDS)
    # A service that we cannot reach may well reach us.
    reports = [_acknowledged(told[each.url]) if each.problem and each.url in told else each for each in asked]
    return [*reports, *(_acknowledged(each) for name, each in told.items() if name not in urls)]


def forget_silent(store: HubStore, now: datetime.datetime) -> None:
    store.forget_services(time_text(now - datetime.timedelta(seconds=_FORGOTTEN_SECONDS)))


def _acknowledged(told: Acknowledgement) -> ServiceReport:
    silent = (datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(told.at)).total_seconds()
    if silent > SILENT_SECONDS:
        return ServiceReport(told.service, problem=f"has said nothing since {told.at}")
    rejected = {"revision": told.revision, "reason": told.reason} if told.status == "rejected" else None
    return ServiceReport(
        told.service,
        ready=told.status == "ok",
        revision=told.revision if told.status == "ok" else None,
        loaded_at=told.at,
        status=told.status,
        rejected=rejected,
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
        reason = "has loaded nothing yet"
    return {"service": report.url, "reason": reason}


def report_json(report: ServiceReport) -> dict[str, Any]:
    """One service in `GET /v1/fleet`."""
    return {
        "service": report.url,
        "revision": report.revision,
        "ready": report.ready,
        "status": report.status,
        "loaded_at": report.loaded_at,
        "last_attempt": report.last_attempt,
        "rejected": report.rejected,
        "unpublished": report.unpublished,
        "problem": report.problem,
    }
