"""Opens a stretch of YAML source into the pieces of `yaml_tree`, one level at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mergecells.domain.errors import MergecellsError
from mergecells.transforms.tables import item_key
from mergecells.transforms.yaml_tree import Collection, Entry, Raw

_COLON = re.compile(r"\s*:")


def open_collection(text: str, raw: Raw) -> Collection:
    """The entries of a mapping or sequence whose source is `text[raw.start:raw.end]`; nested ones stay Raw.

    `text` must end with a line break. Raises MergecellsError for the rare styles that cannot be edited in place.
    """
    if raw.node.flow_style:
        return _open_flow(text, raw)
    return _open_block(text, raw)


def is_collection(raw: Raw) -> bool:
    return raw.node is not None and raw.node.id != "scalar"


def _pairs(raw: Raw) -> Sequence[tuple[Any, Any, str, Any]]:
    """(key node or None, value node, name, plain value) of each entry."""
    if raw.node.id == "mapping":
        return [(key, node, key.value, raw.plain[key.value]) for key, node in raw.node.value]
    return [
        (None, node, item_key(_scalar(plain)), plain) for node, plain in zip(raw.node.value, raw.plain, strict=True)
    ]


def _scalar(plain: Any) -> Any:
    return None if isinstance(plain, dict | list) else plain


def _open_block(text: str, raw: Raw) -> Collection:
    pairs = _pairs(raw)
    column = raw.node.start_mark.column
    begins = [_entry_begin(text, raw.start, key, node) for key, node, _, _ in pairs]
    lines = [text.rfind("\n", 0, begin) + 1 for begin in begins]
    result = Collection([], raw.node.id == "mapping", False, column=column)
    position = raw.start
    for index, (key, node, name, plain) in enumerate(pairs):
        gap, lead = _split_trivia(text[position : lines[index]], column)
        limit = lines[index + 1] if index + 1 < len(pairs) else raw.end
        if index == 0:
            at_top = raw.start == 0
            result.head, gap, lead = (gap + lead, "", "") if at_top else (gap, "", lead)
        entry = Entry(name, "", "", Raw("", None), gap, lead, text[lines[index] : begins[index]])
        position = _fill_entry(text, entry, (key, node, plain), (begins[index], column, limit))
        result.entries.append(entry)
    result.rest = text[position : raw.end]
    return result


def _entry_begin(text: str, start: int, key: Any, node: Any) -> int:
    """Where a key stands; for an item of a sequence, the place right after its dash and blank."""
    if key is not None:
        return int(key.start_mark.index)
    return text.rfind("-", start, node.start_mark.index) + 1


def _fill_entry(text: str, entry: Entry, parts: tuple[Any, Any, Any], place: tuple[int, int, int]) -> int:
    """Cuts key, middle, value and tail out of the text; returns where the entry ends."""
    key, node, plain = parts
    begin, column, limit = place
    key_end = key.end_mark.index if key is not None else begin
    entry.key = text[begin:key_end]
    if node.id != "scalar" and not node.flow_style:
        start = text.find("\n", key_end) + 1
        if node.start_mark.index < start:
            line = node.start_mark.line + 1
            raise MergecellsError(
                f"The YAML style in line {line} cannot be edited.", "Begin the value on its own line."
            )
        end = _with_deeper_comments(text, _line_end(text, content_end(text, node)), column, limit)
        entry.mid, entry.content = text[key_end:start], Raw(text[start:end], plain, node, start, end)
        return end
    start, end = _token(text, key, key_end, node)
    finish = _with_deeper_comments(text, _line_end(text, end), column, limit)
    entry.mid, entry.content = text[key_end:start], Raw(text[start:end], plain, node, start, end)
    entry.tail = text[end:finish]
    return finish


def _token(text: str, key: Any, key_end: int, node: Any) -> tuple[int, int]:
    """Start and end of a scalar or flow; an empty value stands right after its colon (or dash)."""
    if node.id == "scalar" and not node.style and not node.value:
        colon = _COLON.match(text, key_end) if key is not None else None
        after = colon.end() if colon else key_end
        return after, after
    return node.start_mark.index, content_end(text, node)


def content_end(text: str, node: Any) -> int:
    """Where the last character of a node stands, without blanks and comments after it."""
    while node.id != "scalar" and not node.flow_style:
        last = node.value[-1]
        key, node = last if isinstance(last, tuple) else (None, last)
        if key is not None and node.id == "scalar" and not node.style and not node.value:
            return int(key.end_mark.index)
    if node.id == "scalar" and node.style in ("|", ">"):
        source = text[node.start_mark.index : node.end_mark.index]
        header = source.split("\n", 1)[0].split("#", 1)[0]
        if "+" in header:
            return int(node.end_mark.index)
        kept = source.rstrip(" \r\n")
        return int(text.find("\n", node.start_mark.index + len(kept))) + 1
    return int(node.end_mark.index)


def _line_end(text: str, position: int) -> int:
    """The start of the next line; a block scalar has ended there already."""
    if position and text[position - 1] == "\n":
        return position
    return text.find("\n", position) + 1


def _with_deeper_comments(text: str, position: int, column: int, limit: int) -> int:
    """Comments below an entry that are indented deeper than its key belong to it."""
    end = position
    while position < limit:
        line_end = text.find("\n", position) + 1
        line = text[position:line_end]
        content = line.lstrip(" ")
        if content.strip():
            if content[0] != "#" or len(line) - len(content) <= column:
                break
            end = line_end
        position = line_end
    return end


def _split_trivia(trivia: str, column: int) -> tuple[str, str]:
    """Lines between two entries: (set apart, comment directly above the next entry in its column)."""
    lines = trivia.splitlines(keepends=True)
    first = len(lines)
    while first and lines[first - 1].startswith(" " * column + "#"):
        first -= 1
    return "".join(lines[:first]), "".join(lines[first:])


def _open_flow(text: str, raw: Raw) -> Collection:
    result = Collection([], raw.node.id == "mapping", True, head=text[raw.start], rest=text[raw.start + 1 : raw.end])
    position = raw.start + 1
    for key, node, name, plain in _pairs(raw):
        if result.entries:
            comma = _find_comma(text, position, raw.end)
            result.entries[-1].tail = text[position:comma]
            position = comma + 1
        begin = (key or node).start_mark.index
        key_end = key.end_mark.index if key is not None else begin
        start, end = _token(text, key, key_end, node)
        content = Raw(text[start:end], plain, node, start, end)
        result.entries.append(Entry(name, text[begin:key_end], text[key_end:start], content, text[position:begin]))
        position = end
    if result.entries:
        comma = _find_comma(text, position, raw.end)
        result.trailing_comma = comma >= 0
        if comma >= 0:
            result.entries[-1].tail = text[position:comma]
            position = comma + 1
        result.rest = text[position : raw.end]
    return result


def _find_comma(text: str, position: int, end: int) -> int:
    """The next comma that is not in a comment, -1 without one."""
    while position < end:
        character = text[position]
        if character == ",":
            return position
        if character == "#":
            position = text.find("\n", position)
        position += 1
    return -1
