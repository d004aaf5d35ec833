"""Pull requests are told from the messages that hosts give to their merges."""

from __future__ import annotations

import pytest

from mergecells.transforms.pull_of_commit import pull_of


@pytest.mark.parametrize(
    ("subject", "inner", "number", "title", "author"),
    [
        ("Merge pull request #7 from acme/longer", ("Ada", "Ask for longer hooks"), 7, "Ask for longer hooks", "Ada"),
        ("Merge pull request #12: Older firms", ("Ada", "Older firms"), 12, "Older firms", "Ada"),
        ("Ask for longer hooks (#9)", (), 9, "Ask for longer hooks", "Bob"),
        ("Fix the tier (see #3) at last", (), 0, "Fix the tier (see #3) at last", "Bob"),
        ("Merge branch 'main' of x", ("Ada", "y"), 0, "Merge branch 'main' of x", "Bob"),
        ("Merge pull request #0 from a/b", ("Ada", "y"), 0, "Merge pull request #0 from a/b", "Bob"),
    ],
)
def test_pull_of_commit_by_its_message(
    subject: str, inner: tuple[str, ...], number: int, title: str, author: str
) -> None:
    """GitHub's merge and squash, the local host's merge, and what only looks like one."""
    found = pull_of(subject, "Bob", "2026-11-27", *inner)
    assert (found.number, found.title, found.author) == (number, title, author)
