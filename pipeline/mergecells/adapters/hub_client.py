"""Asks a hub what the services of a sheet run: `GET /v1/fleet`."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from mergecells.adapters.hub_place import FLEET_TOKEN, hub_parts
from mergecells.adapters.service_client import ServiceReport

_MOST_BYTES = 4 * 1024 * 1024
_FIELDS = ("revision", "loaded_at", "status", "last_attempt", "rejected", "unpublished", "problem", "name")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is not sent on to elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def no_redirects() -> urllib.request.OpenerDirector:
    """Opens what it is given and nothing else; through the environment's proxy, since a hub may be far away."""
    return urllib.request.build_opener(_NoRedirect)


_opener = no_redirects()


def ask_hub(place: str, token: str, seconds: float) -> list[ServiceReport]:
    """The services' reports as the hub has them; one that names the problem when it cannot be asked. Never raises."""
    url, spreadsheet = hub_parts(place)
    if not token:
        return [ServiceReport(url, problem=f"the hub wants a token: set {FLEET_TOKEN}")]
    headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url}/v1/fleet", headers=headers)  # noqa: S310 - http(s), by the manifest's schema
    try:
        with _opener.open(request, timeout=seconds) as answer:
            document = json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return [ServiceReport(url, problem=_refusal(error.code))]
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        return [ServiceReport(url, problem=f"the hub cannot be reached: {reason}")]
    except ValueError:
        return [ServiceReport(url, problem="the hub answers something that is not JSON")]
    return _reports(url, document, spreadsheet)


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return f"the hub does not accept the token of {FLEET_TOKEN} ({status})"
    return f"the hub answers {status} at /v1/fleet: is this a mergecells hub?"


def _reports(url: str, document: Any, spreadsheet: str) -> list[ServiceReport]:
    sheets = document.get("sheets") if isinstance(document, dict) else None
    if not isinstance(sheets, list):
        return [ServiceReport(url, problem="the hub answers something else than a fleet")]
    own = [one for one in sheets if isinstance(one, dict) and spreadsheet in {"", one.get("spreadsheet")}]
    if not own:
        return [ServiceReport(url, problem=f"the hub does not serve the spreadsheet {spreadsheet}")]
    services = [one for sheet in own for one in sheet.get("services", ()) if isinstance(one, dict)]
    if not services:
        return [ServiceReport(url, problem="the hub knows no services: list them in mergecells.yaml")]
    return [_report(one) for one in services]


def _report(told: dict[str, Any]) -> ServiceReport:
    kinds = {"rejected": dict, "unpublished": dict}
    known = {name: told[name] for name in _FIELDS if isinstance(told.get(name), kinds.get(name, str))}
    return ServiceReport(str(told.get("service", "")), ready=told.get("ready") is True, **known)
