"""What builds and tests the project: pinned, locked, with the least rights, and clear about what it needs."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted(REPOSITORY.glob(".github/workflows/*.yml"))
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(workflow: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(workflow.read_bytes(), yaml.CSafeLoader)
    return content


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_actions_are_pinned_to_a_commit(workflow: Path) -> None:
    """A tag can be moved; a full SHA cannot. The version beside it is for people and for update tools."""
    uses = re.findall(r"(?<=[ -])uses: (.*)", workflow.read_text(encoding="utf-8"))
    assert [line for line in uses if not line.startswith("./") and not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_has_the_least_rights(workflow: Path) -> None:
    """No rights at the top; each job states its own, has a time limit, and leaves no token in the checkout."""
    content = read(workflow)
    assert content["permissions"] == {}
    assert "concurrency" in content
    for job in content["jobs"].values():
        assert "permissions" in job
        assert "timeout-minutes" in job
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_workflow_ci_runs_every_supported_python() -> None:
    """The matrix is what pyproject.toml promises."""
    classifiers = pyproject()["project"]["classifiers"]
    promised = [c.rpartition(" ")[2] for c in classifiers if re.search(r":: 3\.\d+$", c)]
    ci = read(REPOSITORY / ".github/workflows/ci.yml")
    assert ci["jobs"]["all"]["strategy"]["matrix"]["python"] == promised


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def declared() -> list[Requirement]:
    """Every requirement of pyproject.toml: of the core, the extras, the groups and the build."""
    content = pyproject()
    project = content["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), content["build-system"]["requires"]]
    lists += content["dependency-groups"].values()
    texts = [text for group in lists for text in group if isinstance(text, str)]
    return [r for r in map(Requirement, texts) if canonicalize_name(r.name) != "mergecells"]


def locked() -> dict[str, str]:
    """Package → version of every line of the lock file (the last one where versions of Python differ)."""
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def test_lock_satisfies_every_declared_requirement() -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    versions = locked()
    unmet = [str(r) for r in declared() if not r.specifier.contains(versions.get(canonicalize_name(r.name), "0"))]
    assert unmet == []


def test_lock_has_a_hash_for_each_package_and_no_index() -> None:
    """Nothing is installed that was not reviewed, from wherever it comes."""
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|--index-url|--find-links|@ file:", LOCK)


def test_python_too_old_is_refused_in_words() -> None:
    """A machine without a fitting Python gets one message that says what to do, and no traceback."""
    environment = os.environ | {"PYTHON": "/nonexistent/python3.9"}
    script = REPOSITORY / "tools/find-python"
    result = subprocess.run([str(script)], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "needs Python 3.11 or 3.12" in result.stderr


@pytest.mark.needs("make")
def test_make_without_a_target_lists_them() -> None:
    """The names that the contract promises, each with what it does; nothing is built for it."""
    result = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^make ([a-z-]+) +\S", result.stdout, re.MULTILINE))
    assert {"demo", "test", "check", "bench", "lock", "clean", "help"} <= listed
