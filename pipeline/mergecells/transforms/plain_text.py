"""Characters that no provider takes, and those that no name may have which becomes a key, a column or a header."""

from __future__ import annotations

import re

_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def unsendable(text: str) -> str:
    """The first character that cannot be sent, as `U+D800`: U+0000, or half of a surrogate pair, which JSON can hold
    and UTF-8 cannot. Empty without one."""
    found = _UNSENDABLE.search(text) if "\x00" in text or not text.isascii() else None
    return f"U+{ord(found[0]):04X}" if found else ""


def writable(text: str) -> str:
    """The text as files, terminals and databases take it: pairs of surrogates joined, and U+FFFD in the place of a half
    that stands alone and of U+0000."""
    if not unsendable(text):
        return text
    return text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_one_line(text: str, most: int) -> bool:
    """Whether a name has at most `most` characters, and no control character, line end or half of a pair."""
    return len(text) <= most and (text.isprintable() or not _CONTROL.search(text))
