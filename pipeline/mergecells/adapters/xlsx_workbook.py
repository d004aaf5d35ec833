"""A local .xlsx file as a WorkbookSource."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mergecells.domain.errors import MergecellsError, WorkbookChangedError, WorkbookUnreadableError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Workbook
from mergecells.domain.workbook_layout import WorkbookLayout

_ATTEMPTS = 5


@dataclass(slots=True)
class XlsxWorkbook:
    """Reads and writes one file. Every write is a new file moved into place, so a crash leaves the old or the new.
    What somebody saved since the file was read is never written over: by its content, not by its time."""

    path: Path
    _seen: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def address(self) -> str:
        return str(self.path)

    def describe(self) -> str:
        return self.path.name

    def exists(self) -> bool:
        return self.path.exists()

    def read(self) -> Workbook:
        """Everything in the file. Raises WorkbookUnreadableError."""
        from mergecells.adapters.xlsx_read import read_xlsx

        for _ in range(_ATTEMPTS):
            before = self._digest()
            workbook = read_xlsx(self.path)
            if self._digest() == before:
                self._seen = before
                return workbook
        raise WorkbookUnreadableError(f"{self.path} keeps changing while it is read.", "Wait until it is saved.")

    def write(self, layout: WorkbookLayout) -> None:
        """Make the file, or patch only what differs from `layout`. Raises MergecellsError while a program has it open,
        and when its structure cannot take the change, WorkbookChangedError when somebody saved it since it was read;
        the file is then as it was."""
        self._refuse_open()
        self._refuse_changed()
        if self.path.exists():
            from mergecells.adapters.xlsx_patch import patch_xlsx

            content = patch_xlsx(self.path, layout)
        else:
            from mergecells.adapters.xlsx_create import create_xlsx

            content = create_xlsx(layout)
        if content is not None:
            self._refuse_changed()
            self._replace(content)

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Colour the cells and put a note on each; what an earlier call marked is cleared."""
        from mergecells.adapters.xlsx_marks import mark_xlsx

        content = mark_xlsx(self.path, marks)
        if content is not None:
            self._refuse_open()
            self._replace(content)

    def remember(self, metadata: Mapping[str, str]) -> None:
        """Replace the metadata. Raises MergecellsError while a program has the file open."""
        from mergecells.adapters.xlsx_package import Package
        from mergecells.adapters.xlsx_properties import patch_metadata

        self._refuse_open()
        package = Package(self.path)
        patch_metadata(package, metadata, {})
        self._replace(package.content())

    def _replace(self, content: bytes) -> None:
        replace_file(self.path, content)
        self._seen = hashlib.sha256(content).digest() if self._seen else None

    def _digest(self) -> bytes | None:
        """None where there is no file to read; reading says why."""
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
        return None

    def _refuse_changed(self) -> None:
        """Looked at just before and just after the work of a write, which a large file makes long."""
        if self._seen and self._digest() != self._seen:
            self._seen = None
            raise WorkbookChangedError(
                f"{self.path.name} was saved in the meantime. Nothing was written.", "Try again."
            )

    def _refuse_open(self) -> None:
        """LibreOffice and Excel leave a lock file beside a workbook that is open; a write now would be lost at their
        next save."""
        name = self.path.name
        for lock in (f".~lock.{name}#", f"~${name}", f"~${name[2:]}"):
            if (self.path.parent / lock).exists():
                raise MergecellsError(
                    f"{self.path} is open in another program ({lock} is there).",
                    "Save and close it there, then run this again. If no program has it open, delete the lock file.",
                )


def replace_file(path: Path, content: bytes) -> None:
    """Write beside `path`, flush to the disk, move into place, flush the folder: after a power cut it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
            target.flush()
            os.fchmod(target.fileno(), mode)
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
