"""The workflows that `init` installs, and which mergecells they are to install: the one that runs now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from mergecells._version import __version__
from mergecells.adapters.packaged_template import editable_source
from mergecells.domain.errors import MergecellsError

SOURCE_FILE: Final = ".github/actions/mergecells/mergecells.txt"
WORKFLOWS: Final = (
    ".github/actions/mergecells/action.yml",
    ".github/actions/mergecells/requirements.lock",
    ".github/workflows/config-check.yml",
    ".github/workflows/config-drift.yml",
    ".github/workflows/config-release.yml",
    ".github/workflows/sheet-submit.yml",
    ".github/workflows/smoke-evaluation.yml",
    ".github/workflows/weekly-report.yml",
)
_EXPLAINED: Final = """\
# Which mergecells the workflows install: the first line that is no comment, as pip takes it. One of
#   mergecells @ git+https://HOST/OWNER/mergecells@<full commit SHA>
#   mergecells==<version>                                from the package index
#   ./.github/actions/mergecells/<name of a wheel>.whl   a file of this repository
# What it needs is locked by hash in requirements.lock beside this file.
"""


def read_workflows() -> dict[str, bytes]:
    """Path in a config repository → content. Raises MergecellsError when this installation has none."""
    packaged = resources.files("mergecells") / "template"
    with resources.as_file(packaged) as folder:
        for place in (folder, editable_source()):
            if place is not None and (place / WORKFLOWS[0]).is_file():
                files = {path: (place / path).read_bytes() for path in WORKFLOWS}
                return {**files, SOURCE_FILE: f"{_EXPLAINED}{own_source()}\n".encode()}
    raise MergecellsError("This installation has no workflows.", 'Install it again: pip install "mergecells[all]"')


def own_source() -> str:
    """What pip installs this very mergecells from, somewhere else; empty where only this machine has it (PEP 610)."""
    try:
        text = metadata.distribution("mergecells").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    return source_of(json.loads(text)) if text else f"mergecells=={__version__}"


def source_of(origin: Mapping[str, Any]) -> str:
    """A requirement for the origin that an installer recorded; never with the credentials of its address."""
    url = urlsplit(str(origin.get("url", "")))
    if url.scheme not in {"https", "ssh"} or not url.hostname:
        return ""
    user = "git@" if url.scheme == "ssh" else ""
    address = urlunsplit((url.scheme, f"{user}{url.hostname}{f':{url.port}' if url.port else ''}", url.path, "", ""))
    vcs = origin.get("vcs_info") or {}
    if vcs.get("vcs") == "git" and re.fullmatch(r"[0-9a-f]{40}", str(vcs.get("commit_id", ""))):
        return f"mergecells @ git+{address}@{vcs['commit_id']}"
    digest = ((origin.get("archive_info") or {}).get("hashes") or {}).get("sha256", "")
    return f"mergecells @ {address}#sha256={digest}" if re.fullmatch(r"[0-9a-f]{64}", str(digest)) else ""


def names_source(files: Mapping[str, bytes]) -> bool:
    """Whether the workflows among `files` know what to install."""
    lines = files[SOURCE_FILE].decode().splitlines()
    return any(line.strip() and not line.startswith("#") for line in lines)
