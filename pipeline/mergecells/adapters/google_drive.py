"""Makes a spreadsheet in Drive and shares it."""

from __future__ import annotations

import uuid
from typing import Any

from gspread.urls import DRIVE_FILES_API_V3_URL

from mergecells.adapters.google_errors import AmbiguousWriteError
from mergecells.adapters.google_http import PatientClient
from mergecells.domain.errors import MergecellsError

_TYPE = "application/vnd.google-apps.spreadsheet"
_KEY = "mergecellsRequest"
_ATTEMPTS = 5


def create_spreadsheet(client: PatientClient, name: str, folder: str = "") -> str:
    """A new, empty spreadsheet; its id. `folder` may lie in a shared drive. Made once, whatever answers get lost: the
    file carries a mark by which it is found again. Raises MergecellsError."""
    token = uuid.uuid4().hex
    body: dict[str, Any] = {"name": name, "mimeType": _TYPE, "appProperties": {_KEY: token}}
    if folder:
        body["parents"] = [folder]
    for _ in range(_ATTEMPTS):
        try:
            params = {"fields": "id", "supportsAllDrives": "true"}
            return str(client.request("post", DRIVE_FILES_API_V3_URL, params=params, json=body).json()["id"])
        except AmbiguousWriteError as error:
            unsure: MergecellsError = error
            found = _find(client, token)
            if found:
                return found
    raise MergecellsError(f"The spreadsheet could not be made: {unsure.message}", unsure.hint)


def _find(client: PatientClient, token: str) -> str | None:
    params = {
        "q": f"appProperties has {{ key='{_KEY}' and value='{token}' }} and trashed = false",
        "fields": "files(id)",
        "supportsAllDrives": "true",
        "includeItemsFromAllDrives": "true",
    }
    files = client.request("get", DRIVE_FILES_API_V3_URL, params=params).json().get("files", [])
    return str(files[0]["id"]) if files else None


def share(client: PatientClient, spreadsheet: str, mail: str) -> None:
    """Let somebody edit it; Google tells them by mail. Giving the same person the same access twice changes nothing, so
    this may be repeated. Raises MergecellsError."""
    address = f"{DRIVE_FILES_API_V3_URL}/{spreadsheet}/permissions"
    params = {"supportsAllDrives": "true", "fields": "id"}
    body = {"type": "user", "role": "writer", "emailAddress": mail}
    for left in reversed(range(_ATTEMPTS)):
        try:
            client.request("post", address, params=params, json=body)
            return
        except AmbiguousWriteError:
            if not left:
                raise
