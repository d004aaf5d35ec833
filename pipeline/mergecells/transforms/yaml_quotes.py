"""A value as YAML source: in the style of the text it replaces, quoted wherever a reader could see something else."""

from __future__ import annotations

import re

from mergecells.domain.tables import TableValue
from mergecells.transforms.yaml_scalars import may_stay_plain

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BLOCK_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)([ \t]*(?:#[^\n]*)?)\r?\n")


def number_text(value: float) -> str:
    """The shortest text that every reader takes for this number: 0.3, 10, 1.0e-07."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else _with_fraction(repr(float(value)))
    return _with_fraction(repr(value))


def _with_fraction(text: str) -> str:
    """YAML 1.1 needs a point before the exponent and a sign in it: `1e-07` would be a text there."""
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text
    mantissa = mantissa if "." in mantissa else mantissa + ".0"
    return f"{mantissa}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def scalar_text(
    value: TableValue, like: str = "", *, in_flow: bool = False, indent: int = 0, newline: str = "\n"
) -> str:
    """Source of `value`. `like` is the source it replaces or resembles: its quotes, or its block style, are kept
    where the value allows. `indent` is the column of a block scalar's text, `newline` the file's line ending."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if like[:1] in ("|", ">") and not in_flow:
        block = _block_text(value, like, indent, newline)
        if block:
            return block
    return quoted_text(value, like[:1], in_flow=in_flow)


def quoted_text(text: str, quote: str = "", *, in_flow: bool = False) -> str:
    """A text on one line: with the given quote where possible, without quotes where that is safe."""
    # What a reviewer cannot see (a no-break space, a line break) is written as an escape, in double quotes.
    single_works = text.isprintable()
    if quote == "'" and single_works:
        return "'" + text.replace("'", "''") + "'"
    if quote != '"':
        if may_stay_plain(text, in_flow):
            return text
        if single_works and ('"' in text or "\\" in text):
            return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _block_text(text: str, like: str, indent: int, newline: str) -> str | None:
    """A `|` or `>` scalar under the header of `like`, None when its text cannot be held that way."""
    header = _BLOCK_HEADER.match(like)
    body = text.rstrip("\n")
    lines = body.split("\n")
    if not header or header[3] or not body or any(not _block_line(line) for line in lines):
        return None
    ending = len(text) - len(body)
    if ending > 1:
        return None
    style, comment = header[1], header[5]
    if style == ">":
        lines = body.replace("\n", "\n\n").split("\n")
    chomp = "" if ending else "-"
    source = [f"{style}{chomp}{comment}", *(" " * indent + line if line else "" for line in lines)]
    return newline.join(source) + newline


def _block_line(line: str) -> bool:
    """Leading blanks would count as indentation, trailing ones are invisible, others must be printable."""
    return line == line.strip() and (not line or line.replace("\u00a0", " ").isprintable())
