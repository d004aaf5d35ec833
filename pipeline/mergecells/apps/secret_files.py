"""Secrets from files: `NAME_FILE` in the place of `NAME`, as container platforms mount them.

A variable shows in a process list, in a crash report and in what `docker inspect` prints; a mounted file does not.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path

from mergecells.domain.errors import UsageError

_SUFFIX = "_FILE"
_SECRET = re.compile(r"MERGECELLS_[A-Z0-9_]+|[A-Z0-9_]+_(?:API|SECRET|PUBLIC)_KEY")
_OWN_READERS = frozenset({"MERGECELLS_GITHUB_APP_KEY"})
"""Read by adapters/github_auth.py itself, which needs the line breaks."""
_LARGEST = 64 * 1024


def take_secret_files(environ: MutableMapping[str, str]) -> list[str]:
    """Set each variable that a `NAME_FILE` names a file for; the names that were set, sorted.

    For MERGECELLS_ variables and for API keys. White space around the content goes: editors and `echo` add a line
    break. Raises UsageError, without any content, for a file that cannot be read or is empty, and for two sources.
    """
    taken = []
    for variable in sorted(environ):
        name = variable.removesuffix(_SUFFIX)
        if name == variable or name in _OWN_READERS or not _SECRET.fullmatch(name) or not environ[variable].strip():
            continue
        if environ.get(name, "").strip():
            raise UsageError(f"{name} and {variable} are both set.", "Keep the one that is meant, best the file.")
        environ[name] = _content(variable, Path(environ[variable].strip()))
        taken.append(name)
    return taken


def _content(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1).decode().strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise UsageError(
            f"{variable} names {path}, which cannot be read: {reason}.",
            "Is the secret mounted, and may this user read it?",
        ) from None
    if not text or len(text) > _LARGEST:
        what = "is empty" if not text else "is no secret: it is larger than 64 KiB"
        raise UsageError(f"{variable} names {path}, which {what}.", "Put the secret, and nothing else, into the file.")
    return text
