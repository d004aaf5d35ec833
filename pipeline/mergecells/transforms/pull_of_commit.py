"""Which pull request a commit of the branch is, from the message that hosts give to merges."""

from __future__ import annotations

import re

from mergecells.domain.reports import PullRef

_MERGE = re.compile(r"Merge pull request #([1-9][0-9]{0,8})(?:: (.*)| from .*)?\Z")
_SQUASH = re.compile(r"(.*?) ?\(#([1-9][0-9]{0,8})\)\Z")


def pull_of(subject: str, author: str, at: str, merged_author: str = "", merged_subject: str = "") -> PullRef:
    """From a commit's own subject and author, and those of what it merged where it is a merge.

    GitHub's merges say `Merge pull request #7 from …`, its squashes `Title (#7)`, the local host's
    `Merge pull request #7: Title`. Anything else is told by its subject, without a number.
    """
    merge = _MERGE.fullmatch(subject)
    if merge:
        title = merge[2] or merged_subject or subject
        return PullRef(int(merge[1]), title, merged_author or author, author if merged_author else "", at=at)
    squash = _SQUASH.fullmatch(subject)
    if squash:
        return PullRef(int(squash[2]), squash[1], author, at=at)
    return PullRef(0, subject, author, at=at)
