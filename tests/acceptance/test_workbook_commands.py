"""`fill` and `export` as a person types them, in a real git checkout."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.apps.cli.main import run
from workbook_sample import edit, find_cell, sample_files

RULES = "scoring/rules.yaml"


@dataclass(frozen=True)
class Answer:
    status: int
    output: str
    messages: str


@dataclass(frozen=True)
class Checkout:
    root: Path

    @property
    def workbook(self) -> XlsxWorkbook:
        return XlsxWorkbook(self.root / "scoring.xlsx")

    def run(self, *arguments: str) -> Answer:
        output, messages = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(messages):
            status = run(["--config-root", str(self.root), *arguments])
        return Answer(status, output.getvalue(), messages.getvalue())

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, name: str, old: str, new: str) -> None:
        place = self.root / name
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))

    def set_cell(self, tab: str, title: str, key: str, value: Any) -> None:
        def change(workbook: Any) -> None:
            find_cell(workbook, tab, title, key).value = value

        edit(self.workbook.path, change)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """The sample config, committed, its workbook ignored by git and not made yet."""
    for name, content in {**sample_files(), ".gitignore": b"*.xlsx\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    made = Checkout(tmp_path)
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "start")
    return made


def test_fill_is_a_dry_run_until_apply(checkout: Checkout) -> None:
    """Without --apply nothing is written, with it the workbook knows the commit."""
    said = checkout.run("fill")
    assert said.status == 0
    assert "--apply" in said.messages
    assert not checkout.workbook.exists()
    assert checkout.run("fill", "--apply").status == 0
    assert checkout.workbook.read().metadata["base_revision"] == checkout.git("rev-parse", "HEAD")


def test_export_without_edits_says_so(checkout: Checkout) -> None:
    """Exit 0 and not a byte of diff."""
    checkout.run("fill", "--apply")
    said = checkout.run("export", "--apply")
    assert (said.status, said.output) == (0, "nothing to export\n")
    assert checkout.git("status", "--porcelain") == ""


def test_export_shows_the_change_with_cell_file_and_diff_and_writes_on_apply(checkout: Checkout) -> None:
    """The dry run shows what --apply then writes."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    shown = checkout.run("export")
    assert shown.status == 0
    assert "Tiers: A: min 80 → 85  [Tiers!B2, scoring/rules.yaml:4]" in shown.output
    assert '+  A: {min: 85, label: "A"}   # call today' in shown.output
    assert checkout.git("status", "--porcelain") == ""
    assert checkout.run("export", "--apply").status == 0
    assert checkout.git("diff", "--numstat") == f"1\t1\t{RULES}"
    assert checkout.run("export").output == "nothing to export\n"


def test_export_json_is_one_document_on_stdout(checkout: Checkout) -> None:
    """A script reads changes, files, findings and the diff."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    answer = json.loads(checkout.run("export", "--output", "json").output)
    assert answer["files"] == [RULES]
    assert answer["applied"] is False
    assert answer["counts"] == {"error": 0, "warning": 0}
    assert (answer["changes"][0]["cell"], answer["changes"][0]["old"], answer["changes"][0]["new"]) == (
        "Tiers!B2",
        80,
        85,
    )
    assert answer["diff"].startswith(f"--- a/{RULES}")


def test_export_merges_with_the_commits_made_since_the_fill(checkout: Checkout) -> None:
    """The base is read from git; the other side's edit of another cell stays."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    checkout.write(RULES, "min: 40", "min: 45")
    checkout.git("commit", "-q", "-a", "-m", "raise B")
    assert checkout.run("export", "--apply").status == 0
    text = (checkout.root / RULES).read_text()
    assert "min: 85" in text
    assert "min: 45" in text
    assert checkout.git("diff", "--numstat") == f"1\t1\t{RULES}"


def test_export_conflict_exits_1_and_marks_the_cell_on_apply_only(checkout: Checkout) -> None:
    """All three values are told, the file stays, and the workbook shows where."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    checkout.write(RULES, "min: 80", "min: 75")
    checkout.git("commit", "-q", "-a", "-m", "lower A")
    before = checkout.workbook.path.read_bytes()
    shown = checkout.run("export")
    assert shown.status == 1
    assert "merge.conflict" in shown.output
    assert checkout.workbook.path.read_bytes() == before
    assert checkout.run("export", "--apply").status == 1
    assert checkout.git("status", "--porcelain") == ""
    note = checkout.workbook.read().sheets["Tiers"].at(2, 2).note
    assert "Here: 85" in note
    assert "On the branch: 75" in note


def test_fill_after_commits_brings_them_in_and_keeps_own_edits(checkout: Checkout) -> None:
    """Filling again is safe at any time."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    checkout.write(RULES, "min: 40", "min: 45")
    checkout.git("commit", "-q", "-a", "-m", "raise B")
    said = checkout.run("fill", "--apply")
    assert said.status == 0
    assert "kept, not exported yet" in said.output
    tiers = checkout.workbook.read().sheets["Tiers"]
    assert (tiers.at(2, 2).value, tiers.at(3, 2).value) == (85, 45)
    assert checkout.workbook.read().metadata["base_revision"] == checkout.git("rev-parse", "HEAD")


