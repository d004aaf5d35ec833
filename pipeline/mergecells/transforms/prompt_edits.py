"""Edits of the table of prompts → new bytes of their files: a row is a file, its cells are front matter and text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UsageError
from mergecells.domain.findings import has_errors
from mergecells.domain.tables import AddRow, Column, DeleteRow, Edit, MoveRow, RenameRow, SetCell, TableSpec
from mergecells.transforms.prompt_source import parse_prompt_source
from mergecells.transforms.prompt_types import BODY, MAX_CELL
from mergecells.transforms.yaml_rows import set_cell
from mergecells.transforms.yaml_source import SourceTree

_KEY = re.compile(r"(?!partials/)(?:[A-Za-z0-9_-]{1,64}/){0,8}[a-z0-9][a-z0-9_-]{0,63}")


def edit_prompts(files: Mapping[str, bytes], spec: TableSpec, edits: Iterable[Edit]) -> dict[str, bytes]:
    """The prompt files that change. Every byte that no edit touches stays; a changed file is read again and compared.

    Raises UsageError for what a sheet cannot do with files: delete or rename one.
    """
    by_key: dict[str, list[Edit]] = {}
    for edit in edits:
        key = edit.key[0]
        if isinstance(edit, DeleteRow | RenameRow):
            what = "deleted" if isinstance(edit, DeleteRow) else "renamed"
            raise UsageError(
                f"The prompt {key} cannot be {what} in the workbook: it is a file.",
                f"Put the row back, and do it in git: prompts/{key}.md.",
            )
        if not isinstance(edit, MoveRow):  # files have no order
            by_key.setdefault(key, []).append(edit)
    changed = {}
    for key, own in by_key.items():
        if not _KEY.fullmatch(key):
            raise UsageError(f"{key[:80]!r} cannot be the name of a prompt.", "Use small letters, digits, - and _.")
        file = spec.file_of((key,))
        changed[file] = _edit_prompt(file, files.get(file), spec, own)
    return {file: content for file, content in changed.items() if content != files.get(file)}


def _edit_prompt(file: str, content: bytes | None, spec: TableSpec, edits: Sequence[Edit]) -> bytes:
    source = parse_prompt_source(file, content) if content is not None else None
    if source is not None and (source.document is None or has_errors(source.findings)):
        raise ConfigRejectedError(f"{file} cannot be edited: {source.findings[0]}", source.findings)
    front, body = (source.front, source.body) if source else ("", "")
    sets = [each for edit in edits for each in _sets(edit, spec, file)]
    tree = SourceTree(file, front.encode())
    named = replace(spec, columns=(Column("name", "text", ("name",)), *spec.columns))
    for each in sets:
        if each.column == BODY:
            body = _new_body(file, body, each.value)
        else:
            set_cell(tree, named, each)
    return _with_parts(file, content, front, tree.render().decode(), body)


def _sets(edit: Edit, spec: TableSpec, file: str) -> list[SetCell]:
    """A new row is a file with its name and what its cells say."""
    if isinstance(edit, SetCell):
        return [edit]
    assert isinstance(edit, AddRow)
    name = file.rpartition("/")[2].removesuffix(".md")
    stated = [(column.title, edit.cells.get(column.title)) for column in spec.columns]
    sets = [SetCell(edit.tab, edit.key, title, value) for title, value in stated if value is not None]
    return [SetCell(edit.tab, edit.key, "name", name), *sets]


def _new_body(file: str, old: str, value: object) -> str:
    """The cell's text with the file's line ends; the line break at the end stays, which no cell keeps."""
    if len(old) > MAX_CELL:
        raise UsageError(f"The text of {file} is longer than a cell holds.", "Put the cell back, and edit the file.")
    text = str(value or "").replace("\r\n", "\n")
    ends = old[len(old.rstrip("\r\n")) :] or "\n"
    newline = "\r\n" if "\r\n" in old else "\n"
    return text.rstrip("\n").replace("\n", newline) + ends


def _with_parts(file: str, content: bytes | None, old_front: str, front: str, body: str) -> bytes:
    """The file with another front matter and text, the lines around them as they were."""
    if content is None:
        result = f"---\n{front}---\n{body}".encode()
    else:
        mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
        text = content.decode("utf-8-sig")
        start = text.index("\n") + 1
        after = start + len(old_front)
        fence = text[after : text.find("\n", after) + 1] if "\n" in text[after:] else text[after:] + "\n"
        result = mark + (text[:start] + front + fence + body).encode()
    again = parse_prompt_source(file, result)
    if again.document is None or has_errors(again.findings) or again.body != body:
        reasons = "; ".join(map(str, again.findings)) or "it would read as something else"
        raise MergecellsError(f"Internal error: the edited {file} is not as expected ({reasons}). Nothing was written.")
    return result
