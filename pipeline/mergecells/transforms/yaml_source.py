"""One YAML file while it is edited: opened on demand, rendered to bytes, proven against what it must read as."""

from __future__ import annotations

from typing import Any

from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.findings import has_errors
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.yaml_nodes import parse_source, parse_yaml
from mergecells.transforms.yaml_open import is_collection, open_collection
from mergecells.transforms.yaml_tree import Collection, Entry, Raw

DEFAULT_STEP = 2


class SourceTree:
    """The tree of one file. `content` None stands for a file that does not exist yet.

    Raises ConfigRejectedError when the file does not parse: what cannot be read cannot be edited safely.
    """

    def __init__(self, file: str, content: bytes | None) -> None:
        self.file = file
        self.content = content or b""
        parsed = parse_source(file, self.content)
        if has_errors(parsed.findings):
            raise ConfigRejectedError(f"{file} cannot be edited: {parsed.findings[0]}", parsed.findings)
        text = parsed.text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.cut_end = bool(text) and not text.endswith("\n")
        self.text = text + self.newline if self.cut_end else text
        self.root = self._open_root(parsed.node, parsed.document.value if parsed.document else None)
        self.step = self._guess_step(parsed.node)

    def _open_root(self, node: Any, plain: Any) -> Collection:
        if plain is None:
            return Collection([], True, False, head=self.text)
        if not isinstance(plain, dict):
            raise MergecellsError(f"{self.file} cannot be edited: its top level is not a mapping.")
        if node.flow_style:
            raw = Raw("", plain, node, node.start_mark.index, node.end_mark.index)
            root = open_collection(self.text, raw)
            root.head = self.text[: raw.start] + root.head
            root.rest += self.text[raw.end :]
            return root
        return open_collection(self.text, Raw(self.text, plain, node, 0, len(self.text)))

    @staticmethod
    def _guess_step(node: Any) -> int:
        """How far the file indents: the column of the first block mapping below the top."""
        if node is not None and node.id == "mapping":
            for _, child in node.value:
                if child.id == "mapping" and not child.flow_style and child.start_mark.column > 0:
                    return int(child.start_mark.column)
        return DEFAULT_STEP

    def inside(self, entry: Entry) -> Collection | None:
        """The collection that an entry holds, opened; None for a scalar."""
        content = entry.content
        if isinstance(content, Raw) and is_collection(content):
            entry.content = content = open_collection(self.text, content)
        return content if isinstance(content, Collection) else None

    def peek(self, entry: Entry) -> Collection | None:
        """Like `inside`, for looking only: an untouched entry stays unopened."""
        content = entry.content
        if isinstance(content, Raw):
            return open_collection(self.text, content) if is_collection(content) else None
        return content

    def render(self) -> bytes:
        """The file's new bytes. Raises MergecellsError, and writes nothing wrong, if they would not read back."""
        text = self.root.text()
        if self.cut_end:
            text = text.removesuffix(self.newline)
        mark = b"\xef\xbb\xbf" if self.content.startswith(b"\xef\xbb\xbf") else b""
        result = mark + text.encode()
        if result != self.content:
            self._prove(result)
        return result

    def _prove(self, result: bytes) -> None:
        with paused_collector():
            document, findings = parse_yaml(self.file, result)
        if document is None or has_errors(findings) or not _equal(document.value or {}, self.root.value()):
            reasons = "; ".join(str(finding) for finding in findings) or "it would read as something else"
            raise MergecellsError(
                f"Internal error: the edited {self.file} is not as expected ({reasons}). Nothing was written.",
                "Please report this with the file and the edit.",
            )


def _equal(one: Any, other: Any) -> bool:
    """Same values, same types (but 3 is 3.0), same order of keys."""
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(_equal(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, bool | str) or isinstance(other, bool | str):
        return type(one) is type(other) and one == other
    return bool(one == other)
