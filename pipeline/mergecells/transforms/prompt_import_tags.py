"""Tags of Handlebars (Dotprompt) and of Humanloop's `{{name}}` → Jinja2, line by line; blocks stay balanced."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,99}"
OPEN_BRACE: Final = "\x01"
_PATH = rf"{NAME}(?:\.{NAME})?"

Note = Callable[[int, str], None]
"""(line of the source, what was left out or changed)."""

Use = Callable[[str, str], str]
"""(variable, kind) → the variable; it is one of the prompt's inputs from then on."""

_OPENING: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(rf"#if\s+({_PATH})"), "if", "{% if NAME %}"),
    (re.compile(rf"#unless\s+({_PATH})"), "unless", "{% if not NAME %}"),
    (re.compile(rf"#each\s+({NAME})"), "each", "{% for item in NAME %}"),
)
_CLOSING = {"if": "{% endif %}", "unless": "{% endif %}", "each": "{% endfor %}"}
_ELSE_IF = re.compile(rf"else\s+if\s+({_PATH})")
_PLAIN: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"this"), "", "{{ item }}"),
    (re.compile(rf"this\.({NAME})"), "", "{{ item.NAME }}"),
    (re.compile(rf"media\s+url=({NAME})"), "image", "{{ NAME }}"),
    (re.compile(rf"json\s+({NAME})"), "string", "{{ NAME|tojson }}"),
    (re.compile(rf"({NAME}\.{NAME})"), "object", "{{ NAME }}"),
    (re.compile(r"@index"), "", "{{ loop.index0 }}"),
)


class TagReader:
    """One file. A block whose opening has no counterpart loses its closing tag too; its text stays."""

    def __init__(self, note: Note, use: Use) -> None:
        self._note, self._use = note, use
        self._blocks: list[tuple[str, int, bool]] = []
        """(word, line, taken over) of each block that is open."""

    def line(self, line: str, number: int) -> str:
        pieces = re.split(r"(\{\{\{?[^{}\n]*\}?\}\}|\{%|\{#)", line)
        return "".join(self._piece(piece, number) if index % 2 else piece for index, piece in enumerate(pieces))

    def end(self) -> str:
        """What closes the blocks that the source leaves open."""
        left = [block for block in reversed(self._blocks) if block[2]]
        for word, line, _ in left:
            self._note(line, f"{{{{#{word}}}}} is never closed; it is closed at the end.")
        self._blocks.clear()
        return "".join(_CLOSING[word] for word, _, _ in left)

    def _piece(self, piece: str, number: int) -> str:
        if piece in ("{%", "{#"):
            return OPEN_BRACE + piece[1]
        inside = piece.strip("{}").strip().strip("~").strip()
        if re.fullmatch(NAME, inside) and inside not in ("else", "this"):
            return "{{ " + self._use(inside, "string") + " }}"
        for read in (self._opening, self._closing, self._otherwise, self._plain):
            found = read(inside, number)
            if found is not None:
                return found
        return self._left_out(piece, number)

    def _opening(self, inside: str, number: int) -> str | None:
        if not inside.startswith("#"):
            return None
        for pattern, word, form in _OPENING:
            if found := pattern.fullmatch(inside):
                self._blocks.append((word, number, True))
                kind = "array" if word == "each" else _kind(found[1])
                self._use(found[1].split(".")[0], kind)
                return form.replace("NAME", found[1])
        self._blocks.append((inside[1:].partition(" ")[0], number, False))
        return None

    def _closing(self, inside: str, _number: int) -> str | None:
        word = inside[1:].strip()
        if not inside.startswith("/") or not self._blocks or self._blocks[-1][0] != word:
            return None
        _, _, taken = self._blocks.pop()
        return _CLOSING[word] if taken else None

    def _otherwise(self, inside: str, _number: int) -> str | None:
        if not self._blocks or not self._blocks[-1][2]:
            return None
        if inside == "else":
            return "{% else %}"
        found = _ELSE_IF.fullmatch(inside)
        if found is None or self._blocks[-1][0] != "if":
            return None
        self._use(found[1].split(".")[0], _kind(found[1]))
        return "{% elif " + found[1] + " %}"

    def _plain(self, inside: str, _number: int) -> str | None:
        for pattern, kind, form in _PLAIN:
            if found := pattern.fullmatch(inside):
                if kind:
                    self._use(found[1].split(".")[0], kind)
                return form.replace("NAME", found[1] if found.groups() else "")
        return None

    def _left_out(self, piece: str, number: int) -> str:
        self._note(number, f"{piece} has no counterpart; it is left out.")
        return ""


def _kind(path: str) -> str:
    return "object" if "." in path else "string"
