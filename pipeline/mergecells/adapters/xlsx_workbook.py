"""A local .xlsx file as a WorkbookSource."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mergecells.domain.errors import MergecellsError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Workbook
from mergecells.domain.workbook_layout import WorkbookLayout


@dataclass(frozen=True, slots=True)
class XlsxWorkbook:
    """Reads and writes one file. Every write is a new file moved into place, so a crash leaves the old or the new."""

    path: Path

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

        return read_xlsx(self.path)

    def write(self, layout: WorkbookLayout) -> None:
        """Make the file, or patch only what differs from `layout`. Raises MergecellsError while a program has it open,
        and when its structure cannot take the change; the file is then as it was."""
        self._refuse_open()
        if self.path.exists():
            from mergecells.adapters.xlsx_patch import patch_xlsx

            content = patch_xlsx(self.path, layout)
        else:
            from mergecells.adapters.xlsx_create import create_xlsx

            content = create_xlsx(layout)
        if content is not None:
            replace_file(self.path, content)

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Colour the cells and put a note on each; what an earlier call marked is cleared."""
        from mergecells.adapters.xlsx_marks import mark_xlsx

        content = mark_xlsx(self.path, marks)
        if content is not None:
            self._refuse_open()
            replace_file(self.path, content)

    def remember(self, metadata: Mapping[str, str]) -> None:
        """Replace the metadata. Raises MergecellsError while a program has the file open."""
        from mergecells.adapters.xlsx_package import Package
        from mergecells.adapters.xlsx_properties import patch_metadata

        self._refuse_open()
        package = Package(self.path)
        patch_metadata(package, metadata, {})
        replace_file(self.path, package.content())

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
