"""From YAML text to nodes to a Document: plain values with the position of every key and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.yaml_guard import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_SCALAR_CHARACTERS,
    BoundedParser,
    TooDeepError,
    TooManyNodesError,
    decode,
    refuse_references,
)
from mergecells.transforms.yaml_scalars import AmbiguousScalarError, PlainValue, read_plain
from mergecells.transforms.yaml_syntax import syntax_finding

MAX_FINDINGS = 1_000
"""More of one file help nobody, and a hostile file has a million."""


def compose(text: str) -> yaml.Node | None:
    """The root node, None for an empty text. Raises yaml.YAMLError, TooDeepError, TooManyNodesError."""
    parser = BoundedParser(text)
    try:
        node: yaml.Node | None = parser.get_single_node()
        return node
    finally:
        parser.dispose()


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A file as text, nodes and document; without findings the document is there (its node is None when empty)."""

    text: str
    node: yaml.Node | None
    document: Document | None
    findings: list[Finding]


def parse_yaml(file: str, content: bytes) -> tuple[Document | None, list[Finding]]:
    """One YAML file as plain values (dict, list, text, number, boolean, None) with positions.

    The document is None when nothing could be built; with findings beside a document, what they name is left out
    (a duplicate key) or kept as its text (an ambiguous scalar).
    """
    parsed = parse_source(file, content)
    return parsed.document, parsed.findings


def parse_source(file: str, content: bytes) -> ParsedSource:
    """Like `parse_yaml`, with the text (no byte order mark) and the nodes, for those who edit it."""
    text, findings = decode(file, content)
    if findings:
        return ParsedSource(text, None, None, findings)
    with paused_collector():
        node, findings = _compose_checked(file, text)
        if findings:
            return ParsedSource(text, None, None, findings)
        builder = _Builder(file)
        value = builder.build(node, ()) if node is not None else None
        document = Document(file, value, builder.value_positions, builder.key_positions)
        return ParsedSource(text, node, document, builder.findings)


def _compose_checked(file: str, text: str) -> tuple[yaml.Node | None, list[Finding]]:
    try:
        findings = refuse_references(file, text)
        return (None, findings) if findings else (compose(text), [])
    except yaml.MarkedYAMLError as error:
        return None, [syntax_finding(file, text, error)]
    except yaml.YAMLError as error:
        return None, [Finding(code="yaml.syntax", message=f"Not YAML: {error}.", file=file)]
    except TooDeepError as error:
        message = f"More than {MAX_DEPTH} levels of nesting."
        finding = Finding(code="yaml.too-deep", message=message, file=file, line=error.line, column=error.column)
        return None, [finding]
    except TooManyNodesError:
        return None, [Finding(code="yaml.too-large", message=f"More than {MAX_NODES:,} values.", file=file)]


class _Builder:
    """Walks nodes once. Depth is bounded by BoundedParser, so recursion is safe."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.value_positions: dict[DocumentPath, tuple[int, int]] = {}
        self.key_positions: dict[DocumentPath, tuple[int, int]] = {}
        self.findings: list[Finding] = []

    def build(self, node: Any, path: DocumentPath) -> Any:
        mark = node.start_mark
        self.value_positions[path] = (mark.line + 1, mark.column + 1)
        kind = node.id
        if kind == "scalar":
            return self.scalar(node)
        if kind == "mapping":
            return self.mapping(node, path)
        build = self.build
        return [build(item, (*path, index)) for index, item in enumerate(node.value)]

    def mapping(self, node: Any, path: DocumentPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        build, key_positions = self.build, self.key_positions
        for key_node, value_node in node.value:
            key = self.key(key_node)
            if key is None:
                continue
            child = (*path, key)
            if key in result:
                self.duplicate(key, key_node, child)
                continue
            mark = key_node.start_mark
            key_positions[child] = (mark.line + 1, mark.column + 1)
            result[key] = build(value_node, child)
        return result

    def key(self, node: Any) -> str | None:
        if node.id != "scalar":
            self.refuse(node, "yaml.key", "A key must be a text.", "Give it a name.")
            return None
        text: str = node.value
        if node.style:
            return text
        if text == "<<":
            self.refuse(node, "yaml.merge-key", "The merge key << is not allowed.", "Write the values out.")
            return None
        value = self.scalar(node)
        if isinstance(value, str):
            return value
        shown = text or "(empty)"
        self.refuse(node, "yaml.key", f"The key {shown} is not a text.", f'Put it in quotes: "{text}".')
        return text

    def scalar(self, node: Any) -> PlainValue:
        text: str = node.value
        if len(text) > MAX_SCALAR_CHARACTERS:
            limit = f"{MAX_SCALAR_CHARACTERS:,}"
            self.refuse(node, "yaml.too-large", f"A value of {len(text):,} characters; at most {limit} are allowed.")
            return ""
        if node.style:
            return text
        try:
            return read_plain(text)
        except AmbiguousScalarError as error:
            self.refuse(node, "yaml.ambiguous", f"Ambiguous value: {error}.", "Put quotes around it if it is a text.")
            return text

    def duplicate(self, key: str, node: Any, path: DocumentPath) -> None:
        line = self.key_positions[path][0]
        message = f"The key {key!r} is there twice; the first is in line {line}."
        self.refuse(node, "yaml.duplicate-key", message, "Rename or delete one of them.")

    def refuse(self, node: Any, code: str, message: str, hint: str = "") -> None:
        if len(self.findings) >= MAX_FINDINGS:
            return
        mark = node.start_mark
        self.findings.append(
            Finding(code=code, message=message, hint=hint, file=self.file, line=mark.line + 1, column=mark.column + 1)
        )
