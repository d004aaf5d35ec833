"""Which pull-request host the manifest means, and who the person is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.local_pulls import LocalPulls, LocalRelease
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.identity import Identity, parse_identity
from mergecells.domain.manifest import MANIFEST_NAME, Manifest
from mergecells.domain.revision import Revision
from mergecells.ports import PullRequestHost, ReleaseLog
from mergecells.transforms.yaml_to_config import parse_manifest

_ANOTHER_MACHINE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://|[^/]+@[^/]+:|[^/\\]{2,}:[^/\\]")


@dataclass(frozen=True, slots=True)
class HostSession:
    """The host, the branch that requests are merged into, and how to find out who is asking.

    `bare` is the repository that holds the requests, where they are held in one.
    """

    host: PullRequestHost
    branch: str
    manifest: Manifest
    root: Path | None
    bare: GitRepository | None = None

    def release(self, revision: Revision, environment: str) -> ReleaseLog:
        """Where to tell how far `revision` got."""
        if isinstance(self.host, LocalPulls):
            return LocalRelease()
        from mergecells.apps.cli.github_host import open_release

        return open_release(self.host, revision, environment)

    def identity(self, given: str | None, option: str) -> Identity:
        """The person named by the option, or the one that git is configured for. Raises UsageError for neither."""
        if given:
            return parse_identity(given)
        # A config root that is no git checkout: the bare repository knows the person's settings as well.
        places = [GitRepository(self.root)] if self.root else []
        found = next(filter(None, map(_identity, [*places, *([self.bare] if self.bare else [])])), None)
        if found is None:
            raise UsageError(
                "Who is this? git has no name and mail address for you.",
                f'Give {option} "NAME <MAIL>", or set them: git config --global user.name and user.email.',
            )
        return found


def open_host(root: Path, pace: Callable[[], None] | None = None) -> HostSession:
    """The host of the config at `root`. Raises UsageError when the manifest's repository is not on this machine.

    `pace` is called before each request that makes something on GitHub, and may wait.
    """
    manifest = read_manifest(root)
    checkout = _checkout(root)
    prefix = checkout.config_prefix if checkout else ""
    wanted = manifest.pull_requests
    if wanted.host == "github":
        from mergecells.apps.cli.github_host import open_github

        address = (checkout.remote_url(wanted.repository) if checkout else None) or wanted.repository
        return HostSession(open_github(address, wanted, prefix, pace), manifest.branch, manifest, root)
    local = LocalPulls(_locate(root, checkout, wanted.repository), prefix)
    return HostSession(local, manifest.branch, manifest, root, local.repository)


def open_bare(repository: Path) -> HostSession:
    """The host at an address, without a checkout: its own manifest on `HEAD` says which branch."""
    host = LocalPulls(repository)
    try:
        manifest, _ = parse_manifest(host.read_files("HEAD"))
    except MergecellsError:
        manifest = Manifest()
    return HostSession(host, manifest.branch, manifest, None, host.repository)


def read_manifest(root: Path) -> Manifest:
    """The manifest of a config root. Raises UsageError naming every problem when it cannot be used."""
    path = root / MANIFEST_NAME
    manifest, findings = parse_manifest({MANIFEST_NAME: path.read_bytes()} if path.is_file() else {})
    errors = [finding for finding in findings if finding.severity == "error" and finding.file == MANIFEST_NAME]
    if errors:
        raise UsageError(f"{path} cannot be used: {errors[0]}", "`mergecells check` shows every finding.")
    return manifest


def _identity(repository: GitRepository) -> Identity | None:
    try:
        return repository.identity()
    except MergecellsError:
        return None


def _checkout(root: Path) -> GitRepository | None:
    repository = GitRepository(root)
    try:
        return None if repository.is_bare else repository
    except MergecellsError:
        return None


def _locate(root: Path, checkout: GitRepository | None, repository: str) -> Path:
    """A remote's name, a `file://` address or a path (relative to the config root) → the folder."""
    address, base = repository, root
    is_name = re.fullmatch(r"[\w.-]+", repository) is not None
    if checkout and is_name and (url := checkout.remote_url(repository)):
        address, base = url, checkout.top
    elif is_name and not (root / repository).is_dir():
        raise UsageError(
            f"This config has no remote named {repository!r}, so there is no place for pull requests.",
            "Make a bare repository (`git clone --bare . ../leads.git`) and `git remote add origin` it, or name it in "
            f"{MANIFEST_NAME} under pull_requests: repository.",
        )
    if address.startswith("file://"):
        address = unquote(urlsplit(address).path)
    elif _ANOTHER_MACHINE.match(address):
        raise UsageError(
            f"{address} is on another machine; the host `local` needs a bare repository on this one.",
            f"Name its folder in {MANIFEST_NAME} under pull_requests: repository.",
        )
    place = (base / Path(address).expanduser()).resolve()
    if not place.is_dir():
        raise UsageError(f"{place}, where the pull requests should be, is not there.", "Is the disk mounted?")
    return place
