"""Reads the config files of one folder through a folder handle opened once, following no link.

A handle stays on the folder that was opened: when a link is swapped to another tree meanwhile, the reading goes on in
the old one, whole.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mergecells.domain.config_files import (
    CONFIG_FOLDERS,
    MAX_CONFIG_BYTES,
    MAX_CONFIG_FILES,
    MAX_FILE_BYTES,
    named_files,
)
from mergecells.domain.config_tree import BUNDLE_FILE, MANIFEST_FILE, SEAL_FOLDER, TRACE_FILE, TreeChangingError
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.transforms.yaml_to_config import parse_manifest

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a named pipe that somebody left there must not wait for its writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINK_OR_NO_FOLDER = (errno.ELOOP, errno.ENOTDIR)
_MAX_DEPTH = 32


@dataclass(slots=True)
class FoundFiles:
    """What was read: config files by path, and the seal's files by name."""

    files: dict[str, bytes] = field(default_factory=dict)
    sealed: dict[str, bytes] = field(default_factory=dict)


def read_config_files(root: Path, opened: int | None = None) -> FoundFiles:
    """Every config file below `root`; `opened` is a handle on it that the caller has already.

    Raises ConfigRejectedError naming each link, oversize file and other thing that is never read, TreeChangingError
    when something vanished in between, MergecellsError when the folder is missing or not readable.
    """
    try:
        handle = opened if opened is not None else os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(str(root), error) from error
    try:
        reading = _Reading()
        reading.read_all(handle)
        if reading.findings:
            raise ConfigRejectedError(f"The files in {root} cannot be read safely.", reading.findings)
        return FoundFiles(reading.files, _read_seal(handle))
    except FileNotFoundError as error:
        raise TreeChangingError(f"{error.filename or 'A file'} vanished while {root} was read.") from error
    except OSError as error:
        raise unreadable(f"{error.filename or 'A file'} in {root}", error) from error
    finally:
        if opened is None:
            os.close(handle)


def unreadable(what: str, error: OSError) -> MergecellsError:
    """An OSError in words that say what to do."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return MergecellsError(f"{what} may not be read.", "Give the service's user permission to read it.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return MergecellsError(f"{what} is not there.", "Is it mounted, and is the path right?")
    return MergecellsError(f"{what} cannot be read: {error.strerror}.", "Is the disk in order?")


@contextlib.contextmanager
def _opened(name: str, flags: int, folder: int) -> Iterator[int]:
    handle = os.open(name, flags, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)


class _Reading:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.findings: list[Finding] = []
        self._bytes = 0

    def read_all(self, root: int) -> None:
        self._read_if_there(root, MANIFEST_NAME, MANIFEST_NAME)
        for folder in CONFIG_FOLDERS:
            with contextlib.suppress(FileNotFoundError):
                self._walk(root, folder.rstrip("/"), folder.rstrip("/"))
        if MANIFEST_NAME in self.files:
            manifest, _ = parse_manifest(self.files)
            for path in sorted(named_files(manifest) - self.files.keys()):
                self._descend(root, path.split("/"), path)

    def _walk(self, parent: int, name: str, path: str) -> None:
        if path.count("/") >= _MAX_DEPTH:
            self._refuse("schema.too-large", path, f"More than {_MAX_DEPTH} folders inside one another.")
            return
        try:
            with _opened(name, _FOLDER, parent) as handle:
                with os.scandir(handle) as entries:
                    listed = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
                for child, is_folder in listed:
                    if child.startswith("."):
                        continue
                    (self._walk if is_folder else self._read)(handle, child, f"{path}/{child}")
        except OSError as error:
            if error.errno not in _LINK_OR_NO_FOLDER:
                raise
            self._refuse("security.symlink", path, "Not a folder but a link or a file; links are never followed.")

    def _descend(self, parent: int, parts: list[str], path: str) -> None:
        """A file that the manifest names, through its folders."""
        if parts[0] in ("", ".", ".."):
            self._refuse("security.path", path, "The path leaves the config root.")
        elif len(parts) == 1:
            self._read_if_there(parent, parts[0], path)
        else:
            with contextlib.suppress(FileNotFoundError), _opened(parts[0], _FOLDER, parent) as handle:
                self._descend(handle, parts[1:], path)

    def _read_if_there(self, parent: int, name: str, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._read(parent, name, path)

    def _read(self, parent: int, name: str, path: str) -> None:
        try:
            with _opened(name, _FILE, parent) as handle:
                self._take(handle, path)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            self._refuse("security.symlink", path, "The file is a symbolic link; links are never followed.")

    def _take(self, handle: int, path: str) -> None:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            self._refuse("security.path", path, "Not a plain file.")
            return
        if found.st_size > MAX_FILE_BYTES:
            self._refuse("schema.too-large", path, f"{found.st_size:,} bytes; the limit is {MAX_FILE_BYTES:,}.")
            return
        self._bytes += found.st_size
        if self._bytes > MAX_CONFIG_BYTES or len(self.files) >= MAX_CONFIG_FILES:
            message = f"The config has more than {MAX_CONFIG_FILES:,} files or {MAX_CONFIG_BYTES:,} bytes."
            hint = "Move what is no config out of its folders."
            raise ConfigRejectedError(message, [Finding(code="schema.too-large", message=message, hint=hint)], hint)
        self.files[path] = _read_whole(handle, found.st_size)

    def _refuse(self, code: str, path: str, message: str) -> None:
        shown = path.encode("utf-8", "backslashreplace").decode()
        self.findings.append(Finding(code=code, message=message, file=shown))


def _read_seal(root: int) -> dict[str, bytes]:
    """The manifest and bundle that publishing laid beside the files; none where there is none, or no plain ones."""
    sealed: dict[str, bytes] = {}
    with contextlib.suppress(OSError), _opened(SEAL_FOLDER, _FOLDER, root) as folder:
        for name in (MANIFEST_FILE, BUNDLE_FILE, TRACE_FILE):
            with _opened(name, _FILE, folder) as handle:
                sealed[name] = _read_whole(handle, min(os.fstat(handle).st_size, MAX_CONFIG_BYTES))
    return sealed


def _read_whole(handle: int, size: int) -> bytes:
    """The file's content in one call as a rule; what grew meanwhile shows as a longer content, and fails its digest."""
    content = os.read(handle, size + 1)
    while 0 < len(content) < size and (more := os.read(handle, size + 1 - len(content))):
        content += more
    return content
