"""Signing in to GitHub: an App's key, a token, and what is said when neither works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mergecells.adapters.github_api import API, GitHubApi
from mergecells.adapters.github_auth import api_address, find_auth
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.apps.cli.github_host import github_slug
from mergecells.domain.errors import UsageError
from standins.github_server import GitHubServer

SLUG = "acme/leads"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path) as running:
        running.store.push({"mergecells.yaml": b"version: 1\n"})
        yield running
        assert running.violations == []


@pytest.fixture
def app(server: GitHubServer, tmp_path: Path) -> dict[str, str]:
    """The environment of an App whose public key the server knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    server.store.app_id, server.store.app_public_key = "4711", public.decode()
    (tmp_path / "app.pem").write_bytes(private)
    return {
        "MERGECELLS_GITHUB_APP_ID": "4711",
        "MERGECELLS_GITHUB_APP_KEY_FILE": str(tmp_path / "app.pem"),
        "MERGECELLS_GITHUB_API": server.url,
    }


def api(environment: dict[str, str], server: GitHubServer) -> GitHubApi:
    return GitHubApi(SLUG, find_auth(environment, SLUG), server.url, sleep=lambda _: None)


def test_app_finds_its_installation_and_acts_by_a_token_that_expires(server: GitHubServer, app: dict[str, str]) -> None:
    """A signed token of the App's own, the installation of the repository, an installation token, then the request."""
    signed_in = api(app, server)
    assert signed_in.get("git/ref/heads/main")["object"]["sha"] == server.store.sha("main")
    signed_in.get("git/ref/heads/main")
    asked = [request for request in server.requests if "access_tokens" in request]
    assert asked == ["POST /app/installations/77/access_tokens"]


def test_app_of_a_named_installation_asks_for_nothing_more(server: GitHubServer, app: dict[str, str]) -> None:
    """MERGECELLS_GITHUB_INSTALLATION saves a request."""
    api({**app, "MERGECELLS_GITHUB_INSTALLATION": "77"}, server).get("git/ref/heads/main")
    assert not [request for request in server.requests if request.endswith("/installation")]


def test_app_with_the_wrong_key_is_told(server: GitHubServer, app: dict[str, str]) -> None:
    """The key of another App: refused by the server, said in words without the key."""
    server.store.app_id = "1"
    with pytest.raises(UsageError, match="cannot sign in for acme/leads"):
        find_auth(app, SLUG)
    with pytest.raises(GitHubRefusedError, match="credentials"):
        api({**app, "MERGECELLS_GITHUB_INSTALLATION": "77"}, server).get("git/ref/heads/main")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "MERGECELLS_GITHUB_TOKEN"),
        ({"MERGECELLS_GITHUB_APP_ID": "1"}, "MERGECELLS_GITHUB_APP_KEY_FILE"),
        ({"MERGECELLS_GITHUB_APP_ID": "1", "MERGECELLS_GITHUB_APP_KEY_FILE": "/nowhere.pem"}, "cannot be read"),
        ({"MERGECELLS_GITHUB_APP_ID": "1", "MERGECELLS_GITHUB_APP_KEY": "no key"}, "private key"),
        (
            {"MERGECELLS_GITHUB_APP_ID": "1", "MERGECELLS_GITHUB_APP_KEY": "x", "MERGECELLS_GITHUB_INSTALLATION": "x"},
            "no number",
        ),
    ],
)
def test_missing_or_broken_credentials_are_named(environment: dict[str, str], said: str) -> None:
    """Which variable, and what to put there."""
    with pytest.raises(UsageError, match=said):
        find_auth({**environment, "MERGECELLS_GITHUB_API": "http://127.0.0.1:1"}, SLUG)


def test_wrong_token_is_told_and_not_shown(server: GitHubServer) -> None:
    """401 in words; the token is in no message."""
    with pytest.raises(GitHubRefusedError) as caught:
        api({"GITHUB_TOKEN": "ghp_secret"}, server).get("git/ref/heads/main")
    assert "credentials" in str(caught.value)
    assert "ghp_secret" not in str(caught.value)


def test_api_address_is_githubs_own_unless_the_environment_names_another() -> None:
    """Ours before that of GitHub Actions."""
    assert api_address({}) == API
    assert api_address({"GITHUB_API_URL": "https://ghe/api/v3"}) == "https://ghe/api/v3"
    assert api_address({"GITHUB_API_URL": "x", "MERGECELLS_GITHUB_API": "y"}) == "y"


@pytest.mark.parametrize(
    "address",
    ["acme/leads", "git@github.com:acme/leads.git", "https://github.com/acme/leads", "ssh://git@github.com/acme/leads.git",
     "https://github.com/acme/leads.git/"],
)  # fmt: skip
def test_slug_of_every_form_of_address(address: str) -> None:
    """OWNER/NAME, however the remote is written."""
    assert github_slug(address) == SLUG


@pytest.mark.parametrize("address", ["leads", "../leads.git", "/srv/leads.git", "a/b/c", "", "acme/leads/../x", "-a/b"])
def test_address_of_no_repository_on_github_is_refused(address: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(UsageError, match="OWNER/NAME"):
        github_slug(address)
