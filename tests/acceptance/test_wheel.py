"""The wheel holds all that an installed mergecells needs, and nothing of the repository around it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mergecells.adapters.packaged_workflows import WORKFLOWS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=60)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_template_byte_for_byte(wheel: Path) -> None:
    """`init` needs the rules, schemas, manifest, add-on and workflows of this repository in the installed package."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        data = [
            file
            for pattern in ("scoring/**/*.yaml", "prompts/**/*.*", "schemas/*.json", "sheets/*")
            for file in REPOSITORY.glob(pattern)
        ]
        workflows = [REPOSITORY / path for path in WORKFLOWS]
        for file in [REPOSITORY / "mergecells.yaml", *data, *workflows]:
            member = f"mergecells/template/{file.relative_to(REPOSITORY).as_posix()}"
            assert member in names
            assert archive.read(member) == file.read_bytes()
    tops = {name.partition("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"mergecells"}
    assert "mergecells/py.typed" in names


def test_wheel_installed_alone_imports_and_runs(wheel: Path, tmp_path: Path) -> None:
    """The installed package, and not the checkout, answers `--version` and `check` on its own template."""
    site = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(site)]
    install = [sys.executable, "-m", "pip", "install", *options, str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=60)
    environment = os.environ | {"PYTHONPATH": str(site)}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert run("-c", "import mergecells; print(mergecells.__file__)").startswith(str(site))
    assert run("-m", "mergecells", "--version").startswith("mergecells ")
    run("-m", "mergecells", "--config-root", str(site / "mergecells/template"), "check")
