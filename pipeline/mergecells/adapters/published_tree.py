"""A folder of published trees: `revisions/<revision>/`, never changed once there, and `current`, a link to one of them.

The same shape as git-sync's, so that services do not care who publishes. Every step leaves a whole tree current,
whatever stops it: a kill, a full disk, a power cut.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from mergecells.adapters.durable_files import (
    TEMPORARY,
    locked,
    remove,
    remove_leftovers,
    replace_file,
    swap_link,
    sync_folder,
    temporary_name,
    write_tree,
)
from mergecells.adapters.tree_files import read_config_files
from mergecells.domain.config_files import path_problem
from mergecells.domain.config_tree import SEAL_FOLDER, ConfigTree
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import Revision

REVISIONS = "revisions"
CURRENT = "current"
REJECTED = "rejected.jsonl"
HEAD = "head.json"

KEEP_REJECTIONS = 100
KEEP_REJECTION_BYTES = 1024 * 1024
"""The newest stay: who pushes broken commits by the thousand must not fill the disk of the services."""

KEEP = 5
"""Trees that stay beside the current one: who opened an older one a moment ago must be able to finish reading it."""

_LEFTOVER_SECONDS = 60.0
"""What is half made for longer is nobody's work in progress."""


class PublishedTrees:
    """Implements `ports.TreeStore` on `folder`, which is created when missing."""

    def __init__(self, folder: Path, keep: int = KEEP) -> None:
        self.folder = folder
        self._revisions = folder / REVISIONS
        self._current = folder / CURRENT
        self._keep = keep

    def prepare(self) -> int:
        """Create the folder, and remove what a killed publisher left half made. Returns how much that was.

        Only under the lock: what is half made may be another's work in progress.
        """
        try:
            self._revisions.mkdir(parents=True, exist_ok=True)
            return remove_leftovers(self.folder) + remove_leftovers(self._revisions)
        except OSError as error:
            raise _failure(self.folder, error) from error

    def locked(self) -> AbstractContextManager[None]:
        """Held by the one process that publishes here. Raises MergecellsError when another holds it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _failure(self.folder, error) from error
        return locked(self.folder)

    def current(self) -> Revision | None:
        """The revision that `current` points to, None before the first publication and when its tree is gone."""
        try:
            name = os.readlink(self._current)
        except OSError:
            return None
        return Path(name).name if (self.folder / name).is_dir() else None

    def publish(self, tree: ConfigTree) -> None:
        """See `ports.TreeStore`. A tree that is there already and whole is made current again without a write."""
        _refuse_unsafe(tree)
        try:
            self._revisions.mkdir(parents=True, exist_ok=True)
            place = self._revisions / tree.revision
            if not self._has_whole(place, tree):
                self._write(place, tree)
            os.utime(place)  # The order in which trees were current decides which are pruned.
            if self.current() != tree.revision:
                swap_link(self._current, f"{REVISIONS}/{tree.revision}")
        except OSError as error:
            raise _failure(self.folder, error) from error
        self._prune()

    def recent(self) -> Iterator[ConfigTree]:
        """See `ports.TreeStore`."""
        current = self.current()
        places = sorted(self._published(), key=lambda place: (place.name != current, -_age_key(place)))
        for place in places:
            try:
                found = read_config_files(place)
            except MergecellsError:
                continue
            yield ConfigTree(place.name, found.files, found.sealed)

    def record_rejection(self, line: str) -> None:
        """Add one line to `rejected.jsonl`, written anew so that it stays bounded, and whole after a kill."""
        try:
            replace_file(self.folder / REJECTED, _bounded([*self.rejections(), line]))
        except OSError as error:
            raise _failure(self.folder, error) from error

    def rejections(self) -> list[str]:
        """The lines of `rejected.jsonl`, oldest first; none when there is no such file."""
        try:
            return (self.folder / REJECTED).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failure(self.folder, error) from error

    def record_head(self, text: str) -> None:
        """Write `head.json`: where the branch is, for the services."""
        try:
            replace_file(self.folder / HEAD, text.encode() + b"\n")
        except OSError as error:
            raise _failure(self.folder, error) from error

    def _write(self, place: Path, tree: ConfigTree) -> None:
        new = temporary_name(self._revisions, tree.revision)
        sealed = {f"{SEAL_FOLDER}/{name}": content for name, content in tree.sealed.items()}
        try:
            write_tree(new, {**tree.files, **sealed})
            if place.exists():
                # Damaged, or sealed in another generation. It moves away whole: who has it open goes on reading it.
                place.rename(temporary_name(self._revisions, "former"))
            self._name(new, place, tree)
            sync_folder(self._revisions)
        except OSError:
            remove(new)
            raise

    def _name(self, new: Path, place: Path, tree: ConfigTree) -> None:
        try:
            new.rename(place)
        except OSError as error:
            # Another process that keeps the same revision was faster.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not self._has_whole(place, tree):
                raise
            remove(new)

    def _has_whole(self, place: Path, tree: ConfigTree) -> bool:
        if not place.is_dir():
            return False
        try:
            found = read_config_files(place)
        except MergecellsError:
            return False
        return found.files == tree.files and found.sealed == tree.sealed

    def _published(self) -> list[Path]:
        try:
            return [place for place in self._revisions.iterdir() if not place.name.startswith(TEMPORARY)]
        except OSError:
            return []

    def _prune(self) -> None:
        remove_leftovers(self._revisions, older_than=_LEFTOVER_SECONDS)
        current = self.current()
        old = sorted((place for place in self._published() if place.name != current), key=_age_key, reverse=True)
        for place in old[self._keep :]:
            # Renamed first: a tree is there whole or not at all, also for who lists the folder meanwhile.
            doomed = temporary_name(self._revisions, "old")
            try:
                place.rename(doomed)
            except OSError:
                continue
            remove(doomed)


def _bounded(lines: list[str]) -> bytes:
    kept: list[bytes] = []
    size = 0
    for line in reversed(lines[-KEEP_REJECTIONS:]):
        encoded = line.encode("utf-8", "backslashreplace") + b"\n"
        size += len(encoded)
        if kept and size > KEEP_REJECTION_BYTES:
            break
        kept.append(encoded)
    return b"".join(reversed(kept))


def _age_key(place: Path) -> int:
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0


def _refuse_unsafe(tree: ConfigTree) -> None:
    for path in tree.files:
        if problem := path_problem(path):
            raise MergecellsError(f"{path!a} cannot be published: the path {problem}.", "Rename the file.")
    if path_problem(tree.revision) or "/" in tree.revision or tree.revision.startswith("."):
        raise MergecellsError(f"{tree.revision!a} cannot be the name of a published tree.")


def _failure(folder: Path, error: OSError) -> MergecellsError:
    hints = {
        errno.ENOSPC: "The disk is full: free some space; publishing goes on by itself.",
        errno.EDQUOT: "The quota is used up: free some space; publishing goes on by itself.",
        errno.EFBIG: "A limit on the size of files is set for this process.",
        errno.EROFS: "The file system is read-only.",
        errno.EACCES: "Give the publishing user permission to write there.",
        errno.EPERM: "Give the publishing user permission to write there.",
    }
    hint = hints.get(error.errno or 0, "Is the disk in order?")
    return MergecellsError(f"Cannot publish to {folder}: {error.strerror or error}.", hint)
