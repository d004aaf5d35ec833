"""A branch of a git repository, on this machine or behind an address, as something to publish from.

Files come out of git's own objects at one SHA, never from a work tree: a torn read is impossible.
"""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.durable_files import remove
from mergecells.adapters.git_process import GitFailedError, GitProcess
from mergecells.adapters.git_repository import GitRepository
from mergecells.domain.config_files import is_config_file, named_files
from mergecells.domain.errors import MergecellsError, UnknownRevisionError
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Files, Revision
from mergecells.transforms.yaml_to_config import parse_manifest

MIRROR = ".mirror.git"


def is_remote(repository: str) -> bool:
    """Whether `repository` is an address and not a folder: `https://…`, `ssh://…`, `host:path`, `file://…`."""
    return not Path(repository).is_dir() and ":" in repository


class GitBranch:
    """Implements `ports.RevisionSource`. What an address holds is mirrored into a bare repository at `mirror`."""

    def __init__(self, repository: str, branch: str, mirror: Path) -> None:
        self._address = repository
        self._branch = branch
        self._mirror = mirror
        self._remote = is_remote(repository)
        self._local = None if self._remote else GitRepository(Path(repository))

    def describe(self) -> str:
        """See `ports.RevisionSource`: the repository, a blank, the branch."""
        return f"{self._address} {self._branch}"

    def newest(self) -> Revision:
        """See `ports.RevisionSource`."""
        if self._local is not None:
            try:
                return self._local.head(self._branch)
            except UnknownRevisionError as error:
                raise MergecellsError(
                    f"{self._address} has no branch {self._branch!r}.", "Push it, or name another with --branch."
                ) from error
        try:
            return self._fetch()
        except GitFailedError as error:
            # A fetch that was killed may leave locks or half a pack; the mirror holds nothing that is not elsewhere.
            if "lock" in error.messages or "corrupt" in error.messages or "bad object" in error.messages:
                remove(self._mirror)
                return self._fetch()
            raise

    def lineage(self, revision: Revision, limit: int) -> list[Revision]:
        """See `ports.RevisionSource`."""
        asked = ("rev-list", "--first-parent", f"--max-count={limit}", revision)
        return GitProcess(self._repository().path).run(*asked).text.split()

    def read_files(self, revision: Revision) -> Files:
        """See `ports.RevisionSource`."""
        repository = self._repository()
        files = repository.read_files(revision, wanted=is_config_file)
        named = named_files(parse_manifest(files)[0]) if MANIFEST_NAME in files else frozenset()
        if named - files.keys():
            files |= repository.read_files(revision, wanted=lambda path: path in named)
        return files

    def _fetch(self) -> Revision:
        if not (self._mirror / "HEAD").is_file():
            GitRepository.init_bare(self._mirror, self._branch)
        return GitRepository(self._mirror).fetch(self._address, self._branch)

    def _repository(self) -> GitRepository:
        return self._local or GitRepository(self._mirror)
