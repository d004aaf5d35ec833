"""What is refused before a YAML file is built: hostile or unreadable input, each with its place.

PyYAML's C composer recurses: 100,000 `[` overflow its stack and kill the process. `BoundedParser` counts the depth in
the hook that the composer calls before each node, so that it stops long before, wherever the nesting comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml._yaml import CParser

from mergecells.domain.findings import Finding

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_SCALAR_CHARACTERS = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 500_000
"""A node costs about 0.6 KB while parsing; 16 MiB of `- ` would otherwise need gigabytes."""

_MAX_REPEATED = 20
# Also line breaks that only some readers take for such: a lone carriage return, NEL, and Unicode's two separators.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)"
)
# Where an anchor, an alias or a tag may stand. Rare outside of hostile files, so that the second pass over the events
# is hardly ever needed. Not right after a quote: inside quotes it is text, and after them the parser refuses it.
_SUSPECT = re.compile(r"""(?<![^\s,\[\]{}:?-])[&*!]""")


class TooDeepError(Exception):
    """Nesting beyond MAX_DEPTH; line and column count from 1."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__()
        self.line, self.column = line, column


class TooManyNodesError(Exception):
    """More than MAX_NODES keys and values."""


class BoundedParser(CParser):
    """Composes nodes without resolving tags, bounded in depth and count. A plain scalar has the style ``."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        self.depth = 0
        self.nodes = 0

    def descend_resolver(self, parent: Any, _index: Any) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH:
            raise TooDeepError(parent.start_mark.line + 1, parent.start_mark.column + 1)
        if self.nodes > MAX_NODES:
            raise TooManyNodesError

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> None:
        return None


def decode(file: str, content: bytes) -> tuple[str, list[Finding]]:
    """The text without byte order mark, or findings: too large, not UTF-8, characters that YAML forbids."""
    if len(content) > MAX_FILE_BYTES:
        size = f"{len(content) / 1048576:.1f} MiB, more than {MAX_FILE_BYTES // 1048576} MiB"
        return "", [Finding(code="yaml.too-large", message=f"The file has {size}.", hint="Split it.", file=file)]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        message = "The file is UTF-16." if wide else f"Byte 0x{content[error.start]:02x} is not valid UTF-8."
        hint = "Save the file as UTF-8."
        return "", [Finding(code="yaml.encoding", message=message, hint=hint, file=file, line=line, column=column)]
    return text, list(_control_characters(file, text))


def _control_characters(file: str, text: str) -> Iterator[Finding]:
    for count, match in enumerate(_FORBIDDEN.finditer(text)):
        if count == _MAX_REPEATED:
            return
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        message = f"The character U+{ord(match.group()[0]):04X} is not allowed in YAML."
        hint = "Remove it, or write it as an escape in double quotes; the file may be damaged or not a text file."
        yield Finding(code="yaml.encoding", message=message, hint=hint, file=file, line=line, column=column)


def refuse_references(file: str, text: str) -> list[Finding]:
    """Anchors, aliases and tags: they make a file mean what no reviewer sees.

    Raises yaml.YAMLError on bad syntax, TooDeepError beyond MAX_DEPTH: the parser's time is quadratic in depth.
    """
    if not _SUSPECT.search(text):
        return []
    findings: list[Finding] = []
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        kind, mark = _reference_kind(event), event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if kind and len(findings) < _MAX_REPEATED:
            findings.append(_reference_finding(file, kind, line, column))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise TooDeepError(line, column)
    return findings


def _reference_kind(event: Any) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "alias"
    if getattr(event, "anchor", None):
        return "anchor"
    return "tag" if getattr(event, "tag", None) else ""


def _reference_finding(file: str, kind: str, line: int, column: int) -> Finding:
    sign = {"anchor": "&", "alias": "*", "tag": "!"}[kind]
    hint = (
        f"Put quotes around a text that starts with {sign}."
        if kind == "tag"
        else f"Write the value out; put quotes around a text that starts with {sign}."
    )
    message = f"YAML {kind} ({sign}…) is not allowed."
    return Finding(code=f"yaml.{kind}", message=message, hint=hint, file=file, line=line, column=column)
