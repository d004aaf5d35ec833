"""How the text of a cell becomes a value of its field's type. A text is never guessed at: `1,234` in a number field
stays a text, and scoring names it in its issues.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mergecells.domain.scoring import FieldType

NUMBER_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = re.compile(NUMBER_PATTERN + r"\Z", re.ASCII)
_LIKE_AN_ID = re.compile(r"[+-]?0\d", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_untyped(text: str) -> Any:
    """For rules without fields: a number where it can be nothing else, so that `007` stays what it is."""
    return text or None if _LIKE_AN_ID.match(text) else read_number(text)


def read_text(text: str) -> Any:
    return text or None


def read_number(text: str) -> Any:
    """A number as programs write it; any other text stays a text."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.match(stripped) else (text if stripped else None)


def read_boolean(text: str) -> Any:
    """TRUE and FALSE, yes and no, 1 and 0, in any case; any other text stays a text."""
    stripped = text.strip()
    return _BOOLEANS.get(stripped.lower(), text) if stripped else None


def read_date(text: str) -> Any:
    """Dates stay text; scoring reads `2024-02-29`."""
    return text.strip() or None


TEXT_READERS: Mapping[FieldType, Callable[[str], Any]] = {
    "text": read_text,
    "number": read_number,
    "boolean": read_boolean,
    "date": read_date,
}
