"""The revision by which a folder's files go, edited or not."""

from __future__ import annotations

from mergecells.adapters.git_config_files import read_config_files as read_committed_files
from mergecells.adapters.git_repository import GitRepository
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import Files, Revision, digest_files

_SHOWN_DIGEST = 12


def name_files(repository: GitRepository | None, files: Files) -> Revision:
    """What to call `files` as they are on disk: the commit when they are just its files, else it and their digest."""
    digest = digest_files(files)[:_SHOWN_DIGEST]
    if repository is None:
        return f"untracked-{digest}"
    try:
        head = repository.resolve("HEAD")
        committed = read_committed_files(repository, head, repository.config_prefix)
    except MergecellsError:
        return f"untracked-{digest}"
    return head if committed == dict(files) else f"{head}-dirty-{digest}"
