"""A page as a PNG, made by a Chromium that is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run"
_WIDTH: Final = 1400
_SECONDS: Final = 60
_HIGHEST: Final = 12_000


def photograph(page: Path) -> Path:
    """Beside the page, as high as its content. Raises RuntimeError without a browser, or when it makes no picture."""
    browser = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if browser is None:
        raise RuntimeError("No Chromium is installed, so there are no pictures: leave --pictures out.")
    picture = page.with_suffix(".png")
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *_FLAGS.split(), f"--user-data-dir={profile}"]
        height = _height([*command, f"--window-size={_WIDTH},800"], page)
        _run([*command, f"--window-size={_WIDTH},{height}", f"--screenshot={picture}", page.resolve().as_uri()])
    if not picture.exists():
        raise RuntimeError(f"Chromium made no picture of {page}.")
    return picture


def _height(command: list[str], page: Path) -> int:
    """The page says its own height once it is laid out."""
    shown = _run([*command, "--virtual-time-budget=500", "--dump-dom", page.resolve().as_uri()])
    found = re.search(r"data-height=\"(\d+)\"", shown)
    return min(int(found[1]), _HIGHEST) if found else 2000


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    return done.stdout
