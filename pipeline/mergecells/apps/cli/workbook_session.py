"""What `fill` and `export` work on: the config folder's files and revision, and the workbook beside them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.git_config_files import read_config_files as read_committed_files
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.tree_files import read_config_files
from mergecells.adapters.xlsx_workbook import replace_file
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.name_files import name_files
from mergecells.apps.cli.pull_request_host import read_manifest
from mergecells.apps.cli.wiring import open_workbook
from mergecells.domain.errors import MergecellsError, UnknownRevisionError
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files, Revision, is_full_sha
from mergecells.ports import WorkbookSource


@dataclass(frozen=True, slots=True)
class WorkbookSession:
    """`revision` names `files`: the checkout's commit when they equal it, else a digest of what lies there."""

    root: Path
    files: Files
    revision: Revision
    manifest: Manifest
    source: WorkbookSource
    repository: GitRepository | None

    def read_base(self, revision: Revision) -> Files | None:
        """The files at the revision a workbook was filled from; None where they are not to be had any more."""
        if revision == self.revision:
            return self.files
        if self.repository is None or not is_full_sha(revision):
            return None
        try:
            return read_committed_files(self.repository, revision, self.repository.config_prefix)
        except UnknownRevisionError:
            return None

    def contains(self, newer: Revision, older: Revision) -> bool:
        """Whether a commit has another among its ancestors; a folder without history knows of none."""
        return self.repository is not None and self.repository.contains(newer, older)


def open_session(context: CliContext, workbook: str | None) -> WorkbookSession:
    """Read the config folder and find the workbook. Raises MergecellsError where either cannot be used."""
    root = context.config_root
    files = read_config_files(root).files
    manifest = read_manifest(root)
    source = open_workbook(root, manifest, workbook)
    repository = _find_repository(root)
    revision = name_files(repository, files)
    return WorkbookSession(root, files, revision, manifest, source, repository)


def _find_repository(root: Path) -> GitRepository | None:
    repository = GitRepository(root)
    try:
        return None if repository.is_bare else repository
    except MergecellsError:
        # No repository, or no git: the folder is then a config without history.
        return None


def write_files(root: Path, files: Files) -> None:
    """Write all of `files` below `root`, each whole. A failure before the first rename leaves all as they were."""
    staged: list[tuple[Path, bytes, bytes | None]] = []
    for name, content in files.items():
        place = root / name
        if not os.access(place if place.exists() else _existing_parent(place), os.W_OK):
            raise MergecellsError(f"{place} may not be written.", "Give yourself permission; nothing was changed.")
        staged.append((place, content, place.read_bytes() if place.exists() else None))
    done: list[tuple[Path, bytes | None]] = []
    try:
        for place, content, before in staged:
            replace_file(place, content)
            done.append((place, before))
    except OSError as error:
        for place, before in reversed(done):
            _restore(place, before)
        raise MergecellsError(
            f"Writing failed ({error}); all files are as they were.", "Make room and retry."
        ) from error


def _existing_parent(place: Path) -> Path:
    return next(folder for folder in place.parents if folder.exists())


def _restore(place: Path, before: bytes | None) -> None:
    if before is None:
        place.unlink(missing_ok=True)
    else:
        replace_file(place, before)
