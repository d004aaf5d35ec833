"""A branch of a git repository, on this machine or behind an address, as something to publish from.

Files come out of git's own objects at one SHA, never from a work tree: a torn read is impossible.
"""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.durable_files import remove
from mergecells.adapters.git_process import GitFailedError, GitProcess
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.git_tree import list_tree
from mergecells.domain.config_files import is_config_file, named_files
from mergecells.domain.configset import RULES_FILE
from mergecells.domain.errors import MergecellsError, UnknownRevisionError
from mergecells.domain.loop_trace import CommitTrace, read_trailer
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Files, Revision
from mergecells.transforms.yaml_to_config import parse_manifest

MIRROR = ".mirror.git"


def is_remote(repository: str) -> bool:
    """Whether `repository` is an address and not a folder: `https://…`, `ssh://…`, `host:path`, `file://…`."""
    return not Path(repository).is_dir() and ":" in repository


class GitBranch:
    """Implements `ports.RevisionSource`. What an address holds is mirrored into a bare repository at `mirror`.

    `root` is the config root inside the repository, `teams/leads` for instance. Without one, it is the folder of a
    checkout that `repository` names, else the repository's top, else the one folder that holds a manifest.
    """

    def __init__(self, repository: str, branch: str, mirror: Path, root: str | None = None) -> None:
        self._address = repository
        self._branch = branch
        self._mirror = mirror
        self._remote = is_remote(repository)
        self._local = None if self._remote else GitRepository(Path(repository))
        self._root = root.strip("/") if root else None

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
        if self._root is not None:
            return self._read_below(self._root, revision)
        start = self._local.config_prefix if self._local else ""
        files = self._read_below(start, revision)
        if start or MANIFEST_NAME in files or RULES_FILE in files:
            return files
        roots = self._roots(revision)
        if len(roots) > 1:
            raise MergecellsError(
                f"{self._address} holds several configs: {', '.join(roots[:5])}.", "Name one with --root."
            )
        return self._read_below(roots[0], revision) if roots else files

    def trace(self, revision: Revision) -> CommitTrace:
        """See `ports.RevisionSource`. Of a merge, the second parent is what was proposed."""
        git = GitProcess(self._repository().path)
        asked = ("show", "--no-patch", "--no-show-signature", "--format=%ct%x00%P%x00%B", revision)
        merged_at, parents, message = git.run(*asked).text.split("\0", 2)
        proposed = parents.split()[1:2]
        if not proposed:
            return CommitTrace(read_trailer(message), None, float(merged_at))
        proposed_at, _, inner = git.run(*asked[:-1], proposed[0]).text.split("\0", 2)
        return CommitTrace(read_trailer(message) or read_trailer(inner), float(proposed_at), float(merged_at))

    def _read_below(self, root: str, revision: Revision) -> Files:
        repository = self._repository()
        files = repository.read_files(revision, root, is_config_file)
        named = named_files(parse_manifest(files)[0]) if MANIFEST_NAME in files else frozenset()
        if named - files.keys():
            files |= repository.read_files(revision, root, lambda path: path in named)
        return files

    def _roots(self, revision: Revision) -> list[str]:
        """The folders of the commit that hold a manifest beside rules."""
        paths = {entry.path for entry in list_tree(GitProcess(self._repository().path), revision)}
        found = (path.removesuffix(f"/{MANIFEST_NAME}") for path in paths if path.endswith(f"/{MANIFEST_NAME}"))
        return sorted(folder for folder in found if f"{folder}/{RULES_FILE}" in paths)

    def _fetch(self) -> Revision:
        if not (self._mirror / "HEAD").is_file():
            GitRepository.init_bare(self._mirror, self._branch)
        return GitRepository(self._mirror).fetch(self._address, self._branch)

    def _repository(self) -> GitRepository:
        return self._local or GitRepository(self._mirror)
