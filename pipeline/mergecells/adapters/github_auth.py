"""Who we are to GitHub: an App's installation (first choice), or a token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import jwt
import requests
from github import Auth, GithubException, GithubIntegration

from mergecells.adapters.github_api import API
from mergecells.domain.errors import UsageError

TOKEN_VARIABLES: Final = ("MERGECELLS_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
APP_VARIABLE: Final = "MERGECELLS_GITHUB_APP_ID"
KEY_VARIABLE: Final = "MERGECELLS_GITHUB_APP_KEY"
KEY_FILE_VARIABLE: Final = "MERGECELLS_GITHUB_APP_KEY_FILE"
INSTALLATION_VARIABLE: Final = "MERGECELLS_GITHUB_INSTALLATION"
API_VARIABLE: Final = "MERGECELLS_GITHUB_API"


def api_address(environment: Mapping[str, str]) -> str:
    """GitHub's own API, or the one that the environment names (an Enterprise server: `https://HOST/api/v3`)."""
    return environment.get(API_VARIABLE) or environment.get("GITHUB_API_URL") or API


def find_auth(environment: Mapping[str, str], slug: str) -> Auth.Auth:
    """Credentials from the environment. An App's key comes before a token: it expires within the hour by itself.

    Raises UsageError that names the variables when there are none, or when the key cannot be used.
    """
    if app := environment.get(APP_VARIABLE):
        return _app_auth(environment, app, slug)
    for variable in TOKEN_VARIABLES:
        if token := environment.get(variable, "").strip():
            return Auth.Token(token)
    raise UsageError(
        f"There are no credentials for GitHub ({slug}).",
        f"Set {APP_VARIABLE} and {KEY_FILE_VARIABLE} for an App, or {TOKEN_VARIABLES[0]} for a fine-grained token.",
    )


def _app_auth(environment: Mapping[str, str], app: str, slug: str) -> Auth.Auth:
    auth = Auth.AppAuth(int(app) if app.isdigit() else app, _key(environment))
    installation = environment.get(INSTALLATION_VARIABLE)
    if installation and not installation.isdigit():
        raise UsageError(f"{INSTALLATION_VARIABLE}={installation} is no number.", "Its address ends in it.")
    try:
        auth.create_jwt()  # A key that cannot sign is found here, and not in the middle of a submission.
        number = int(installation) if installation else _installation(auth, api_address(environment), slug)
    except (GithubException, requests.RequestException, jwt.PyJWTError, ValueError, TypeError) as error:
        raise UsageError(
            f"The App {app} cannot sign in for {slug}: {type(error).__name__}.",
            f"Is it installed there, and is {KEY_FILE_VARIABLE} its private key (PEM)?",
        ) from error
    return Auth.AppInstallationAuth(auth, number)


def _key(environment: Mapping[str, str]) -> str:
    if key := environment.get(KEY_VARIABLE):
        return key.replace("\\n", "\n")
    path = environment.get(KEY_FILE_VARIABLE)
    if not path:
        raise UsageError(f"{APP_VARIABLE} is set, the App's key is not.", f"Set {KEY_FILE_VARIABLE} or {KEY_VARIABLE}.")
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The App's key {path} cannot be read: {error}.", "It is a PEM file.") from error


def _installation(auth: Auth.AppAuth, address: str, slug: str) -> int:
    owner, _, name = slug.partition("/")
    integration = GithubIntegration(auth=auth, base_url=address, retry=None)
    return integration.get_repo_installation(owner, name).id
