"""The config in a folder, loaded once, without watching it."""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.checkout import ConfigRoot
from mergecells.serving.build import build_snapshot
from mergecells.serving.snapshot import Snapshot


def load_snapshot(root: Path) -> Snapshot:
    """Raises ConfigRejectedError with every finding when the config must not be used."""
    return build_snapshot(ConfigRoot(root).read())
