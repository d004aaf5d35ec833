"""A service that embeds the library pays for a model, a YAML reader, a watcher and metrics, and for nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIGHT = {
    "mergecells",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "yaml",
    "_yaml",
    "watchdog",
    "prometheus_client",
}
"""The declared dependencies and what they bring with them, by the names they are imported under."""

REPORT = """
import json, sys
def outside(module):
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
    return "site-packages" in origin or module.__name__.partition(".")[0] == "mergecells"
print(json.dumps(sorted({m.__name__.partition(".")[0] for m in list(sys.modules.values()) if outside(m)})))
"""


def packages_after(statements: str, *arguments: str) -> set[str]:
    """The top-level packages outside the standard library that a fresh interpreter holds after `statements`."""
    # -S -I would hide the installed packages; start-up files of the environment are subtracted instead.
    before = _run(REPORT)
    after = _run(statements + REPORT, *arguments)
    return set(after) - (set(before) - {"mergecells"})


def _run(program: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    names: list[str] = json.loads(result.stdout)
    return names


def test_core_import_alone_loads_no_heavy_package() -> None:
    """`import mergecells` brings in nothing beyond the light dependencies."""
    loaded = packages_after("import mergecells")
    assert "mergecells" in loaded
    assert loaded <= LIGHT


def test_core_open_and_score_load_no_heavy_package(tmp_path: Path) -> None:
    """Opening a folder of rules, scoring a lead and closing need only the light dependencies."""
    shutil.copytree(REPOSITORY / "scoring", tmp_path / "scoring")
    shutil.copy(REPOSITORY / "mergecells.yaml", tmp_path)
    program = """
import sys, mergecells
config = mergecells.open(sys.argv[1])
assert config.current.score({"years": 12}).value > 0
config.close()
"""
    loaded = packages_after(program, str(tmp_path))
    assert {"mergecells", "pydantic", "yaml"} <= loaded
    assert loaded <= LIGHT


def test_command_line_help_loads_neither_models_nor_formulas() -> None:
    """Registering all commands is what `--help` and every other start pays for."""
    program = (
        "import sys; from mergecells.apps.cli.main import build_app; build_app(); "
        "print(*sorted({'pydantic', 'yaml', 'mergecells.formula'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_core_explains_a_score_and_reads_positions_only_then(tmp_path: Path) -> None:
    """Explaining needs no further package, and what it needs is loaded by the first explanation, not before."""
    shutil.copytree(REPOSITORY / "scoring", tmp_path / "scoring")
    shutil.copy(REPOSITORY / "mergecells.yaml", tmp_path)
    program = """
import sys, mergecells
config = mergecells.open(sys.argv[1])
assert config.current.score({"years": 12}).value > 0
assert "mergecells.transforms.explain" not in sys.modules
assert config.current.explain({"years": 12}).components[0].weight_place.line
config.close()
"""
    assert packages_after(program, str(tmp_path)) <= LIGHT
