"""The loop from a cell to two services, as `make demo ONCE=1` plays it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.needs("pgrep")
def test_demo_once_plays_every_chapter_and_leaves_no_process(tmp_path: Path) -> None:
    """Edit, review, merge and roll back reach both services; a bad edit and a forced commit do not. On a machine where
    git knows nobody."""
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "mergecells", "demo", "--once", "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        timeout=110,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    chapters = re.findall(r"^(\d)  ", done.stdout, re.MULTILINE)
    assert chapters == ["1", "2", "3", "4", "5", "6", "7"]
    assert len(re.findall(r"both services run [0-9a-f]{12}, [0-9.]+ s after the merge", done.stdout)) == 2
    assert re.search(r"Factors!D\d+.*formula\.unknown-name", done.stdout)
    assert "refuses" in done.stdout
    assert "\033[" not in done.stdout, "NO_COLOR is honoured"
    assert "Traceback" not in done.stdout + done.stderr
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    assert left.stdout == "", "a process of the demo is still running"
