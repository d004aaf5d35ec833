"""Which commit a folder of a git checkout is at, and whether its config files are that commit's."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.domain.config_files import is_config_file, named_files
from mergecells.domain.errors import MergecellsError
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Files, Revision
from mergecells.transforms.yaml_to_config import parse_manifest

if TYPE_CHECKING:
    from mergecells.adapters.git_repository import GitRepository


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """`is_clean`: every config file has the content of the commit, and none is missing or added."""

    revision: Revision
    is_clean: bool


class GitHead:
    """Asks git as rarely as possible: the answer for one commit and one set of files is remembered."""

    def __init__(self) -> None:
        self._committed: tuple[Path, Revision, Files] | None = None

    def marker(self, root: Path) -> str:
        """Changes when HEAD moves; read from git's files, as it is asked four times a second. Empty without git."""
        folder = _git_folder(root)
        if folder is None:
            return ""
        common = folder
        with contextlib.suppress(OSError):
            common = (folder / (folder / "commondir").read_text().strip()).resolve()
        with contextlib.suppress(OSError, UnicodeDecodeError):
            head = (folder / "HEAD").read_text().strip()
            name = head.removeprefix("ref: ")
            for place in (folder / name, common / name):
                with contextlib.suppress(OSError):
                    return f"{head} {place.read_text().strip()}"
            with contextlib.suppress(OSError):
                return f"{head} {(common / 'packed-refs').stat().st_mtime_ns}"
            return head
        return ""

    def commit_of(self, root: Path, files: Files) -> CheckedOut | None:
        """The commit that `root` is checked out at; None when it is in no repository, or git is not to be had.

        None also for files that the repository ignores: a folder of published trees inside a checkout, for instance.
        """
        if _git_folder(root) is None:
            return None
        # Imported here: a service on a published tree never asks git, and need not wait 40 ms for its adapter.
        from mergecells.adapters.git_repository import GitRepository

        try:
            repository = GitRepository(root)
            revision = repository.resolve("HEAD")
            committed = self._files_of(repository, root, revision, files)
        except MergecellsError:
            return None
        return CheckedOut(revision, committed == files) if committed else None

    def _files_of(self, repository: GitRepository, root: Path, revision: Revision, files: Files) -> Files:
        if self._committed and self._committed[:2] == (root, revision):
            return self._committed[2]
        manifest = parse_manifest(files)[0] if MANIFEST_NAME in files else None
        named = named_files(manifest)
        committed = repository.read_files(
            revision, repository.config_prefix, lambda path: is_config_file(path) or path in named
        )
        self._committed = (root, revision, committed)
        return committed


def _git_folder(root: Path) -> Path | None:
    """The `.git` of the checkout that `root` lies in; for a linked work tree, where its `.git` file points."""
    for folder in (root, *root.parents):
        found = folder / ".git"
        if found.is_dir():
            return found
        if found.is_file():
            with contextlib.suppress(OSError, UnicodeDecodeError):
                return (folder / found.read_text().removeprefix("gitdir:").strip()).resolve()
            return None
    return None
