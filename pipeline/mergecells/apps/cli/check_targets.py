"""What the paths given to `check` stand for: a config root, a file inside one, or a file on its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mergecells.apps.cli.choices import Kind
from mergecells.domain.config_files import MAX_FILE_BYTES
from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, RULES_FILE
from mergecells.domain.errors import UsageError
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.transforms.file_kind import guess_kind

_INSIDE = {RULES_FILE, FIELDS_FILE, EXAMPLES_FILE, MANIFEST_NAME}


@dataclass(frozen=True, slots=True)
class RootTarget:
    """A whole config; with `only`, the findings of this file of it."""

    root: Path
    only: str | None = None


@dataclass(frozen=True, slots=True)
class WorkbookTarget:
    """A workbook; with `root`, checked as an edit of that config."""

    path: Path
    shown: str
    root: Path | None


@dataclass(frozen=True, slots=True)
class LoneTarget:
    """One file on its own. `shown` is what findings call it: the path as it was typed."""

    content: bytes
    shown: str
    kind: Kind | None


Target = RootTarget | WorkbookTarget | LoneTarget


def find_target(path: Path, kind: Kind | None) -> Target:
    """What `path` stands for. Raises UsageError for what is not there or cannot be checked."""
    if path.is_dir():
        return _folder_target(path)
    if not path.exists():
        missing = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise UsageError(f"{path} {missing}.", "Give a file, a workbook or a config root.")
    if not path.is_file():
        raise UsageError(f"{path} is not a plain file.", "Give a file, a workbook or a config root.")
    return _file_target(path, kind)


def _folder_target(path: Path) -> RootTarget:
    if (path / MANIFEST_NAME).is_file() or (path / RULES_FILE).is_file():
        return RootTarget(path.resolve())
    raise UsageError(f"{path} has neither {MANIFEST_NAME} nor {RULES_FILE}.", "Give a config root or a file.")


def _file_target(path: Path, kind: Kind | None) -> Target:
    root = _root_above(path)
    if kind is Kind.WORKBOOK or (kind is None and path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods")):
        return WorkbookTarget(path, str(path), root)
    if root and kind is None:
        inside = (path.parent.resolve() / path.name).relative_to(root).as_posix()
        if inside in _INSIDE or inside.startswith(("scoring/", "prompts/")):
            return RootTarget(root, inside)
    content = _read(path)
    guessed = kind or _guess(str(path), content)
    return (
        WorkbookTarget(path, str(path), root) if guessed is Kind.WORKBOOK else LoneTarget(content, str(path), guessed)
    )


def _guess(path: str, content: bytes) -> Kind | None:
    name = guess_kind(path, content)
    return Kind(name) if name else None


def _root_above(path: Path) -> Path | None:
    """The nearest folder above with a manifest. Links are not resolved: a linked file is not part of the root."""
    folders = Path(os.path.abspath(path)).parents
    return next((folder.resolve() for folder in folders if (folder / MANIFEST_NAME).is_file()), None)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Look at its permissions.") from error
