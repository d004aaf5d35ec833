"""What a `repository_dispatch` may say: four texts, one sheet, and nothing that could be more than a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mergecells.apps.cli.dispatch_event import read_event
from mergecells.domain.errors import UsageError
from mergecells.domain.manifest import GoogleWorkbook, Manifest

SHEET = "1" * 44
MANIFEST = Manifest(workbook="google", google=GoogleWorkbook(spreadsheet=SHEET))
GOOD = {"spreadsheet": SHEET, "title": "Older  firms", "requested_by": "ada@example.org", "nonce": "0b1c-2d3e-4f"}


def event(folder: Path, payload: Any, action: str = "mergecells-submit") -> Path:
    place = folder / "event.json"
    place.write_text(json.dumps({"action": action, "branch": "main", "client_payload": payload}))
    return place


def test_event_gives_title_author_and_nonce(tmp_path: Path) -> None:
    """A mail address alone is its own name; blanks in a title are single."""
    found = read_event(event(tmp_path, GOOD), MANIFEST)
    assert (found.title, str(found.author), found.nonce) == ("Older firms", "ada <ada@example.org>", "0b1c-2d3e-4f")
    named = read_event(event(tmp_path, {**GOOD, "requested_by": "Ada L <ada@example.org>"}), MANIFEST)
    assert str(named.author) == "Ada L <ada@example.org>"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({**GOOD, "spreadsheet": "2" * 44}, "not this repository's"),
        ({**GOOD, "spreadsheet": [SHEET]}, "spreadsheet is not a text"),
        ({**GOOD, "title": "x" * 257}, "title is not a text"),
        ({**GOOD, "title": "a\nb"}, "control character"),
        ({**GOOD, "requested_by": ""}, "no name"),
        ({**GOOD, "requested_by": "nobody"}, "no mail address"),
        ({**GOOD, "nonce": "$(id)"}, "nonce"),
        ({**GOOD, "allow_large": True}, "more than it may"),
        (["a"], "no event"),
        (None, "no event"),
    ],
)
def test_event_that_says_anything_else_is_refused(tmp_path: Path, payload: Any, said: str) -> None:
    """In words that name what is wrong; a program of the outside never decides on options."""
    with pytest.raises(UsageError, match=said):
        read_event(event(tmp_path, payload), MANIFEST)


def test_event_of_another_type_or_no_event_is_refused(tmp_path: Path) -> None:
    """Another type, no JSON, no file, a repository without a sheet."""
    with pytest.raises(UsageError, match="no event"):
        read_event(event(tmp_path, GOOD, "deploy"), MANIFEST)
    (tmp_path / "event.json").write_text("{")
    with pytest.raises(UsageError, match="holds no event"):
        read_event(tmp_path / "event.json", MANIFEST)
    with pytest.raises(UsageError, match="holds no event"):
        read_event(tmp_path / "none.json", MANIFEST)
    with pytest.raises(UsageError, match="not this repository's"):
        read_event(event(tmp_path, GOOD), Manifest())
