"""Posts a text to a chat's incoming webhook, as Slack has it and others take it (Mattermost, Rocket.Chat, Discord).

Source: docs.slack.dev, "Sending messages using incoming webhooks": a JSON object with `text`; 200 when it was taken.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from mergecells.domain.errors import MergecellsError, UsageError

MOST_CHARACTERS = 38_000
"""Slack cuts a text at 40,000."""

_CUT = "\n… (cut here; the whole report is where it was written)"
_SECONDS = 20.0


def post_text(address: str, text: str) -> None:
    """Raises UsageError for what is no address, MergecellsError when the text was not taken. The address is a secret:
    no message names more of it than its host."""
    host = _host(address)
    told = text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + _CUT
    body = json.dumps({"text": f"```\n{told}\n```"}).encode()
    request = urllib.request.Request(  # noqa: S310 - checked by _host
        address, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            answer.read(1_000)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(200).decode("utf-8", "replace").strip()
        raise MergecellsError(
            f"The webhook at {host} did not take the report: {error.code} {said}".strip() + ".",
            "Is the webhook still there? Make a new one, and set it again.",
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise MergecellsError(f"The webhook at {host} cannot be reached: {type(error).__name__}.") from None


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable or any(character.isspace() for character in address):
        raise UsageError("The webhook's address is none.", "It begins with https://.")
    return str(parts.hostname)
