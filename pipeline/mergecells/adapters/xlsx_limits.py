"""What a workbook may cost, asked before anything is unpacked: a hostile file gets a sentence, not our memory."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mergecells.domain.errors import WorkbookUnreadableError

MIB = 1024 * 1024
MAX_FILE_BYTES = 64 * MIB
MAX_ENTRIES = 5_000
MAX_UNPACKED_BYTES = 400 * MIB
MAX_RATIO = 200
"""Real sheets of 10,000 rows pack 10 to 30 times; a bomb packs 1,000 times."""

MAX_CELLS = 3_000_000
MAX_CELL_CHARACTERS = 200_000
"""Excel holds 32,767 characters in a cell, LibreOffice 65,535."""

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384

_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old .xls or an encrypted workbook"),
    (b"%PDF", "a PDF"),
    (b"{", "a JSON file"),
    (b"<", "an XML or HTML file"),
)
SAVE_AS = "Open it in your spreadsheet program and save it as .xlsx (Excel workbook), without a password."


def open_archive(path: Path) -> zipfile.ZipFile:
    """The .xlsx as a checked zip. Raises WorkbookUnreadableError with the reason and what to do."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WorkbookUnreadableError(
                f"{path} is larger than {MAX_FILE_BYTES // MIB} MiB.", "Remove what is not config."
            )
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise WorkbookUnreadableError(
            f"{path} does not exist.", "Make it with `mergecells fill --apply`, or name another with --workbook."
        ) from None
    except IsADirectoryError:
        raise WorkbookUnreadableError(f"{path} is a folder.", "Name the .xlsx file.") from None
    except PermissionError:
        raise WorkbookUnreadableError(f"{path} may not be read.", "Give yourself permission to read it.") from None
    except zipfile.BadZipFile:
        raise WorkbookUnreadableError(f"{path} is {_guess_kind(path)}, not an .xlsx workbook.", SAVE_AS) from None
    try:
        _check_size(path, archive)
        _check_kind(path, archive)
    except WorkbookUnreadableError:
        archive.close()
        raise
    return archive


def _guess_kind(path: Path) -> str:
    with path.open("rb") as source:
        start = source.read(4096)
    if not start:
        return "an empty file"
    if start.startswith(b"PK"):
        return "a broken or cut-off file"
    for mark, kind in _OTHER_KINDS:
        if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(mark):
            return kind
    return "a text file (.csv?)" if b"\0" not in start else "another kind of file"


def _check_size(path: Path, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    too_much = unpacked > MAX_UNPACKED_BYTES or (unpacked > 16 * MIB and unpacked / packed > MAX_RATIO)
    if len(entries) > MAX_ENTRIES or too_much:
        raise WorkbookUnreadableError(
            f"{path} unpacks to {unpacked / MIB:,.0f} MiB in {len(entries):,} parts from {packed / MIB:,.1f} MiB: "
            "this is not a workbook that a person made.",
            "Copy the tabs into a new workbook.",
        )
    if len({entry.filename for entry in entries}) != len(entries):
        raise WorkbookUnreadableError(f"{path} holds the same part twice.", SAVE_AS)
    if any(entry.flag_bits & 1 for entry in entries):
        raise WorkbookUnreadableError(f"{path} is encrypted.", SAVE_AS)


def _check_kind(path: Path, archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise WorkbookUnreadableError(f"{path} is a binary .xlsb workbook, not .xlsx.", SAVE_AS)
    if "[Content_Types].xml" in names and "_rels/.rels" in names:
        return
    if "mimetype" in names and b"opendocument" in archive.read("mimetype")[:200]:
        raise WorkbookUnreadableError(f"{path} is an OpenDocument (.ods) file, not .xlsx.", SAVE_AS)
    raise WorkbookUnreadableError(f"{path} is a zip file but not an .xlsx workbook.", SAVE_AS)
