"""Small configs that tell which revision they are, in every file, so that a mixed read shows."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.revision import Files
from mergecells.serving.bundle import Origin, seal_tree
from mergecells.serving.snapshot import Snapshot
from mergecells.transforms.yaml_to_config import load_config

RULES = """\
version: "{marker}"
tiers:
  A: {{min: 50, label: "{marker}"}}
  B: {{min: 0}}
components:
  only:
    weight: 1
    factors:
      years: {{weight: 1, formula: "=MIN(1,years/{divisor})"}}
"""
FIELDS = """\
fields:
  years: {{type: number, description: "{marker}"}}
"""
VERTICAL = """\
description: "{marker}"
components:
  only: {{description: "{marker}"}}
"""


def sample_files(marker: str = "one", divisor: int = 10) -> dict[str, bytes]:
    """A good config of three files. A lead of 1 year scores 100 / divisor."""
    texts = {
        "mergecells.yaml": "version: 1\n",
        "scoring/rules.yaml": RULES,
        "scoring/fields.yaml": FIELDS,
        "scoring/verticals/small.yaml": VERTICAL,
    }
    return {name: text.format(marker=marker, divisor=divisor).encode() for name, text in texts.items()}


def bad_files(marker: str = "bad") -> dict[str, bytes]:
    """Well-formed YAML whose weights do not sum to 1."""
    files = sample_files(marker)
    return files | {"scoring/rules.yaml": files["scoring/rules.yaml"].replace(b"weight: 1\n", b"weight: 0.5\n")}


def sealed_tree(marker: str, revision: str, generation: int = 1) -> ConfigTree:
    """A tree as `follow` publishes it."""
    files = sample_files(marker)
    config = load_config(files).config
    assert config is not None
    origin = Origin("repository.git", "main", None, generation, "2026-01-01T00:00:00.000Z")
    return seal_tree(revision, files, config, origin)


def revision_of(number: int) -> str:
    """A full SHA for tests."""
    return f"{number:040x}"


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write in place, as an editor or a careless script does."""
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def markers_of(snapshot: Snapshot) -> set[str]:
    """What the files of a snapshot say they are; one marker, or the read was torn."""
    rules = snapshot.config.rules
    assert rules.fields is not None
    small = rules.verticals["small"]
    change = small.components["only"]
    assert change is not None
    return {
        rules.rules.version,
        rules.rules.tiers["A"].label,
        rules.fields.fields["years"].description,
        small.description,
        str(change.description),
    }


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Poll until `condition` holds. Fails the test when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.005)


class GitStage:
    """A bare repository, and a work tree that pushes to its branch `main`."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "repository.git"
        self.work = folder / "work"
        self.run("init", "-q", "--bare", "-b", "main", str(self.bare), at=folder)
        self.run("init", "-q", "-b", "main", str(self.work), at=folder)

    def run(self, *arguments: str, at: Path | None = None) -> str:
        who = {
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@t",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@t",
        }
        done = subprocess.run(
            ["git", *arguments], cwd=at or self.work, env=os.environ | who, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: Files, *, push: bool = True) -> str:
        """Commit exactly `files` and push, by force so that any history can be made. Returns the SHA."""
        self.run("rm", "-rqf", "--ignore-unmatch", ".")
        write_files(self.work, files)
        self.run("add", "-A")
        self.run("commit", "-q", "--allow-empty", "-m", "change")
        if push:
            self.push()
        return self.head()

    def push(self, what: str = "HEAD") -> None:
        self.run("push", "-q", "--force", str(self.bare), f"{what}:refs/heads/main")

    def head(self) -> str:
        return self.run("rev-parse", "HEAD")
