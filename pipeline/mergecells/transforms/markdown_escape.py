"""Text from cells, made harmless for a pull request and for a terminal.

A cell may hold anything: markup, `@mentions`, links, `#1`, table borders, line breaks, right-to-left overrides. As
markdown it becomes a code span, in which none of these act (GitHub Flavored Markdown spec, section 6.3).
"""

from __future__ import annotations

import re
import unicodedata

_RUN_OF_BACKTICKS = re.compile("`+")
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int | None = None) -> str:
    """One line in which every character shows: controls, line breaks and invisible characters are spelled `\\u202e`.

    Past `limit` characters the rest is counted instead of shown.
    """
    left_out = len(text) - limit if limit is not None else 0
    kept = text[:limit] if left_out > 0 else text
    shown = "".join(_spell(char) for char in kept)
    return f"{shown}… ({left_out:,} more characters)" if left_out > 0 else shown


def _spell(char: str) -> str:
    if char in _SPELLED:
        return _SPELLED[char]
    # A blank that is not the plain one looks like it and is not: U+00A0 and its like are worth seeing.
    if char != " " and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}:
        code = ord(char)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return char


def code_span(text: str, limit: int | None = 200) -> str:
    """`text` as an inline code span that nothing in it can end; *blank* for no text."""
    return _span(visible(text, limit))


def table_code_span(text: str, limit: int | None = 200) -> str:
    """A code span for a table, where a bare `|` would begin the next cell."""
    # Behind a backslash `\|` would end the cell after all, so that rare bar is spelled instead.
    return _span(visible(text, limit).replace("\\|", "\\u007c").replace("|", "\\|"))


def _span(text: str) -> str:
    if not text:
        return "*blank*"
    longest = max((len(run) for run in _RUN_OF_BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    # A blank at both ends is stripped by the reader (unless all is blank), and a backtick at an end must stand apart.
    padded = f" {text} " if longest or (text.strip(" ") and " " in (text[0], text[-1])) else text
    return f"{fence}{padded}{fence}"
