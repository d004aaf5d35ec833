"""Asks running services what config they run: `GET /internal/config` and `GET /readyz`.

Services are asked directly, never through a proxy of the environment: they stand in the same network.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mergecells.domain.errors import UsageError

_MOST_BYTES = 1024 * 1024
_MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What one service answered. `problem` says why there is no report; `revision` is None before the first load.
    `name` is what it calls itself at a hub; None where it tells none."""

    url: str
    ready: bool = False
    revision: str | None = None
    loaded_at: str | None = None
    status: str | None = None
    last_attempt: str | None = None
    rejected: dict[str, Any] | None = None
    unpublished: dict[str, Any] | None = None
    problem: str | None = None
    name: str | None = None
    trace_id: str | None = None
    """Of the change that made `revision`; that of a refused one is in `rejected`."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A service that sends us elsewhere is not the one that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def check_url(url: str) -> str:
    """The service's base URL without a final slash. Raises UsageError when it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() or ord(character) < 32 for character in url):
        raise UsageError(f"{url!r} is not the address of a service.", "For example: http://127.0.0.1:8800")
    return url.rstrip("/")


def ask_services(urls: Sequence[str], seconds: float) -> list[ServiceReport]:
    """Ask all at once, each for at most `seconds` of silence; the answers in the order of `urls`."""
    if not urls:
        return []
    with ThreadPoolExecutor(min(len(urls), _MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda url: ask_service(url, seconds), urls))


def ask_service(url: str, seconds: float) -> ServiceReport:
    """One service's report; never raises for what a service or the network does."""
    try:
        status, document = _get(f"{url}/internal/config", seconds)
        if status != 200 or not isinstance(document, dict):
            return ServiceReport(url, problem=f"answers {status} at /internal/config: is this a mergecells service?")
        ready, _ = _get(f"{url}/readyz", seconds)
    except (OSError, http.client.HTTPException) as error:
        return ServiceReport(url, problem=words(error))
    except ValueError:
        return ServiceReport(url, problem="answers something that is not JSON: is this a mergecells service?")
    return _report(url, ready == 200, document)


def ask_reload(url: str, token: str, seconds: float) -> str:
    """Ask one service to look at its config now; why it was not asked, empty when it was."""
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(  # noqa: S310 - see check_url
        f"{url}/internal/reload", data=b"", headers=headers, method="POST"
    )
    try:
        with _opener.open(request, timeout=seconds):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return f"answers {error.code}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return words(error)


def _report(url: str, ready: bool, document: dict[str, Any]) -> ServiceReport:
    texts = {name: document.get(name) for name in ("revision", "loaded_at", "status", "last_attempt", "trace_id")}
    known = {name: value for name, value in texts.items() if isinstance(value, str)}
    if isinstance(document.get("service"), str):
        known["name"] = document["service"]
    rejected, unpublished = (
        found if isinstance(found := document.get(name), dict) else None for name in ("rejected", "unpublished")
    )
    return ServiceReport(url, ready, rejected=rejected, unpublished=unpublished, **known)


def _get(url: str, seconds: float) -> tuple[int, Any]:
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - see check_url
    try:
        with _opener.open(request, timeout=seconds) as answer:
            return answer.status, json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


def direct_opener() -> urllib.request.OpenerDirector:
    """Neither a proxy of the environment nor a redirect."""
    return _opener


def words(error: Exception) -> str:
    """Why a service did not answer, for people."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return "does not answer in time"
    if isinstance(reason, ConnectionRefusedError):
        return "refuses the connection: is it running?"
    if isinstance(reason, OSError) and reason.strerror:
        return f"cannot be reached: {reason.strerror}"
    return f"cannot be reached: {reason}"
