"""The folder that a service is pointed at: a published tree, a git checkout, a Kubernetes mount or a plain folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.git_head import GitHead
from mergecells.adapters.published_tree import CURRENT, HEAD, REVISIONS, PublishedTrees
from mergecells.adapters.tree_files import FoundFiles, read_config_files, unreadable
from mergecells.domain.config_files import CONFIG_FOLDERS
from mergecells.domain.config_tree import MANIFEST_FILE, SEAL_FOLDER, ConfigTree, TreeChangingError
from mergecells.domain.errors import MergecellsError
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.revision import Revision, digest_files, is_full_sha

KUBERNETES_LINK = "..data"
"""Kubernetes writes a mounted ConfigMap as `..<time>/` and swaps the link `..data` to it."""

# git-sync 3 names its trees `rev-<sha>`, git-sync 4 and `mergecells follow` by the SHA alone.
_TREE_NAME = re.compile(r"(?:rev-)?([0-9a-f]{40}(?:[0-9a-f]{24})?)\Z")
_SHOWN_DIGEST = 12
_MAX_HEAD = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the path leads at one moment. `revision` and `whole` are set where the folder itself names its tree."""

    root: Path
    revision: Revision | None
    whole: str | None


class ConfigRoot:
    """Implements `ports.ConfigFolder` on `path`, whatever lies there; it may change its kind while we look.

    Beside busy threads every system call costs a wait for the interpreter, so there are as few of them as can be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = GitHead()

    def describe(self) -> str:
        return str(self.path)

    def fingerprint(self) -> str:
        """See `ports.ConfigFolder`: where the path leads, and, where edits are expected, the stat of every config file.

        Never raises.
        """
        try:
            with self._opened() as (handle, place):
                if place.whole:
                    return _mark(place.whole, handle)
            return f"{place.root}\n{_stats(place.root)}\n{self._git.marker(place.root)}"
        except OSError as error:
            return f"{type(error).__name__}: {error.errno}"

    def whole(self) -> str | None:
        """See `ports.ConfigFolder`. A checkout is whole while its files are those of its commit."""
        try:
            with self._opened() as (handle, place):
                if place.whole:
                    return place.whole
                found = read_config_files(place.root, handle)
        except (OSError, MergecellsError):
            return None  # Reading it will say what is wrong.
        commit = self._git.commit_of(place.root, found.files)
        return commit.revision if commit and commit.is_clean else None

    def read(self) -> ConfigTree:
        """See `ports.ConfigFolder`."""
        try:
            with self._opened() as (handle, place):
                found = read_config_files(place.root, handle)
                seen = (_mark(place.whole, handle), place.whole) if place.whole else None
        except OSError as error:
            raise unreadable(str(self.path), error) from error
        # Where nothing says that nobody writes, two readings in a row must agree.
        if place.whole is None and read_config_files(place.root) != found:
            raise TreeChangingError(f"The files in {place.root} changed while they were read.")
        return ConfigTree(self._revision(place, found), found.files, found.sealed, seen)

    def head(self) -> str:
        """See `ports.ConfigFolder`: `head.json` beside `current` of `follow`'s folder."""
        if self.path.name != CURRENT:
            return ""
        try:
            with (self.path.parent / HEAD).open(encoding="utf-8", errors="replace") as text:
                return text.read(_MAX_HEAD)
        except OSError:
            return ""

    def older(self) -> Iterator[ConfigTree]:
        """See `ports.ConfigFolder`: the other trees of `follow`'s folder."""
        if self.path.name == CURRENT and (self.path.parent / REVISIONS).is_dir():
            yield from PublishedTrees(self.path.parent).recent()

    def watched(self) -> set[Path]:
        """The folders in which a change of the config shows, those that exist. Never raises."""
        folders = {self.path.parent, self.path}
        try:
            with self._opened() as (_, place):
                root = place.root
            folders |= {root, *(Path(folder) for top in _tops(root) for folder, _, _ in os.walk(root / top))}
        except OSError:
            pass
        return {folder for folder in folders if folder.is_dir()}

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[int, _Place]]:
        """A handle on the folder where the path leads now, and what that folder is; the kernel resolves every link in
        one step, so that the two cannot disagree."""
        try:
            handle = os.open(self.path / KUBERNETES_LINK, _FOLDER)
            is_mount = True
        except (FileNotFoundError, NotADirectoryError):
            handle = os.open(self.path, _FOLDER)
            is_mount = False
        try:
            yield handle, _place_of(_path_of(handle, self.path), is_mount)
        finally:
            os.close(handle)

    def _revision(self, place: _Place, found: FoundFiles) -> Revision:
        if place.revision:
            return place.revision
        digest = digest_files(found.files)[:_SHOWN_DIGEST]
        commit = None if place.whole else self._git.commit_of(place.root, found.files)
        if commit is None:
            return _sealed_revision(found) or f"untracked-{digest}"
        return commit.revision if commit.is_clean else f"{commit.revision}-dirty-{digest}"


def _mark(whole: str, handle: int) -> str:
    found = os.fstat(handle)
    return f"{whole} {found.st_dev} {found.st_ino}"


def _path_of(handle: int, asked: Path) -> Path:
    try:
        return Path(os.readlink(f"/proc/self/fd/{handle}"))
    except OSError:
        return Path(os.path.realpath(asked))


def _place_of(root: Path, is_mount: bool) -> _Place:
    if is_mount:
        return _Place(root, None, f"{KUBERNETES_LINK}:{root}")
    # From the inside out: a checkout kept in a folder that happens to be named by a SHA is still that inner tree.
    for part in reversed(root.parts):
        if match := _TREE_NAME.match(part):
            return _Place(root, match[1], f"tree:{root}")
    return _Place(root, None, None)


def _sealed_revision(found: FoundFiles) -> Revision | None:
    """The commit that a mounted manifest names: a ConfigMap made from a published tree has no folder named by it."""
    try:
        sha = json.loads(found.sealed.get(MANIFEST_FILE, b"{}")).get("sha", "")
    except (ValueError, AttributeError):
        return None
    return sha if isinstance(sha, str) and is_full_sha(sha) else None


def _tops(root: Path) -> list[str]:
    return [folder for folder in CONFIG_FOLDERS if (root / folder).is_dir()]


def _stats(root: Path) -> str:
    """A digest over name, size, times and inode of every config file; ctime is what no program can set back."""
    total = hashlib.blake2b(digest_size=16)
    for path in (MANIFEST_NAME, SEAL_FOLDER, *CONFIG_FOLDERS):
        _add_stats(total, root / path)
    return total.hexdigest()


def _add_stats(total: hashlib.blake2b, path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    marks = (path, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    total.update(repr(marks).encode("utf-8", "surrogateescape"))
    if path.is_dir() and not path.is_symlink():
        for child in sorted(os.listdir(path)):
            if not child.startswith("."):
                _add_stats(total, path / child)
