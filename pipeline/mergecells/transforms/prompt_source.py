"""Markdown with YAML front matter → its two parts, with the positions that they have in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.transforms.yaml_guard import decode
from mergecells.transforms.yaml_nodes import parse_yaml

_FENCE = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PromptSource:
    """`front` is the YAML between the fences as it stands, `body` what follows; `body_line` counts from 1.

    `document` is None when the front matter could not be read, which the findings then say.
    """

    front: str
    body: str
    body_line: int
    document: Document | None
    findings: list[Finding]


def parse_prompt_source(file: str, content: bytes) -> PromptSource:
    """The parts of one prompt file. The front matter is read in the same part of YAML as every other file."""
    text, findings = decode(file, content)
    if findings:
        return PromptSource("", "", 1, None, findings)
    parts = split_front(text)
    if parts is None:
        return PromptSource("", text, 1, None, [_no_front(file, text)])
    front, body = parts
    # The first fence becomes an empty line, so that every position is that of the file.
    document, findings = parse_yaml(file, ("\n" + front).encode())
    body_line = text[: len(text) - len(body)].count("\n") + 1
    return PromptSource(front, body, body_line, document, findings)


def split_front(text: str) -> tuple[str, str] | None:
    """(front matter, body) of a text that begins with a line `---`; None without one, or without the second."""
    opening = _FENCE.match(text)
    closing = _FENCE.search(text, opening.end() + 1) if opening else None
    if opening is None or closing is None:
        return None
    return text[opening.end() + 1 : closing.start()], text[closing.end() + 1 :]


def _no_front(file: str, text: str) -> Finding:
    opened = _FENCE.match(text) is not None
    message = "The front matter has no end." if opened else "The prompt has no front matter."
    hint = "Begin the file with a line ---, then name: and inputs:, then a line --- and the text of the prompt."
    return Finding(code="prompt.front-matter", message=message, hint=hint, file=file, line=1, column=1)
