"""Wires a repository on GitHub as the pull-request host: its name, the credentials of the environment, the settings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from mergecells.domain.errors import UsageError
from mergecells.domain.manifest import PullRequests
from mergecells.domain.revision import Revision
from mergecells.ports import PullRequestHost, ReleaseLog

_SLUG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*)/[A-Za-z0-9._-]+")
_ADDRESS = re.compile(r"(?:https?://[^/]+/|ssh://git@[^/]+/|[^/@]+@[^/:]+:)(?P<slug>[^/]+/[^/]+?)(?:\.git)?/?")


def github_slug(address: str) -> str:
    """`OWNER/NAME` of a repository's name or address. Raises UsageError for anything else."""
    match = _ADDRESS.fullmatch(address)
    slug = match["slug"] if match else address
    if not _SLUG.fullmatch(slug):
        raise UsageError(
            f"{address!r} names no repository on GitHub.",
            "Give pull_requests: repository as OWNER/NAME, or the name of a remote whose address is on GitHub.",
        )
    return slug


def open_github(
    address: str, wanted: PullRequests, prefix: str, pace: Callable[[], None] | None = None
) -> PullRequestHost:
    """The host for a repository's name or address; `pace` as for GitHubApi. Raises UsageError without credentials or
    the extra `github`."""
    slug = github_slug(address)
    try:
        from mergecells.adapters.github_api import GitHubApi
        from mergecells.adapters.github_auth import api_address, find_auth
        from mergecells.adapters.github_propose import PullSettings
        from mergecells.adapters.github_pulls import GitHubPulls
    except ImportError as error:
        raise UsageError(
            f"The host `github` needs {error.name}.", 'Install it with `pip install "mergecells[github]"`.'
        ) from error
    api = GitHubApi(slug, find_auth(os.environ, slug), api_address(os.environ), pace=pace)
    settings = PullSettings(tuple(wanted.labels), tuple(wanted.reviewers), wanted.auto_merge)
    return GitHubPulls(api, prefix, settings)


def open_release(host: PullRequestHost, revision: Revision, environment: str) -> ReleaseLog:
    """The Deployment of a revision on the repository of `host`."""
    from mergecells.adapters.github_pulls import GitHubPulls
    from mergecells.adapters.github_release import GitHubRelease

    assert isinstance(host, GitHubPulls)
    return GitHubRelease(host.api, revision, environment)
