"""A caret stands below the character that a message is about."""

from __future__ import annotations

import json

import pytest

from fakes.config_samples import sample_files
from mergecells.apps.cli.choices import FindingsOutput
from mergecells.apps.cli.findings_output import render_findings
from mergecells.apps.cli.pointed_text import WIDTH, pointed
from mergecells.authoring.check import check_files


def test_pointed_short_text_has_the_caret_below_its_character() -> None:
    """The whole text, then a caret below the character."""
    assert pointed("=years*x", 7) == ["    =years*x", "           ^"]


def test_pointed_at_the_end_stands_behind_the_text() -> None:
    """A formula that stops too early has its mistake behind its last character."""
    assert pointed("=1+", 3) == ["    =1+", "       ^"]


@pytest.mark.parametrize("offset", [0, 1, 59, 60, 61, 500, 8_000, 8_190, 8_191])
def test_pointed_long_text_is_cut_around_the_place(offset: int) -> None:
    """No more than a line of a terminal, and still the right character above the caret."""
    text = "".join(chr(ord("a") + index % 26) for index in range(8_192))
    line, mark = pointed(text, offset)
    assert len(line) <= WIDTH + 6
    assert line[mark.index("^")] == text[offset]


def test_pointed_wide_characters_take_two_columns() -> None:
    """A full-width digit is twice as wide as what stands below it."""
    assert pointed("=years*１*x", 9) == ["    =years*１*x", "              ^"]


def test_pointed_invisible_character_is_shown_as_a_box() -> None:
    """One cannot point at what is not to be seen; a line break would move the caret."""
    assert pointed("=a\u200b+\n1", 2) == ["    =a\u25a1+\u25a11", "      ^"]


def test_check_text_shows_the_formula_and_the_place_of_the_mistake() -> None:
    """In text only: what programs read stays as it was."""
    rules = sample_files()["scoring/rules.yaml"].replace(b'"=MIN(1,years/10)"', json.dumps("=MIN(1,yaers/10)").encode())
    findings = check_files({**sample_files(), "scoring/rules.yaml": rules}).findings
    lines = render_findings(findings, FindingsOutput.TEXT, {}).splitlines()
    place = next(number for number, line in enumerate(lines) if "formula.unknown-name" in line)
    assert lines[place + 1 : place + 3] == ["    =MIN(1,yaers/10)", "           ^"]
    assert "excerpt" not in render_findings(findings, FindingsOutput.JSON, {})
