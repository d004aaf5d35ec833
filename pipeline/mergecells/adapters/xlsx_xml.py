"""One way to parse a part of an .xlsx: streaming, without DTDs, without entities of its own.

expat and not a tree: 100,000 cells become values without 500,000 nodes in between, and a document type declaration is
refused the moment it starts, before an entity can be defined.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from xml.parsers import expat

from mergecells.domain.errors import WorkbookUnreadableError

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]

_CHUNK = 256 * 1024


def parse_part(
    archive: zipfile.ZipFile, part: str, start: Start, end: End | None = None, text: Text | None = None
) -> None:
    """Feed one part to the callbacks, element names without prefix. Raises WorkbookUnreadableError on bad XML."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype(archive, part)
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end is not None:
        finish = end
        parser.EndElementHandler = lambda name: finish(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        with archive.open(part) as source:
            while chunk := source.read(_CHUNK):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except KeyError:
        raise WorkbookUnreadableError(
            f"{archive.filename} has no part {part}: it is incomplete.", "Save it again."
        ) from None
    except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise WorkbookUnreadableError(
            f"{archive.filename}: {part} cannot be read ({error}).",
            "Open it in your spreadsheet program and save it again.",
        ) from error
    except _zlib_error() as error:
        raise WorkbookUnreadableError(f"{archive.filename}: {part} is damaged ({error}).", "Use a backup.") from error


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _refuse_doctype(archive: zipfile.ZipFile, part: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise WorkbookUnreadableError(
            f"{archive.filename}: {part} declares a document type, which no spreadsheet program writes.",
            "Do not open it; ask who sent it.",
        )

    return refuse
