"""What a config is called: a git commit SHA, or a digest where there is no commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TypeAlias

Revision: TypeAlias = str
"""A full SHA, `<sha>-dirty-<digest>`, or `untracked-<digest>`."""

Files: TypeAlias = Mapping[str, bytes]
"""The files of a config at one moment: path relative to the config root, with `/` → content."""

_FULL_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHOWN = 12


def is_full_sha(text: str) -> bool:
    """True for a full SHA-1 or SHA-256 object name."""
    return bool(_FULL_SHA.match(text))


def short(revision: Revision) -> str:
    """The form shown to people: 12 characters of the SHA, a suffix kept."""
    head, _, rest = revision.partition("-")
    return f"{head[:_SHOWN]}-{rest}" if rest else head[:_SHOWN]


def digest_files(files: Files) -> str:
    """A SHA-256 over names and contents, independent of order and of any time stamp."""
    total = hashlib.sha256()
    for name in sorted(files):
        content = hashlib.sha256(files[name]).digest()
        encoded = name.encode()
        total.update(len(encoded).to_bytes(4, "big") + encoded + content)
    return total.hexdigest()
