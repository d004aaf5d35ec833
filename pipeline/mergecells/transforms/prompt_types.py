"""The types of prompts that lead work has, and how long the text of each may be."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.domain.configset import Document
from mergecells.domain.prompts import PROMPTS_FOLDER

BODY = "body"
"""How the text of a prompt is called beside the keys of its front matter, in tabs and paths."""

MAX_CELL = 32_767
"""Characters that a cell of a workbook holds."""

TYPES: Mapping[str, int] = {
    "hook": 3_000,
    "title_generation": 3_000,
    "email_subject": 4_000,
    "email_body": 8_000,
    "script": 10_000,
    "critic": 8_000,
    "strategy": 10_000,
    "narration": 8_000,
    "scene_description": 6_000,
    "website_analysis": 12_000,
    "quick_wins": 8_000,
    "benchmark": 10_000,
    "general": 20_000,
}
"""Type → most characters of its text, without partials and inputs. A type of one's own has the limit of `general`."""


def max_characters(kind: str) -> int:
    return TYPES.get(kind, TYPES["general"])


def prompt_documents(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Key of the row → document: `hook` for `prompts/hook.md`, `emails/hook` for `prompts/emails/hook.md`."""
    return {
        file[len(PROMPTS_FOLDER) : -len(".md")]: document
        for file, document in documents.items()
        if file.startswith(PROMPTS_FOLDER) and file.endswith(".md")
    }


def shown_body(body: str) -> str:
    """The text as a cell shows it; a longer one than a cell holds is only named."""
    if len(body) <= MAX_CELL:
        return body
    return f"({len(body):,} characters, more than a cell holds: edit the file.)"
