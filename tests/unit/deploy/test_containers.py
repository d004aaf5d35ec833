"""The container file: what it copies is there, what it installs is locked, what it runs exists. Nothing is built."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deploy_files import (
    REPOSITORY,
    chain,
    copies,
    extras_of,
    is_in_build_context,
    last,
    parse_command,
    stages,
    variables,
    variables_read,
)

sys.path.insert(0, str(REPOSITORY / "tools"))
import lock_subset

TARGETS = {"service", "service-llm", "follower", "hub"}
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCK = lock_subset.read_lock((REPOSITORY / "requirements.lock").read_text())


def test_copied_files_exist_and_are_let_into_the_build() -> None:
    """A COPY of what is not in the repository, or of what .dockerignore keeps out, would end a build."""
    sources = {source for stage in stages() for group, _ in copies(stage) for source in group}
    assert {"pipeline", "requirements.lock", "deploy/containers/health.py"} <= sources
    assert [source for source in sorted(sources) if not (REPOSITORY / source).exists()] == []
    assert [source for source in sorted(sources) if not is_in_build_context(source)] == []
    for hidden in (".git/config", ".venv/bin/python", "deploy/compose/secrets/git_token", "tests/conftest.py", ".env"):
        assert not is_in_build_context(hidden)
    named = {rest.split()[0][7:] for name in stages() for word, rest in chain(name) if rest.startswith("--from=")}
    assert named <= set(stages())


def test_wheel_is_built_from_nothing_but_what_is_copied(tmp_path: Path) -> None:
    """hatchling, run on the copied files alone, makes a wheel with the template that `init` writes."""
    for stage in ("packages", "wheel"):
        for sources, target in copies(stage):
            for source in sources:
                place = tmp_path / target / Path(source).name if target.endswith("/") else tmp_path / target
                place.parent.mkdir(parents=True, exist_ok=True)
                origin = REPOSITORY / source
                (shutil.copytree if origin.is_dir() else shutil.copy)(origin, place)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, timeout=90)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "mergecells/__main__.py" in names
    assert "mergecells/template/.github/workflows/config-check.yml" in names


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_image_runs_a_real_command_as_nobody_in_particular(target: str) -> None:
    """A numbered user without rights, our command as the entry point, flags that it knows, a health check."""
    assert last(target, "USER") == "10001:10001"
    assert json.loads(last(target, "ENTRYPOINT")) == ["mergecells"]
    health = last(target, "HEALTHCHECK")
    assert "--start-period=" in health
    words = json.loads(health[health.index("CMD ") + 4 :])
    assert words[0] == "mergecells-health"
    if target == "follower":
        assert words[1] == "/srv/config/current/mergecells.yaml"
        return
    name, values = parse_command(json.loads(last(target, "CMD")))
    assert name == {"service": "serve", "service-llm": "serve", "hub": "hub"}[target]
    port = int(last(target, "EXPOSE"))
    # The port that the command takes when none is named, so that every page and file can name one number.
    assert (values["port"], values["host"]) == (port, "0.0.0.0")
    assert parse_command([name])[1]["port"] == port
    assert words[1] == f"http://127.0.0.1:{port}/healthz"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_image_names_only_variables_that_are_read(target: str) -> None:
    """A misspelt setting would be ignored without a word."""
    ours = {name for name in variables(target) if name.startswith("MERGECELLS_")}
    assert "MERGECELLS_LOG_FORMAT" in ours
    assert ours <= variables_read()


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_image_installs_locked_packages_with_hashes(target: str) -> None:
    """Everything that its extras state, each line with a hash, by an installer that checks; no engine in a service."""
    extras = extras_of(target)
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])
    roots = lock_subset.wanted(PROJECT, extras, [])
    kept = lock_subset.subset(LOCK, roots)
    assert roots <= set(kept)
    assert all("--hash=sha256:" in LOCK[name][0] for name in kept)
    if target != "hub":
        assert not {"xlcalculator", "pandas", "ironcalc", "pytest"} & set(kept)
    installs = [part for _, rest in chain(f"{target}-packages") for part in rest.split("&&") if " install " in part]
    assert installs
    assert all("--no-deps" in part and ("--require-hashes" in part or "--no-index" in part) for part in installs)


def test_subset_of_the_lock_follows_what_came_by_what() -> None:
    """A package stays with what needs it, in both of its versions, and an unknown name is refused."""
    text = (
        "# made by make lock\n"
        "alpha==1 \\\n    --hash=sha256:aa\n    # via mergecells (pyproject.toml)\n"
        "beta==2 ; python_version < '3.12' \\\n    --hash=sha256:bb\n    # via\n    #   -c other.txt\n    #   alpha\n"
        "beta==3 ; python_version >= '3.12' \\\n    --hash=sha256:cc\n    # via alpha\n"
        "gamma==4 \\\n    --hash=sha256:dd\n    # via delta\n"
    )
    lock = lock_subset.read_lock(text)
    assert lock_subset.subset(lock, {"alpha"}) == ["alpha", "beta"]
    assert "beta==2" in lock["beta"][0]
    assert "beta==3" in lock["beta"][0]
    with pytest.raises(SystemExit, match="does not hold omega"):
        lock_subset.subset(lock, {"omega"})


def test_git_asks_for_the_token_of_the_mounted_file(tmp_path: Path) -> None:
    """Git asks twice, for a name and for a password; only the second answer is the secret."""
    (tmp_path / "token").write_text("t0ken\n")
    script = REPOSITORY / "deploy/containers/git-askpass"

    def answer(question: str) -> str:
        environ = {"GIT_TOKEN_FILE": str(tmp_path / "token"), "PATH": "/usr/bin:/bin"}
        return subprocess.run([script, question], env=environ, capture_output=True, text=True, check=True).stdout

    assert answer("Username for 'https://git.example': ") == "x-access-token\n"
    assert answer("Password for 'https://x-access-token@git.example': ") == "t0ken\n"


def test_base_image_is_a_named_release() -> None:
    """Neither `latest` nor a Python that the project does not support."""
    (line,) = [
        line
        for line in (REPOSITORY / "deploy/containers/Containerfile").read_text().splitlines()
        if line.startswith("ARG ")
    ]
    assert line.split("=", 1)[1].startswith(("python:3.11-", "python:3.12-", "python@sha256:"))
