"""The rules that the repository ships: opened by the first test that asks, not by reading its file, and then kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mergecells.apps.cli.loading import load_snapshot
from mergecells.serving.snapshot import Snapshot


@cache
def shipped() -> Snapshot:
    return load_snapshot(Path(__file__).resolve().parents[1])
