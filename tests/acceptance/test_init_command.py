"""`mergecells init`: from nothing to a repository in which `submit` works at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from acceptance.stage import ADA, Stage, command
from mergecells.adapters.packaged_template import read_template
from mergecells.domain.findings import has_errors
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_init_makes_a_repository_in_which_submit_works_at_once(tmp_path: Path) -> None:
    """Files, history, origin, workbook; then one edited cell becomes pull request 1, the second engine included."""
    answer = command("init", tmp_path / "leads", "--author", ADA, "--output", "json")
    assert answer.status == 0, answer
    made = answer.json
    root, bare = tmp_path / "leads", tmp_path / "leads.git"
    assert made["repository"] == str(bare)
    assert git(bare, "rev-parse", "main") == made["revision"] == git(root, "rev-parse", "origin/main")
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "--format=%an <%ae>") == ADA
    stage = Stage(root, bare)
    stage.edit({"Tiers!B2": 82})
    told = stage.submit()
    assert told.status == 0, told
    assert told.json["number"] == 1


def test_init_files_are_the_template_and_pass_the_check(tmp_path: Path) -> None:
    """Rules, schemas and manifest byte for byte; `check` has nothing against them."""
    command("init", tmp_path / "leads", "--no-bare", "--author", ADA)
    for path, content in read_template().items():
        assert (tmp_path / "leads" / path).read_bytes() == content
    assert command("--config-root", tmp_path / "leads", "check").status == 0
    assert not has_errors(load_config(read_template()).findings)


def test_init_here_needs_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder: DIR is that folder."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    answer = command("init", "--author", ADA)
    assert answer.status == 0
    assert (place / "mergecells.yaml").is_file()
    assert "mergecells submit" in answer.messages


@pytest.mark.parametrize("taken", ["leads/x.txt", "leads.git/x.txt", "leads"])
def test_init_refuses_what_is_not_empty_and_leaves_it(tmp_path: Path, taken: str) -> None:
    """Neither the folder nor the bare repository may have anything in it, nor be a file."""
    place = tmp_path / taken
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")
    answer = command("init", tmp_path / "leads", "--author", ADA)
    assert answer.status == 2
    assert "not empty" in answer.messages
    assert place.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [place]


def test_init_that_fails_midway_leaves_nothing(tmp_path: Path) -> None:
    """The bare repository's folder cannot be made: the half-made checkout is gone again."""
    (tmp_path / "file").write_text("x")
    answer = command("init", tmp_path / "leads", "--bare", tmp_path / "file" / "leads.git", "--author", ADA)
    assert answer.status in {1, 2}
    assert "Traceback" not in answer.messages
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_init_without_a_known_author_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first commit needs a person: asked for before anything is written."""
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", "/dev/null")
    answer = command("init", tmp_path / "leads")
    assert answer.status == 2
    assert "--author" in answer.messages
    assert list(tmp_path.iterdir()) == []


def test_init_bare_inside_the_folder_is_refused(tmp_path: Path) -> None:
    """It would be committed into itself."""
    answer = command("init", tmp_path / "leads", "--bare", tmp_path / "leads" / "x.git", "--author", ADA)
    assert answer.status == 2
    assert list(tmp_path.iterdir()) == []


def test_init_into_a_folder_with_spaces_names_a_next_step_that_works(tmp_path: Path) -> None:
    """The command to type next is quoted for the shell."""
    answer = command("init", tmp_path / "our leads", "--author", ADA)
    assert answer.status == 0, answer
    assert f"cd '{tmp_path / 'our leads'}' && mergecells submit" in answer.messages


def test_init_puts_the_add_on_into_the_repository(tmp_path: Path) -> None:
    """Every file as it ships, so that `clasp push` works there; no hub is known yet."""
    assert command("init", tmp_path / "leads", "--no-bare", "--author", ADA).status == 0
    made = {path.name: path.read_bytes() for path in (tmp_path / "leads/sheets").iterdir()}
    shipped = {path.name: path.read_bytes() for path in (REPOSITORY / "sheets").iterdir()}
    assert made == shipped
    assert b"https://hub.example.com/" in made["appsscript.json"]


def test_init_for_github_names_it_and_pushes_nothing(tmp_path: Path) -> None:
    """The manifest has the host, `origin` its address, and no bare repository is made; the next step is said."""
    answer = command("init", tmp_path / "leads", "--github", "acme/lead-rules", "--author", ADA)
    assert answer.status == 0, answer
    assert "git push -u origin main" in answer.messages
    manifest = yaml.safe_load((tmp_path / "leads/mergecells.yaml").read_text())
    assert manifest["pull_requests"] == {"host": "github", "repository": "acme/lead-rules"}
    assert git(tmp_path / "leads", "remote", "get-url", "origin") == "https://github.com/acme/lead-rules.git"
    assert not (tmp_path / "leads.git").exists()
    assert command("--config-root", tmp_path / "leads", "check").status == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--github", "lead-rules"], "--github takes OWNER/NAME"),
        (["--github", "acme/lead-rules", "--bare", "x.git"], "two places for pull requests"),
        (["--hub", "https://hub.example.com"], "Add --google."),
        (["--google", "--hub", "http://hub.example.com"], "--hub takes the address of a hub"),
        (["--google", "--hub", "https://me:secret@hub.example.com"], "--hub takes the address of a hub"),
    ],
)
def test_init_with_options_that_do_not_fit_makes_nothing(tmp_path: Path, options: list[str], told: str) -> None:
    """What is wrong and what would be right, before anything is written."""
    answer = command("init", tmp_path / "leads", *options, "--author", ADA)
    assert answer.status == 2
    assert told in answer.messages
    assert list(tmp_path.iterdir()) == []
