"""Tells a hub what this service runs: `POST /v1/acknowledgements`, by nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from mergecells.adapters.hub_client import no_redirects
from mergecells.adapters.service_client import check_url
from mergecells.domain.errors import UsageError

ACK_TOKEN = "MERGECELLS_HUB_ACK_TOKEN"  # noqa: S105 - the variable's name
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_REFUSALS = {
    401: f"does not accept the token of {ACK_TOKEN}",
    403: f"does not accept the token of {ACK_TOKEN}, or was started without one",
    404: "does not serve the spreadsheet of this config, or is no hub",
    422: "does not understand this service: which of both is older?",
    503: "is stopping, or knows too many services",
}

_opener = no_redirects()


def check_hub_url(url: str) -> str:
    """The hub's address without a final slash. Raises UsageError for one over which the token could be read."""
    address = check_url(url)
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            f"{url} is not https: the token that goes with each message could be read on the way.",
            "Give the address of the proxy that speaks TLS in front of the hub. Plain http is for this machine only.",
        )
    if parts.query or parts.fragment or parts.username:
        raise UsageError(f"{url!r} is more than the address of a hub.", "For example: https://hub.example.com")
    return address


def acknowledge(url: str, token: str, message: Mapping[str, str], seconds: float) -> str:
    """Send one message; why it was not taken, in words, and empty when it was. Never raises, never waits for more than
    `seconds` of silence, and reads nothing of what is answered but the status."""
    request = urllib.request.Request(  # noqa: S310 - see check_hub_url
        f"{url}/v1/acknowledgements",
        data=json.dumps(message).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        method="POST",
    )
    try:
        with _opener.open(request, timeout=seconds) as answer:
            return "" if answer.status == 202 else f"answers {answer.status}: is this a mergecells hub?"
    except urllib.error.HTTPError as error:
        with error:
            return _REFUSALS.get(error.code, f"answers {error.code}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"cannot be reached: {getattr(error, 'reason', error)}"
