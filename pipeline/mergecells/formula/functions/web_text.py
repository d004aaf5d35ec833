"""Texts for addresses of the web. Nothing is fetched."""

from __future__ import annotations

from urllib.parse import quote

from mergecells.formula.registry import function
from mergecells.formula.values import MAX_TEXT, VALUE, Fault


@function("ENCODEURL(text)", "t", "t", "text", "With all but letters, digits, - _ . and ~ written as %20 and the like.")
def _encodeurl(text: str) -> str:
    encoded = quote(text, safe="", errors="replace")
    if len(encoded) > MAX_TEXT:
        raise Fault(VALUE)
    return encoded
