"""Secrets from mounted files: `NAME_FILE` stands for `NAME`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mergecells.apps.cli.main import EXIT_USAGE, run
from mergecells.apps.secret_files import take_secret_files
from mergecells.domain.errors import UsageError


def test_file_of_a_secret_sets_its_variable_without_the_line_break(tmp_path: Path) -> None:
    """Ours and providers' keys are taken; other programs' variables that end in _FILE are left alone."""
    place = tmp_path / "secret"
    place.write_text("  s3cret value\n")
    names = ("MERGECELLS_RELOAD_TOKEN", "OPENAI_API_KEY", "LANGFUSE_SECRET_KEY")
    others = {"GIT_INDEX_FILE": str(place), "SSL_CERT_FILE": str(place), "MERGECELLS_GITHUB_APP_KEY_FILE": str(place)}
    environ = {**{f"{name}_FILE": str(place) for name in names}, **others, "MERGECELLS_HISTORY_URL_FILE": " "}
    before = dict(environ)
    assert take_secret_files(environ) == sorted(names)
    assert environ == {**before, **dict.fromkeys(names, "s3cret value")}


def test_file_and_variable_both_set_are_refused(tmp_path: Path) -> None:
    """Which one is meant cannot be known; neither content is shown."""
    (tmp_path / "t").write_text("from-file")
    environ = {"MERGECELLS_RELOAD_TOKEN_FILE": str(tmp_path / "t"), "MERGECELLS_RELOAD_TOKEN": "from-variable"}
    with pytest.raises(UsageError, match="both set") as caught:
        take_secret_files(environ)
    assert "from-" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "cannot be read"),
        (b"x" * 70_000, "64 KiB"),
    ],
)
def test_file_that_holds_no_secret_is_named_with_its_variable(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    """A forgotten mount must not become a service without its token."""
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        take_secret_files({"MERGECELLS_HUB_ACK_TOKEN_FILE": str(tmp_path / "t")})
    assert "MERGECELLS_HUB_ACK_TOKEN_FILE" in str(caught.value)


def test_command_line_with_a_missing_secret_file_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command reads them, before it does anything."""
    monkeypatch.setenv("MERGECELLS_RELOAD_TOKEN_FILE", "/nowhere/token")
    assert run(["schema", "export", "--check"]) == EXIT_USAGE
    assert "MERGECELLS_RELOAD_TOKEN_FILE names /nowhere/token" in capsys.readouterr().err
