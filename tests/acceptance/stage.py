"""A config repository as `init` makes it, its bare repository, and the command line run in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from ending import at_the_end
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.local_pulls import LocalPulls
from mergecells.adapters.packaged_template import read_template
from mergecells.apps.cli.main import run
from mergecells.apps.cli.scaffold import scaffold
from mergecells.domain.identity import Identity, parse_identity
from small_config import small_config

ADA = "Ada Lovelace <ada@example.org>"
BOB = "Bob <bob@example.org>"
RULES = "scoring/rules.yaml"


@dataclass(frozen=True)
class Answer:
    status: int
    output: str
    messages: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


def command(*arguments: object) -> Answer:
    """One `mergecells` command line, run in this process, whose environment stays as it was."""
    output, messages = io.StringIO(), io.StringIO()
    before = set(os.environ)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(messages):
            status = run([str(argument) for argument in arguments])
    finally:
        for name in set(os.environ) - before:  # secrets that it took from files
            del os.environ[name]
    return Answer(status, output.getvalue(), messages.getvalue())


@dataclass(frozen=True)
class Stage:
    """`root` is the checkout, `bare` the repository with the pull requests."""

    root: Path
    bare: Path

    @property
    def workbook(self) -> Path:
        return self.root / "scoring.xlsx"

    @property
    def host(self) -> LocalPulls:
        return LocalPulls(self.bare)

    def run(self, *arguments: object) -> Answer:
        return command("--config-root", self.root, *arguments)

    def submit(self, *arguments: object, author: str = ADA) -> Answer:
        return self.run("submit", "--author", author, "--output", "json", *arguments)

    def edit(self, cells: dict[str, object], workbook: Path | None = None) -> None:
        """Type values into cells (`Tiers!B2`) and save, as openpyxl does it."""
        place = workbook or self.workbook
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(place)
        for ref, value in cells.items():
            sheet, cell = ref.split("!")
            book[sheet][cell] = value
        book.save(place)

    def cell(self, ref: str) -> Any:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(self.workbook)
        sheet, cell = ref.split("!")
        return book[sheet][cell]

    def push(self, old: str, new: str, file: str = RULES) -> str:
        """Somebody else changes a file on main, straight in the bare repository."""
        repository = GitRepository(self.bare)
        head = repository.head("main")
        content = repository.read_files(head)[file]
        assert old.encode() in content
        edited = content.replace(old.encode(), new.encode(), 1)
        who = Identity("Carl", "carl@example.org")
        commit = repository.commit_files({file: edited}, [head], "By hand", who)
        repository.update_ref("refs/heads/main", commit, head)
        return commit

    def rules(self, revision: str = "main") -> str:
        return self.host.read_files(revision)[RULES].decode()

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()


def make_stage(folder: Path, small: bool = False) -> Stage:
    """The packaged template, without the second engine: starting it takes a second each time. Made once by `scaffold`,
    as `init` does it, and copied. A `small` one has few rules and no prompts."""
    made = _made(small)
    for name in ("leads", "leads.git"):
        shutil.copytree(made / name, folder / name, symlinks=True)
    stage = Stage(folder / "leads", folder / "leads.git")
    settings = stage.root / ".git" / "config"
    settings.write_text(settings.read_text().replace(str(made), str(folder)))
    stage.git("update-index", "--refresh")  # which knows the copies by the times of the files they are copies of
    return stage


@cache
def _made(small: bool) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mergecells-stage-"))
    at_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
    template = read_template()
    manifest = template["mergecells.yaml"] + b"checks: {xlcalculator: false, ironcalc: false, formualizer: false}\n"
    files = {**(small_config(template) if small else template), "mergecells.yaml": manifest}
    scaffold(folder / "leads", folder / "leads.git", parse_identity(ADA), files)
    return folder
