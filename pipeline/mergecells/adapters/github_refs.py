"""Branches, tags and pull-request heads of a repository on GitHub → full SHAs."""

from __future__ import annotations

from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.domain.errors import UnknownRevisionError
from mergecells.domain.revision import Revision

_NOT_THERE = frozenset((404, 409, 422))
"""A missing name; an empty repository; a text that cannot be a revision."""


def read_ref(api: GitHubApi, ref: str) -> Revision:
    """`heads/main` → its commit. Raises UnknownRevisionError."""
    try:
        return str(api.get(f"git/ref/{ref}")["object"]["sha"])
    except GitHubRefusedError as error:
        raise _unknown_or(error, api.slug, ref.removeprefix("heads/")) from error


def read_commit(api: GitHubApi, name: str) -> Revision:
    """A branch, tag, `pull/N` or shortened SHA → the full SHA. Raises UnknownRevisionError."""
    number = name.removeprefix("pull/")
    if number != name and number.isdigit():
        return read_ref(api, f"pull/{number}/head")
    try:
        return str(api.get(f"commits/{name}")["sha"])
    except GitHubRefusedError as error:
        raise _unknown_or(error, api.slug, name) from error


def contains(api: GitHubApi, newer: Revision, older: Revision) -> bool:
    """Whether `older` is `newer` or one of its ancestors; False where the repository does not have one of them."""
    if newer == older:
        return True
    try:
        return api.get(f"compare/{older}...{newer}", per_page=1)["status"] in {"ahead", "identical"}
    except GitHubRefusedError as error:
        if error.status in _NOT_THERE:
            return False
        raise


def unknown_revision(slug: str, name: str) -> UnknownRevisionError:
    return UnknownRevisionError(f"{slug} has no branch, tag or commit {name!r}.", "Push it first, or check its name.")


def _unknown_or(error: GitHubRefusedError, slug: str, name: str) -> Exception:
    return unknown_revision(slug, name) if error.status in _NOT_THERE else error
