"""The config that `init` starts from: inside the wheel, or the source repository's own when installed from it."""

from __future__ import annotations

import json
from importlib import metadata, resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mergecells.adapters.tree_files import read_config_files
from mergecells.domain.errors import MergecellsError
from mergecells.domain.manifest import MANIFEST_NAME

_PACKAGE = "mergecells"


def read_template() -> dict[str, bytes]:
    """The template's config files, by path. Raises MergecellsError when this installation has none."""
    packaged = resources.files(_PACKAGE) / "template"
    with resources.as_file(packaged) as folder:
        if (folder / MANIFEST_NAME).is_file():
            return read_config_files(folder).files
    source = editable_source()
    if source is not None and (source / MANIFEST_NAME).is_file():
        return read_config_files(source).files
    raise MergecellsError("This installation has no template.", 'Install it again: pip install "mergecells[all]"')


def editable_source() -> Path | None:
    """Where an editable install was made from, as the installer recorded it (PEP 610)."""
    try:
        told = metadata.distribution(_PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    if told is None:
        return None
    origin = json.loads(told)
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(origin["url"]).path))
