"""Who did something, as git writes it: a name and a mail address."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mergecells.domain.errors import UsageError

_FORM = re.compile(r"(?P<name>[^<>]*)<(?P<mail>[^<>]*)>")
_MAIL = re.compile(r"[^@]+@[^@]+")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """An author, approver or committer. Made by `parse_identity`, so that git can store it as it is."""

    name: str
    mail: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"


def parse_identity(text: str) -> Identity:
    """`NAME <MAIL>` → Identity. Raises UsageError: git would drop or reorder what is refused here."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{_shown(text)} is not of the form NAME <MAIL>.", 'For example: "Ada Lovelace <ada@x.org>".')
    name, mail = match["name"].strip(), match["mail"].strip()
    if len(text) > _LONGEST or any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in text):
        raise UsageError("The author is too long or holds control characters.", 'Give "NAME <MAIL>" in plain text.')
    # git strips these from both ends of a name and refuses a name made of nothing else.
    if not name.strip(" .,:;\"'\\"):
        raise UsageError(f"{_shown(text)} has no name.", 'For example: "Ada Lovelace <ada@x.org>".')
    if not _MAIL.fullmatch(mail) or any(character.isspace() for character in mail):
        raise UsageError(f"{_shown(text)} has no mail address.", 'For example: "Ada Lovelace <ada@x.org>".')
    return Identity(name, mail)


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else text[:77] + "...")
