"""Credentials for Google: a service account, somebody's sign-in, or whatever this machine is (Workload Identity)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google.auth
from google.auth import aws, identity_pool, pluggable
from google.auth import exceptions as auth_errors
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from mergecells.domain.errors import UsageError

SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
DRIVE_SCOPE = "https://www.googleapis.com/auth/drive.file"
"""Only the files that this program makes: enough to make a spreadsheet and to share it."""

_STANDARD = "GOOGLE_APPLICATION_CREDENTIALS"
GUIDE = "docs/google-sheets.md has the set-up step by step."


@dataclass(frozen=True)
class Account:
    """Credentials, and whom they stand for in messages. Never shown: `repr` tells the name alone."""

    credentials: Credentials
    name: str

    def __repr__(self) -> str:
        return f"Account({self.name})"


def find_account(given: str, scopes: list[str]) -> Account:
    """`given` is a JSON text or the path of a JSON file; empty: Application Default Credentials (the file that
    GOOGLE_APPLICATION_CREDENTIALS names, gcloud's sign-in, or the machine's own identity). Raises UsageError."""
    given = given.strip() or os.environ.get(_STANDARD, "").strip()
    if not given:
        return _default_account(scopes)
    about, place = _read(given)
    kind = about.get("type")
    try:
        if kind == "service_account":
            made = service_account.Credentials.from_service_account_info(about, scopes=scopes)  # type: ignore[no-untyped-call]
            return Account(made, str(about.get("client_email", "the service account")))
        if kind == "authorized_user":
            user = user_credentials.Credentials.from_authorized_user_info(about, scopes=scopes)  # type: ignore[no-untyped-call]
            return Account(user, str(about.get("account") or "the account that signed in"))
        if kind == "external_account":
            return Account(_federated(about, scopes), _federated_name(about))
        if kind == "impersonated_service_account":
            impersonated, _ = google.auth.load_credentials_from_dict(about, scopes=scopes)  # type: ignore[no-untyped-call]
            return Account(impersonated, _federated_name(about))
    except (ValueError, auth_errors.GoogleAuthError) as error:
        # The error's own text may quote the key.
        raise UsageError(f"{place} holds no usable credentials ({type(error).__name__}).", GUIDE) from None
    if "installed" in about or "web" in about:
        raise UsageError(
            f"{place} is an OAuth client, which says who asks, not who allows it.",
            "Sign in with it: gcloud auth application-default login --client-id-file=FILE --scopes=… "
            "(docs/google-sheets.md), and leave MERGECELLS_GOOGLE_CREDENTIALS empty.",
        )
    raise UsageError(f"{place} holds no credentials of Google's that are known here (type {kind!r}).", GUIDE)


def _read(given: str) -> tuple[dict[str, Any], str]:
    place = "The text in MERGECELLS_GOOGLE_CREDENTIALS"
    text = given
    if not given.lstrip().startswith("{"):
        path = Path(given).expanduser()
        place = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise UsageError(f"The credentials {place} cannot be read: {reason}.", GUIDE) from None
    try:
        about = json.loads(text)
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise UsageError(f"{place} holds no JSON of credentials.", GUIDE)
    return about, place


def _default_account(scopes: list[str]) -> Account:
    try:
        found, _ = google.auth.default(scopes=scopes)
    except (auth_errors.GoogleAuthError, OSError, ValueError):
        raise UsageError(
            "There are no credentials for Google.",
            "Name a service account's key file in MERGECELLS_GOOGLE_CREDENTIALS, or sign in with gcloud auth "
            f"application-default login. {GUIDE}",
        ) from None
    name = getattr(found, "service_account_email", "") or ""
    return Account(found, name if "@" in name else "this machine's account")


def _federated(about: dict[str, Any], scopes: list[str]) -> Credentials:
    """Made directly: `google.auth.default` would ask another API for the project first, which is of no use here."""
    source = about.get("credential_source", {})
    made: Any = identity_pool.Credentials
    if str(source.get("environment_id", "")).startswith("aws"):
        made = aws.Credentials
    elif "executable" in source:
        made = pluggable.Credentials
    found: Credentials = made.from_info(about, scopes=scopes)
    return found


def _federated_name(about: dict[str, Any]) -> str:
    """The service account at the end of an impersonation address, when there is one."""
    address = str(about.get("service_account_impersonation_url", ""))
    name = address.rpartition("/")[2].partition(":")[0]
    return name if "@" in name else "the federated identity"
