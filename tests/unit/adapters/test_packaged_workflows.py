"""Which mergecells the workflows of a new repository install: the one that made it, as far as others can have it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mergecells.adapters.packaged_workflows import SOURCE_FILE, WORKFLOWS, names_source, read_workflows, source_of

REPOSITORY = Path(__file__).resolve().parents[3]
SHA = "a" * 40


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (
            {"url": "https://bob:secret@git.example.org/acme/mergecells", "vcs_info": {"vcs": "git", "commit_id": SHA}},
            f"mergecells @ git+https://git.example.org/acme/mergecells@{SHA}",
        ),
        (
            {"url": "ssh://git@git.example.org:2222/acme/m.git", "vcs_info": {"vcs": "git", "commit_id": SHA}},
            f"mergecells @ git+ssh://git@git.example.org:2222/acme/m.git@{SHA}",
        ),
        (
            {"url": "https://x.org/m.whl", "archive_info": {"hashes": {"sha256": "b" * 64}}},
            f"mergecells @ https://x.org/m.whl#sha256={'b' * 64}",
        ),
        ({"url": "https://x.org/m.whl", "archive_info": {}}, ""),
        ({"url": "file:///srv/mergecells", "dir_info": {"editable": True}}, ""),
        ({"url": "https://x.org/m", "vcs_info": {"vcs": "git", "commit_id": "main"}}, ""),
    ],
)
def test_source_is_a_pinned_address_without_credentials(origin: dict[str, object], requirement: str) -> None:
    """A git commit or a hashed file; what only this machine has, or could change, is nothing."""
    assert source_of(origin) == requirement


def test_workflows_are_those_of_this_repository() -> None:
    """Byte for byte, with the file that says what to install beside them; an editable install cannot say."""
    files = read_workflows()
    assert set(files) == {*WORKFLOWS, SOURCE_FILE}
    for path in WORKFLOWS:
        assert files[path] == (REPOSITORY / path).read_bytes()
    assert not names_source({SOURCE_FILE: b"# only\n\n"})
    assert names_source({SOURCE_FILE: b"# how\nmergecells==1.0\n"})


def test_lock_of_the_action_has_the_versions_of_the_lock() -> None:
    """One set of versions is tested; the action installs the part of it that the workflows need."""

    def pins(path: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==[^ ;]+", (REPOSITORY / path).read_text(), re.MULTILINE))

    part, whole = pins(".github/actions/mergecells/requirements.lock"), pins("requirements.lock")
    assert part <= whole
    assert {pin.partition("==")[0] for pin in part} >= {"pygithub", "gspread", "typer", "lxml", "hatchling"}
