"""A submission asked for by a `repository_dispatch`: what its payload may say, and nothing else.

Whoever may send one has write access to the repository; the payload's texts still came from a spreadsheet, so they are
taken as claims: which sheet is held to the manifest, who asked is written down as who asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.identity import Identity, parse_identity
from mergecells.domain.manifest import Manifest

EVENT = "mergecells-submit"
_LONGEST = {"spreadsheet": 400, "title": 256, "requested_by": 200, "nonce": 100}
_MOST_BYTES = 1024 * 1024
_NONCE = re.compile(r"[A-Za-z0-9-]{8,100}")


@dataclass(frozen=True, slots=True)
class DispatchEvent:
    """`nonce` is the sender's own mark of this request, by which it finds the answer."""

    spreadsheet: str
    title: str
    author: Identity
    nonce: str


def read_event(path: Path, manifest: Manifest) -> DispatchEvent:
    """The event that GitHub wrote to `path`. Raises UsageError naming what is wrong with it."""
    payload = _payload(path)
    texts = {name: _text(payload, name, longest) for name, longest in _LONGEST.items()}
    known = manifest.google.spreadsheet_id if manifest.google else None
    if texts["spreadsheet"] != known:
        raise UsageError(
            "The event is about a spreadsheet that is not this repository's.",
            "Name it in mergecells.yaml under google: spreadsheet, or send the event to its own repository.",
        )
    if not _NONCE.fullmatch(texts["nonce"]):
        raise UsageError("The event's nonce is not 8 to 100 letters, digits and hyphens.", "Update the add-on.")
    title = " ".join(texts["title"].split())
    return DispatchEvent(texts["spreadsheet"], title, _author(texts["requested_by"]), texts["nonce"])


def _payload(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        event = json.loads(content) if len(content) <= _MOST_BYTES else None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} holds no event: {error}.", "Give the file that GITHUB_EVENT_PATH names.") from error
    if not isinstance(event, dict) or event.get("action") != EVENT or not isinstance(event.get("client_payload"), dict):
        raise UsageError(f"{path} is no event `{EVENT}`.", "This is for `repository_dispatch` of that type.")
    payload: dict[str, Any] = event["client_payload"]
    unknown = sorted(set(payload) - set(_LONGEST))
    if unknown:
        raise UsageError(f"The event says more than it may: {', '.join(unknown)[:100]}.", "Update the add-on.")
    return payload


def _text(payload: dict[str, Any], name: str, longest: int) -> str:
    value = payload.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise UsageError(f"The event's {name} is not a text of at most {longest} characters.", "Update the add-on.")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise UsageError(f"The event's {name} holds a control character.", "Update the add-on.")
    return value


def _author(text: str) -> Identity:
    """A mail address alone is its own name."""
    return parse_identity(text if "<" in text else f"{text.partition('@')[0]} <{text}>")
