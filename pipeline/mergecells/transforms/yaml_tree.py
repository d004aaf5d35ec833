"""YAML source as a tree of pieces that joins to the very same bytes, opened only where an edit goes.

Every piece keeps its text: comments, blank lines, quotes, spaces. An edit changes pieces; all others survive byte for
byte by construction. `value()` says what the text must read as, so that the result can be proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(slots=True)
class Raw:
    """Source that was not opened: a scalar, or a collection that no edit touches. `plain` is its value."""

    source: str
    plain: Any
    node: Any = None
    start: int = 0
    end: int = 0

    def text(self) -> str:
        return self.source

    def value(self) -> Any:
        return self.plain


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, or an item of a sequence (then `key` and `mid` are empty and `name` is the item's key).

    In a block: `gap` holds lines above that belong to nobody (blank lines, comments set apart), `lead` the comment
    directly above, `indent` what stands before the key, `mid` from the key to the value, `tail` the rest of the line
    and comments indented deeper. In a flow: `gap` is what follows the comma before, `tail` what precedes the next.
    """

    name: str
    key: str
    mid: str
    content: Value
    gap: str = ""
    lead: str = ""
    indent: str = ""
    tail: str = ""

    def text(self) -> str:
        return f"{self.gap}{self.lead}{self.indent}{self.key}{self.mid}{self.content.text()}{self.tail}"


@dataclass(slots=True, eq=False)
class Collection:
    """A mapping or a sequence. `head` and `rest` are what stands before the first and after the last entry:
    comments in a block, the brackets with their spaces in a flow. `column` is where a block's keys stand, from 0."""

    entries: list[Entry]
    is_mapping: bool
    is_flow: bool
    head: str = ""
    rest: str = ""
    column: int = 0
    trailing_comma: bool = False
    _names: dict[str, Entry] = field(default_factory=dict)
    _indexed: bool = False

    def text(self) -> str:
        joint = "," if self.is_flow else ""
        comma = "," if self.trailing_comma and self.entries else ""
        return self.head + joint.join([entry.text() for entry in self.entries]) + comma + self.rest

    def value(self) -> Any:
        if self.is_mapping:
            return {entry.name: entry.content.value() for entry in self.entries}
        return [entry.content.value() for entry in self.entries]

    def find(self, name: str) -> Entry | None:
        """The first entry of that name; one look-up, however many entries there are."""
        if not self._indexed:
            self._names = {entry.name: entry for entry in reversed(self.entries)}
            self._indexed = True
        return self._names.get(name)

    def changed(self) -> None:
        """To be called after `entries` or a name in it changed."""
        self._indexed = False

    def appended(self, entry: Entry) -> None:
        """Keeps the index after an insertion, so that many insertions stay linear."""
        if self._indexed:
            self._names.setdefault(entry.name, entry)


Value: TypeAlias = Raw | Collection
