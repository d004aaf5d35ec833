"""From the manifest to the bare repository, and from git's settings to a person."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mergecells.adapters.git_repository import GitRepository
from mergecells.apps.cli.pull_request_host import HostSession, open_bare, open_host
from mergecells.domain.errors import UsageError
from mergecells.domain.identity import Identity


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout `leads` with the config in a folder of it, and `leads.git` beside it."""
    bare = GitRepository.init_bare(tmp_path / "leads.git")
    files = {"mergecells.yaml": b"version: 1\n", "scoring/rules.yaml": b"a: 1\n"}
    commit = bare.commit_files(files, [], "x", Identity("A", "a@b.c"), prefix="teams/leads")
    bare.update_ref("refs/heads/main", commit, None)
    git(tmp_path, "clone", "--quiet", str(tmp_path / "leads.git"), "leads")
    return tmp_path


def opened(place: Path, repository: str | None = None, url: str | None = None) -> HostSession:
    root = place / "leads" / "teams" / "leads"
    if repository is not None:
        (root / "mergecells.yaml").write_text(f"version: 1\npull_requests:\n  repository: {repository!r}\n")
    if url is not None:
        git(place / "leads", "config", "remote.origin.url", url)
    return open_host(root)


@pytest.mark.parametrize("url", ["{bare}", "file://{bare}", "../leads.git", "../leads/../leads.git"])
def test_open_host_takes_every_local_form_of_a_remote(place: Path, url: str) -> None:
    """Absolute, `file://` and relative to the checkout's top, as git itself takes them."""
    session = opened(place, url=url.format(bare=place / "leads.git"))
    assert session.host.repository.git_dir == place / "leads.git"
    assert set(session.host.read_files("main")) == {"mergecells.yaml", "scoring/rules.yaml"}


def test_open_host_takes_a_path_relative_to_the_config_root(place: Path) -> None:
    """The manifest may name the folder itself."""
    session = opened(place, repository="../../../leads.git")
    assert session.host.repository.git_dir == place / "leads.git"
    assert session.host.prefix == "teams/leads"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.org/leads.git", "another machine"),
        ("git@example.org:leads.git", "another machine"),
        ("host:leads.git", "another machine"),
        ("ext::sh -c touch% pwned", "is not there|another machine"),
        ("--upload-pack=touch pwned", "is not there"),
        ("../gone.git", "is not there"),
        ("../leads", "is a checkout"),
    ],
)
def test_open_host_refuses_what_is_no_bare_repository_here(place: Path, url: str, said: str) -> None:
    """Named, with the next step; no address is ever run."""
    with pytest.raises(UsageError, match=said) as error:
        opened(place, url=url)
    assert error.value.hint
    assert not (place / "leads" / "pwned").exists()


def test_open_host_without_the_remote_says_how_to_make_one(place: Path) -> None:
    """A fresh checkout has no `origin`."""
    git(place / "leads", "remote", "remove", "origin")
    with pytest.raises(UsageError, match="no remote named 'origin'") as error:
        opened(place)
    assert "git clone --bare" in error.value.hint


def test_open_host_with_a_broken_manifest_names_the_line(place: Path) -> None:
    """A typo in the manifest is no reason to use the defaults."""
    (place / "leads/teams/leads/mergecells.yaml").write_text("version: 1\nbranchh: x\n")
    with pytest.raises(UsageError, match=r"mergecells.yaml:2"):
        opened(place)


def test_open_bare_takes_the_branch_of_its_own_manifest(tmp_path: Path) -> None:
    """Without a checkout the newest commit says which branch requests go to."""
    bare = GitRepository.init_bare(tmp_path / "x.git")
    files = {"mergecells.yaml": b"version: 1\nbranch: live\n"}
    bare.update_ref("refs/heads/main", bare.commit_files(files, [], "x", Identity("A", "a@b.c")), None)
    assert open_bare(tmp_path / "x.git").branch == "live"


def test_identity_comes_from_the_option_then_from_the_checkout(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option wins; git's settings of the checkout come next; nothing is guessed."""
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", "/dev/null")
    session = opened(place)
    assert session.identity("Bob <bob@x.org>", "--by") == Identity("Bob", "bob@x.org")
    with pytest.raises(UsageError, match="Who is this") as error:
        session.identity(None, "--by")
    assert "--by" in error.value.hint
    git(place / "leads", "config", "user.name", "Ada")
    git(place / "leads", "config", "user.email", "ada@x.org")
    assert session.identity(None, "--by") == Identity("Ada", "ada@x.org")
