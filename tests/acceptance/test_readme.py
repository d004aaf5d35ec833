"""What README.md tells people to type works, in the order in which it tells them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import openpyxl
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shell(script: str, folder: Path) -> str:
    """Run the lines as a person would, stopping at the first that fails. Returns stdout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    environment = os.environ | IDENTITY | {"PATH": path, "NO_COLOR": "1"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def edit_as_told(workbook: Path) -> None:
    """The edit of the text between the two snippets, with the golden lead that it moves."""
    (formula,) = re.findall(r"`(=IF\(years[^`]*)`", README)
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(workbook)
    changes = {"Factors": ("years_in_business", "formula", formula)}
    changes["Examples"] = ("Partner introduction, budget open", "score", 73.48)
    for tab, (key, column, value) in changes.items():
        rows = list(book[tab].iter_rows())
        place = next(cell.column for cell in rows[0] if cell.value == column)
        row = next(row for row in rows if key in [cell.value for cell in row])
        row[place - 1].value = value
    book.save(workbook)


@pytest.mark.needs("git", "bash")
@pytest.mark.timeout(300)  # a dozen programs, one after the other
def test_readme_loop_as_written_ends_in_a_merged_and_published_edit(tmp_path: Path) -> None:
    """From `init` to `follow` and `score`, with the very edit that the text describes; then the Python snippet."""
    before, after = snippets("sh")
    shell(before, tmp_path)
    leads = tmp_path / "leads"
    edit_as_told(leads / "scoring.xlsx")
    (leads / "leads.csv").write_text("Years in Business,Country\n6,Germany\n")
    output = shell(after, leads)
    assert "Merged #1" in output
    published = (tmp_path / "live/current/scoring/rules.yaml").read_text(encoding="utf-8")
    assert '"=IF(years>=5,1,years/5)"' in published

    (python,) = snippets("python")
    program = python.replace("/srv/leads/current", str(tmp_path / "live/current")) + "config.close()\n"
    value, tier, revision = shell(f"python - <<'END'\n{program}END", tmp_path).split()
    assert float(value) > 0
    assert tier == "D"
    assert f"revisions/{revision}" in os.readlink(tmp_path / "live/current")
