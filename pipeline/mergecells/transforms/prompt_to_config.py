"""The markdown files below `prompts/` → prompts and the partials that they share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.prompts import PARTIALS_FOLDER, PROMPTS_FOLDER, Prompt, PromptFront, included_partials
from mergecells.domain.revision import Files
from mergecells.transforms.prompt_source import parse_prompt_source
from mergecells.transforms.prompt_types import BODY
from mergecells.transforms.yaml_guard import decode
from mergecells.transforms.yaml_shape import validate_document


@dataclass(slots=True)
class PromptReading:
    """What the prompt files hold: prompts by slug, partials by name, documents by file, and what is wrong."""

    prompts: dict[str, Prompt] = field(default_factory=dict)
    partials: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_prompts(files: Files) -> PromptReading:
    """Every prompt among `files`, in the order of their paths; a file of the wrong shape is left out, with findings."""
    reading = PromptReading()
    for file in sorted(files):
        if is_partial(file):
            text, findings = decode(file, files[file])
            reading.findings += findings
            reading.partials[partial_name(file)] = text
    for file in sorted(files):
        if is_prompt(file):
            _add(reading, file, files[file])
    return reading


def is_prompt(file: str) -> bool:
    """Whether a path is a prompt's: any `.md` below `prompts/` that is neither a partial nor a README."""
    if not file.startswith(PROMPTS_FOLDER) or not file.endswith(".md") or is_partial(file):
        return False
    return PurePosixPath(file).name.lower() != "readme.md"


def is_partial(file: str) -> bool:
    return file.startswith(PARTIALS_FOLDER) and file.endswith(".md")


def partial_name(file: str) -> str:
    """`prompts/partials/tone.md` → `tone`, the name that `{% include "tone" %}` takes."""
    return file[len(PARTIALS_FOLDER) : -len(".md")]


def slug_of(file: str) -> str:
    """`prompts/emails/email_body.md` → `email_body`."""
    return PurePosixPath(file).stem


def parse_prompt(
    file: str, content: bytes, partials: Mapping[str, str] | None = None
) -> tuple[Prompt | None, Document | None, list[Finding]]:
    """One prompt file. The prompt is None when its front matter has the wrong shape, which the findings then say."""
    source = parse_prompt_source(file, content)
    if source.document is None:
        return None, None, source.findings
    front, shape = validate_document(source.document, PromptFront)
    told = {(finding.line, finding.column) for finding in source.findings}
    findings = [*source.findings, *(each for each in shape if (each.line, each.column) not in told)]
    if front is None:
        return None, source.document, findings
    used = used_partials(source.body, partials or {})
    prompt = Prompt(
        slug=slug_of(file),
        file=file,
        front=front,
        body=source.body,
        body_line=source.body_line,
        sha=_digest(content, {name: (partials or {})[name] for name in used}),
        partials=used,
    )
    return prompt, source.document, findings


def with_body(document: Document, content: bytes) -> Document:
    """The document of a prompt with its text beside the front matter, under a key that no front matter has.

    So that tables, cells and differences treat the text like every other value of the file.
    """
    if not isinstance(document.value, dict):
        return document
    source = parse_prompt_source(document.file, content)
    value = {**document.value, BODY: source.body}
    return replace(document, value=value, value_positions={**document.value_positions, (BODY,): (source.body_line, 1)})


def used_partials(body: str, partials: Mapping[str, str]) -> list[str]:
    """The partials that a body uses, with those that they use themselves, sorted; unknown names are left out."""
    found: set[str] = set()
    left = included_partials(body)
    while left:
        name = left.pop()
        if name in partials and name not in found:
            found.add(name)
            left += included_partials(partials[name])
    return sorted(found)


def _digest(content: bytes, partials: Mapping[str, str]) -> str:
    """Lengths before texts, so that no two sets of texts run together into one."""
    digest = hashlib.sha256()
    for part in (content, *_flat(partials)):
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()


def _flat(partials: Mapping[str, str]) -> Iterator[bytes]:
    for name, text in sorted(partials.items()):
        yield name.encode()
        yield text.encode()


def _add(reading: PromptReading, file: str, content: bytes) -> None:
    prompt, document, findings = parse_prompt(file, content, reading.partials)
    reading.findings += findings
    if document is not None:
        reading.documents[file] = with_body(document, content)
    if prompt is None:
        return
    first = reading.prompts.get(prompt.slug)
    if first is None:
        reading.prompts[prompt.slug] = prompt
        return
    message = f"There are two prompts {prompt.slug!r}; the other is {first.file}."
    reading.findings.append(
        Finding(code="prompt.duplicate-slug", message=message, hint="Rename one of the files.", file=file, line=1)
    )
