"""The add-on of the Google Sheet that `init` puts into a config repository, ready for clasp."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Final

from mergecells.adapters.packaged_template import editable_source
from mergecells.domain.errors import MergecellsError, UsageError

FOLDER: Final = "sheets"
SCRIPT_MANIFEST: Final = f"{FOLDER}/appsscript.json"
PLACEHOLDER: Final = "https://hub.example.com/"
"""Stands in the list of addresses that the script may ask, until a hub is known."""
_NAME = re.compile(r"[\w-]+\.(js|html)|appsscript\.json|\.clasp\.json\.example|\.claspignore")
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?")


def read_addon(hub: str = "") -> dict[str, bytes]:
    """Path in a config repository → content. With the address of a hub, the script may ask that and no other.

    Raises MergecellsError when this installation has no add-on.
    """
    packaged = resources.files("mergecells") / "template"
    with resources.as_file(packaged) as folder:
        for place in (folder, editable_source()):
            if place is not None and (place / SCRIPT_MANIFEST).is_file():
                files = _read(place / FOLDER)
                return {**files, SCRIPT_MANIFEST: _with_hub(files[SCRIPT_MANIFEST], hub)} if hub else files
    raise MergecellsError("This installation has no add-on.", 'Install it again: pip install "mergecells[all]"')


def hub_address(text: str) -> str:
    """The address without a slash at its end. Raises UsageError; the add-on's own rule, sheets/settings.js."""
    address = text.strip().rstrip("/")
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--hub takes the address of a hub, not {text!r}.", "It looks like https://hub.example.com")
    return address


def _read(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    return {f"{FOLDER}/{path.name}": path.read_bytes() for path in found}


def _with_hub(content: bytes, hub: str) -> bytes:
    """Apps Script takes each entry for the beginning of an address, and asks for a slash after the host."""
    return content.replace(json.dumps(PLACEHOLDER).encode(), json.dumps(f"{hub}/").encode())
