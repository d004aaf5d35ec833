"""New entries in the style of their siblings, and old ones taken out with what belongs to them."""

from __future__ import annotations

from typing import Any

from mergecells.domain.tables import TableValue
from mergecells.transforms.yaml_quotes import quoted_text, scalar_text
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw


def key_like(name: str, like: str, *, in_flow: bool) -> str:
    """A key's source with the quotes of another key."""
    return quoted_text(name, like[:1] if like[:1] in ("'", '"') else "", in_flow=in_flow)


def new_entry(tree: SourceTree, parent: Collection, name: str, content: Raw | Collection) -> Entry:
    """An entry that fits into `parent`, not yet in it."""
    like = parent.entries[0] if parent.entries else None
    key = key_like(name, like.key if like else "", in_flow=parent.is_flow) if parent.is_mapping else ""
    mid = ": " if parent.is_mapping else "" if parent.is_flow else " "
    entry = Entry(name, key, mid, content)
    if not parent.is_flow:
        entry.indent = " " * parent.column + ("" if parent.is_mapping else "-")
        entry.tail = "" if content.text().endswith("\n") else tree.newline
    return entry


def insert_entry(tree: SourceTree, parent: Collection, entry: Entry, index: int, spacing: str | None = None) -> None:
    """Puts an entry at its place, with the spacing that its new siblings have."""
    spacing = spacing_between(tree, parent) if spacing is None else spacing
    if index == 0:
        entry.gap = parent.entries[0].gap if parent.entries and parent.is_flow else ""
        if parent.entries:
            parent.entries[0].gap = spacing + ("" if parent.is_flow else parent.entries[0].gap)
    else:
        entry.gap = spacing
        if parent.is_flow and "#" in parent.entries[index - 1].tail:
            entry.gap = tree.newline + " "
    parent.entries.insert(index, entry)
    parent.appended(entry)


def spacing_between(tree: SourceTree, parent: Collection) -> str:
    """What stands between siblings: in a flow a blank or line break, in a block a blank line or nothing."""
    later = parent.entries[1:]
    if parent.is_flow:
        gap = later[0].gap if later else " "
        return _without_comment(tree, gap)
    return tree.newline if later and all(not entry.gap.strip() and entry.gap for entry in later) else ""


def _without_comment(tree: SourceTree, gap: str) -> str:
    """The line break and blanks before a sibling, without the comment that follows the comma before it."""
    return tree.newline + gap.rpartition("\n")[2] if "#" in gap else gap


def take_out(parent: Collection, entry: Entry, *, keep_lead: bool = False) -> None:
    """Removes an entry with its comment; comments set apart stay where they are."""
    index = next(place for place, other in enumerate(parent.entries) if other is entry)
    following = parent.entries[index + 1] if index + 1 < len(parent.entries) else None
    del parent.entries[index]
    parent.changed()
    if parent.is_flow:
        _close_flow_gap(parent, entry, following, index)
        return
    stays = (entry.gap if entry.gap.strip() else "") + (entry.lead if keep_lead else "")
    if following is None:
        parent.rest = stays + parent.rest
    elif index == 0 and not stays and not following.gap.strip():
        following.gap = ""
    else:
        following.gap = stays + following.gap


def _close_flow_gap(parent: Collection, entry: Entry, following: Entry | None, index: int) -> None:
    comment = entry.gap.rpartition("\n")[0] if "#" in entry.gap else ""
    if following is not None:
        following.gap = comment + (entry.gap if index == 0 and not comment else following.gap)
    elif comment:
        parent.rest = comment + (parent.rest if parent.rest.startswith(("\n", "\r")) else "\n" + parent.rest)
    if not parent.entries:
        parent.trailing_comma = False
        parent.rest = parent.rest.lstrip(" ")


def as_block(tree: SourceTree, parent: Collection, entry: Entry, *, is_mapping: bool) -> Collection:
    """Turns an entry without content (`factors:`, `factors: {}`, null) into an empty block that can take entries."""
    if parent.is_flow:
        brackets = ("{", "}") if is_mapping else ("[", "]")
        flow = Collection([], is_mapping, True, head=brackets[0], rest=brackets[1])
        entry.mid, entry.content = ": ", flow
        return flow
    step = _step_below(tree, parent)
    column = parent.column + step if is_mapping else _sequence_column(tree, parent, step)
    line, _, below = entry.tail.partition("\n")
    entry.mid, entry.tail = f":{line}\n", ""
    entry.content = block = Collection([], is_mapping, False, head=below, column=column)
    return block


def _step_below(tree: SourceTree, parent: Collection) -> int:
    for entry in parent.entries:
        inner = tree.peek(entry)
        if inner is not None and not inner.is_flow and inner.is_mapping and inner.column > parent.column:
            return inner.column - parent.column
    return tree.step


def _sequence_column(tree: SourceTree, parent: Collection, step: int) -> int:
    for entry in parent.entries:
        inner = tree.peek(entry)
        if inner is not None and not inner.is_flow and not inner.is_mapping:
            return inner.column
    return parent.column + step


def empty_like(like: Collection | None) -> Collection:
    """An empty flow mapping with the brackets and blanks of another one."""
    gap = like.entries[0].gap if like is not None and like.is_flow and like.entries else ""
    rest = like.rest if like is not None and like.is_flow and like.entries else "}"
    return Collection([], True, True, head="{", rest="}" if "#" in gap or "#" in rest else rest)


def set_scalar(tree: SourceTree, parent: Collection, entry: Entry, value: TableValue, like: str = "") -> None:
    """Replaces an entry's value; only its token changes, in its old quotes or those of `like`."""
    old = entry.content.text() if isinstance(entry.content, Raw) else ""
    was_block = old.endswith("\n")
    indent = _block_indent(old) if was_block else 0
    source = scalar_text(
        value, old or like if not was_block else old, in_flow=parent.is_flow, indent=indent, newline=tree.newline
    )
    if parent.is_mapping and not old:
        entry.mid = entry.mid.rstrip(" ") + " " if ":" in entry.mid else ": "
    if was_block and not source.endswith("\n"):
        entry.tail = tree.newline + entry.tail
    entry.content = Raw(source, value)


def _block_indent(source: str) -> int:
    lines = [line for line in source.split("\n")[1:] if line.strip()]
    return len(lines[0]) - len(lines[0].lstrip(" ")) if lines else DEFAULT_BLOCK_INDENT


DEFAULT_BLOCK_INDENT = 2


def flow_text(value: Any) -> str:
    """Any plain value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted_text(k, in_flow=True)}: {flow_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
    return scalar_text(value, in_flow=True)
