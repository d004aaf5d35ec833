"""A result file that is there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mergecells.domain.errors import UsageError


@contextmanager
def whole_text_file(path: Path) -> Iterator[TextIO]:
    """Write text to `path`; it appears under its name when the block ends well, and not before.

    A pipe or a device is written to directly. Raises UsageError when nothing can be written there.
    """
    if path.exists() and not path.is_file():
        if path.is_dir():
            raise UsageError(f"{path} is a folder.", "Give --out the name of a file.")
        with path.open("w", encoding="utf-8", newline="") as direct:
            yield direct
        return
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}.", "Choose another place with --out.") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as written:
            yield written
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
