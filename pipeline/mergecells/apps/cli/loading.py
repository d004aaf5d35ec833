"""The config in a folder, loaded once, without watching it."""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.tree_files import read_config_files
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.revision import digest_files
from mergecells.serving.build import build_snapshot
from mergecells.serving.snapshot import Snapshot


def load_snapshot(root: Path) -> Snapshot:
    """Raises ConfigRejectedError with every finding when the config must not be used."""
    found = read_config_files(root)
    return build_snapshot(ConfigTree(f"untracked-{digest_files(found.files)[:12]}", found.files, found.sealed))
