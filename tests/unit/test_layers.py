"""The architecture is under test: import-linter reads the contracts from pyproject.toml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(source_root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the package below `source_root`."""
    command = [str(LINT), "--no-logo", "--no-cache", "--config", str(REPOSITORY / "pyproject.toml")]
    environment = os.environ | {"PYTHONPATH": str(source_root)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def copy_package(folder: Path) -> Path:
    shutil.copytree(REPOSITORY / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "pipeline"


def test_layers_of_the_package_keep_the_contracts(tmp_path: Path) -> None:
    """Dependencies point one way and outside systems are met only in adapters and apps."""
    result = lint(REPOSITORY / "pipeline", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_layers_with_an_import_against_the_direction_are_refused(tmp_path: Path) -> None:
    """A transform that imports an adapter, and a use case that starts processes, are both named."""
    source = copy_package(tmp_path)
    (source / "mergecells/transforms/upwards.py").write_text("import mergecells.adapters\n")
    (source / "mergecells/serving/outside.py").write_text("import subprocess\n")
    result = lint(source, tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "mergecells.transforms.upwards -> mergecells.adapters" in result.stdout
    assert "mergecells.serving.outside -> subprocess" in result.stdout


def test_layers_with_a_part_that_has_no_place_are_refused(tmp_path: Path) -> None:
    """A new sub-package must be given a layer before it can be imported from anywhere."""
    source = copy_package(tmp_path)
    (source / "mergecells/elsewhere").mkdir()
    (source / "mergecells/elsewhere/__init__.py").touch()
    result = lint(source, tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "elsewhere" in result.stdout