def test_fill_clears_the_marks_of_a_settled_conflict(checkout: Checkout) -> None:
    """Once the cell has the branch's value the mark goes with the next fill."""
    checkout.run("fill", "--apply")
    checkout.set_cell("Tiers", "min", "A", 85)
    checkout.write(RULES, "min: 80", "min: 75")
    checkout.git("commit", "-q", "-a", "-m", "lower A")
    checkout.run("export", "--apply")
    checkout.set_cell("Tiers", "min", "A", 75)
    assert checkout.run("fill", "--apply").status == 0
    assert "Conflict" not in checkout.workbook.read().sheets["Tiers"].at(2, 2).note


def test_fill_refuses_broken_files_and_leaves_the_workbook(checkout: Checkout) -> None:
    """A workbook is never filled from half a config."""
    checkout.run("fill", "--apply")
    before = checkout.workbook.path.read_bytes()
    checkout.write(RULES, "tiers:", "tiers: [")
    said = checkout.run("fill", "--apply")
    assert said.status == 1
    assert "yaml.syntax" in said.messages
    assert checkout.workbook.path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--workbook", "google"), 2, "names no Google Sheet"),
        (("--workbook", "rules.csv"), 2, "not an .xlsx"),
        (("--workbook", "missing.xlsx"), 1, "mergecells fill"),
    ],
)
def test_export_of_no_workbook_says_what_to_do(
    checkout: Checkout, arguments: tuple[str, ...], status: int, told: str
) -> None:
    """No traceback, the right exit status, the next step."""
    said = checkout.run("export", *arguments)
    assert said.status == status
    assert told in said.messages
    assert "Traceback" not in said.messages


def test_export_without_git_compares_with_the_files(tmp_path: Path) -> None:
    """A plain folder works too."""
    for name, content in sample_files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    plain = Checkout(tmp_path)
    assert plain.run("fill", "--apply").status == 0
    assert plain.workbook.read().metadata["base_revision"].startswith("untracked-")
    plain.set_cell("Tiers", "min", "A", 85)
    assert plain.run("export", "--apply").status == 0
    assert "min: 85" in (tmp_path / RULES).read_text()


def test_workbook_of_an_unknown_commit_takes_nothing_back_unseen(checkout: Checkout) -> None:
    """Without its base, what others changed looks like an edit: export refuses, fill lists it with a warning."""
    assert checkout.run("fill", "--apply").status == 0
    metadata = checkout.workbook.read().metadata
    checkout.workbook.remember({**metadata, "base_revision": "f" * 40})
    checkout.write(RULES, "min: 80", "min: 90")
    checkout.git("commit", "-qam", "theirs")
    said = checkout.run("export", "--apply")
    assert said.status == 1
    assert "ffffffffffff, which this repository does not have" in said.messages
    assert "min: 90" in (checkout.root / RULES).read_text()
    filled = checkout.run("fill", "--apply")
    assert filled.status == 0
    assert "[workbook.unknown-base]" in filled.output
    assert "min 90 → 80" in filled.output


def test_export_after_own_merge_and_pull_starts_from_what_was_submitted(checkout: Checkout) -> None:
    """The proposal's commit is in the checkout's history: a further edit of its cell is no conflict."""
    assert checkout.run("fill", "--apply").status == 0
    onto = checkout.git("rev-parse", "HEAD")
    checkout.set_cell("Tiers", "min", "A", 85)
    assert checkout.run("export", "--apply").status == 0
    checkout.git("commit", "-qam", "proposal")
    made = checkout.git("rev-parse", "HEAD")
    checkout.set_cell("Tiers", "min", "A", 87)
    assert "[merge.conflict]" in checkout.run("export").output
    metadata = checkout.workbook.read().metadata
    checkout.workbook.remember({**metadata, "submitted": f"{onto}:{made}"})
    assert "min 85 → 87" in checkout.run("export").output
    filled = checkout.run("fill", "--apply")
    assert "min 85 → 87" in filled.output
    assert checkout.workbook.read().metadata["base_revision"] == made
    assert not checkout.workbook.read().metadata.get("submitted")
