"""The prompts of a Plan as markdown: their words that changed, and what they render to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mergecells.domain.plan import PromptPreview
from mergecells.transforms.markdown_escape import code_span, visible
from mergecells.transforms.plan_words import counted

MAX_RENDERED = 6_000
"""Characters of one rendering; the rest is counted."""


def render_previews(previews: Sequence[PromptPreview], room: int) -> tuple[list[str], int]:
    """A section that takes at most `room` characters; prompts that do not fit are counted."""
    lines: list[str] = []
    used = 0
    for index, preview in enumerate(previews):
        block = _block(preview)
        size = sum(len(line) + 1 for line in block)
        if used + size > room:
            lines += [
                f"… and {counted(len(previews) - index, 'more prompt')}; `mergecells prompts diff` shows them.",
                "",
            ]
            break
        lines += block
        used += size
    return (["## What it does to prompts", "", *lines], used) if previews else ([], 0)


def _block(preview: PromptPreview) -> list[str]:
    lines = [f"### {code_span(preview.slug)}", ""]
    lines += fenced(preview.words, MAX_RENDERED) if preview.words else ["Its text stays; a partial or setting changes."]
    with_what = f"with the example {code_span(preview.example)}" if preview.example else "with the sample inputs"
    if preview.before == preview.after and preview.after is not None:
        return [*lines, "", f"Rendered {with_what}, nothing changes.", ""]
    # No text of a cell stands between tags: there, a code span would not hold it.
    lines += ["", f"Rendered {with_what}:", ""]
    for title, text in (("Before", preview.before), ("After", preview.after)):
        if text is not None:
            lines += ["<details>", f"<summary>{title}</summary>", "", *fenced(text.rstrip(), MAX_RENDERED), ""]
            lines += ["</details>", ""]
    return lines


def fenced(text: str, limit: int) -> list[str]:
    """A text in a code block that nothing in it can end; characters that do not show are spelled."""
    kept = text[:limit]
    longest = max((len(run) for run in re.findall("`+", kept)), default=0)
    fence = "`" * max(3, longest + 1)
    more = [f"… ({len(text) - limit:,} more characters)"] if len(text) > limit else []
    return [fence, *(visible(line) for line in kept.split("\n")), *more, fence]
