"""The part of Drive that is used: making a spreadsheet, finding it again, sharing it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from standins.google.description import Call
from standins.google.grid import Json, Refused, Spreadsheet, blank_tab

SHEET_TYPE = "application/vnd.google-apps.spreadsheet"
_QUERY = re.compile(r"appProperties has \{\s*key='([^']*)' and value='([^']*)'\s*\}(?: and trashed = false)?\Z")


def drive_error(code: int, reason: str, message: str) -> Refused:
    """Drive names the reason in `errors`, as its older error format does."""
    error = Refused(code, {403: "PERMISSION_DENIED", 404: "NOT_FOUND"}.get(code, "INVALID_ARGUMENT"), message)
    error.reason = reason  # type: ignore[attr-defined]
    return error


@dataclass
class Drive:
    """`files` holds each file's metadata, `books` the spreadsheets among them, `access` who may do what."""

    files: dict[str, Json] = field(default_factory=dict)
    books: dict[str, Spreadsheet] = field(default_factory=dict)
    access: dict[str, dict[str, str]] = field(default_factory=dict)
    folders: dict[str, dict[str, str]] = field(default_factory=dict)
    no_storage: set[str] = field(default_factory=set)
    locale: str = "de_DE"

    def add(self, name: str, mail: str, body: Json | None = None) -> Spreadsheet:
        """A new spreadsheet of somebody: one empty tab, the owner's own locale."""
        file_id = f"1{secrets.token_urlsafe(32)}"[:44]
        properties = {"title": name, "locale": self.locale, "autoRecalc": "ON_CHANGE", "timeZone": "Europe/Berlin"}
        self.files[file_id] = {"id": file_id, "name": name, "mimeType": SHEET_TYPE, "version": "1", **(body or {})}
        self.books[file_id] = Spreadsheet(file_id, properties, [blank_tab(0, "Tabellenblatt1", 0)])
        self.access[file_id] = {mail: "owner"}
        return self.books[file_id]

    def role(self, file_id: str, mail: str) -> str:
        return self.access.get(file_id, {}).get(mail, "")

    def create(self, call: Call, body: Json, mail: str) -> Json:
        if body.get("mimeType") != SHEET_TYPE:
            raise NotImplementedError("files that are no spreadsheets")
        for parent in body.get("parents", []):
            if self.folders.get(parent, {}).get(mail) not in ("writer", "owner") or not call.flag("supportsAllDrives"):
                raise drive_error(404, "notFound", f"File not found: {parent}.")
        if mail in self.no_storage and not body.get("parents"):
            raise drive_error(403, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.")
        book = self.add(body.get("name", "Untitled"), mail, body)
        return {"kind": "drive#file", **{k: v for k, v in self.files[book.id].items() if k != "version"}}

    def list(self, call: Call, mail: str) -> Json:
        found = _QUERY.match(call.text("q"))
        if not found:
            raise NotImplementedError(f"the query {call.text('q')!r}")
        files = [
            about
            for file_id, about in self.files.items()
            if self.role(file_id, mail) and about.get("appProperties", {}).get(found[1]) == found[2]
        ]
        return {"kind": "drive#fileList", "incompleteSearch": False, "files": files}

    def get(self, call: Call, mail: str) -> Json:
        file_id = call.path["fileId"]
        if not self.role(file_id, mail):
            raise drive_error(404, "notFound", f"File not found: {file_id}.")
        return self.files[file_id]

    def share(self, call: Call, body: Json, mail: str) -> Json:
        file_id = call.path["fileId"]
        if self.role(file_id, mail) not in ("owner", "writer"):
            raise drive_error(404, "notFound", f"File not found: {file_id}.")
        if body.get("type") not in ("user", "group") or "emailAddress" not in body:
            raise NotImplementedError("other ways to share")
        if "@" not in body["emailAddress"]:
            raise drive_error(400, "invalidSharingRequest", "Bad Request. User message: no such address.")
        self.access[file_id][body["emailAddress"]] = body["role"]
        return {"kind": "drive#permission", "id": str(len(self.access[file_id])), **body}
