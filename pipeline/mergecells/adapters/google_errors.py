"""What went wrong at Google, in words that say what to do next."""

from __future__ import annotations

from typing import Any

from google.auth import exceptions as auth_errors
from requests import Response

from mergecells.domain.errors import MergecellsError, WorkbookChangedError, WorkbookUnreadableError

__all__ = ["AmbiguousWriteError", "WorkbookChangedError", "explain_auth", "explain_response", "reason_of"]

GUIDE = "docs/google-sheets.md has the set-up step by step."
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}


class AmbiguousWriteError(MergecellsError):
    """A write that may have been carried out or not: no answer came, or one that tells neither."""


def error_of(response: Response) -> dict[str, Any]:
    """The `error` object of an answer; empty for what is no JSON (an HTML page of a front end, a cut answer)."""
    try:
        found = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def reason_of(response: Response) -> str:
    """The machine-readable reason: of `details` (newer APIs) or of `errors` (Drive)."""
    error = error_of(response)
    for part in ("details", "errors"):
        for each in error.get(part, ()):
            if isinstance(each, dict) and each.get("reason"):
                return str(each["reason"])
    return str(error.get("status", ""))


def is_too_fast(response: Response) -> bool:
    """A refusal for its rate: nothing was carried out, and waiting helps."""
    return response.status_code == 429 or (response.status_code == 403 and reason_of(response) in _TOO_FAST)


def explain_response(response: Response, account: str, name: str) -> MergecellsError:
    """An error answer about the spreadsheet `name`, asked for as `account`."""
    code, reason = response.status_code, reason_of(response)
    said = str(error_of(response).get("message", "")).strip()
    if code == 401:
        return MergecellsError(
            "Google does not accept the credentials (401).",
            f"The key or sign-in has expired or was revoked: make a new one. {GUIDE}",
        )
    if code == 403:
        return _explain_forbidden(reason, said, account, name)
    if code == 404:
        return WorkbookUnreadableError(
            f"There is no spreadsheet {name}, or {account} may not know of it (404).",
            f"Check the id in mergecells.yaml (google: spreadsheet), and share the sheet with {account} as Editor.",
        )
    if code == 429:
        return MergecellsError(
            "Google's quota for this minute is used up (429), and stayed so.",
            "Wait a minute and try again. More than 60 requests a minute for one user: ask for a higher quota.",
        )
    if "must not be an Office file" in said or (code == 400 and reason == "FAILED_PRECONDITION"):
        return WorkbookUnreadableError(
            f"{name} is an Excel file that lies in Drive, not a Google Sheet.",
            "Open it and choose File, Save as Google Sheets; the copy has an id of its own.",
        )
    if code >= 500:
        return MergecellsError(
            f"Google answers {code}, and did so until the time was up.",
            "Nothing was half done. Try again in a few minutes; https://www.google.com/appsstatus tells of outages.",
        )
    return MergecellsError(f"Google refused the request ({code} {reason}): {said or response.reason}", GUIDE)


def _explain_forbidden(reason: str, said: str, account: str, name: str) -> MergecellsError:
    if reason == "SERVICE_DISABLED" or "has not been used in project" in said:
        return MergecellsError(
            f"The Google Sheets or Drive API is not switched on in the project of these credentials: {said}",
            "Open the address in the message, press Enable, wait a minute, try again.",
        )
    if reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
        return MergecellsError(
            "These credentials were given without access to spreadsheets.",
            "Sign in again with the scopes https://www.googleapis.com/auth/spreadsheets and, for init --google, "
            "https://www.googleapis.com/auth/drive.file.",
        )
    if reason == "storageQuotaExceeded":
        return MergecellsError(
            f"{account} has no room in Drive: service accounts made since 2025 own no files.",
            "Name a folder of a shared drive with --drive-folder, or make an empty sheet yourself, share it with "
            f"{account} as Editor, and name it with --sheet.",
        )
    if reason in _TOO_FAST:
        return MergecellsError("Google's quota is used up (403).", "Wait a minute and try again.")
    return WorkbookUnreadableError(
        f"{account} may not do this with the spreadsheet {name} (403).",
        f"Share the sheet with {account} as Editor: the Share button, top right.",
    )


def explain_auth(error: Exception, account: str) -> MergecellsError:
    """Why no access token was given. What the error holds beyond its first words may be secret, and is not told."""
    told = str(error.args[0]) if error.args else ""
    if isinstance(error, auth_errors.TransportError):
        return MergecellsError(
            "Google's sign-in cannot be reached.", "Look at the network and at a proxy (HTTPS_PROXY), then try again."
        )
    if "invalid_grant" in told or "invalid_grant" in str(error):
        return MergecellsError(
            f"Google no longer accepts the credentials of {account} (invalid_grant).",
            f"A key may be deleted or this machine's clock wrong; a sign-in expires after long disuse. {GUIDE}",
        )
    return MergecellsError(f"No access token for {account}: {type(error).__name__}.", GUIDE)
