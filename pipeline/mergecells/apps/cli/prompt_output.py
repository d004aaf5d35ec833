"""How prompts are printed: the list, one prompt, its rendering, its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mergecells.domain.messages import ImagePart, RenderedPrompt, TextPart
from mergecells.domain.prompts import Prompt
from mergecells.transforms.tokens import TokenCount

if TYPE_CHECKING:
    from mergecells.transforms.prompt_sizes import PromptSize

SHOWN_SHA = 12
_LONGEST_IMAGE = 80


def prompt_row(prompt: Prompt) -> dict[str, Any]:
    """One line of the list, for programs."""
    front = prompt.front
    return {
        "slug": prompt.slug,
        "type": front.metadata.type,
        "version": front.metadata.version,
        "description": front.description,
        "model": front.model.id,
        "inputs": list(front.inputs),
        "characters": len(prompt.body),
        "sha": prompt.sha,
        "file": prompt.file,
    }


def list_lines(prompts: Iterable[Prompt]) -> Iterator[str]:
    """A table: slug, type, model, inputs, SHA."""
    rows = [("prompt", "type", "model", "inputs", "sha")]
    for prompt in prompts:
        front = prompt.front
        inputs = ", ".join(front.inputs)
        rows.append((prompt.slug, front.metadata.type, front.model.id or "-", inputs, prompt.sha[:SHOWN_SHA]))
    yield from table_lines(rows)


def table_lines(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def size_lines(sizes: Iterable[PromptSize]) -> Iterator[str]:
    """A table of how large prompts are with their samples."""
    rows = [("prompt", "characters", "of at most", "tokens", "counted", "for", "of at most")]
    for each in sizes:
        context = f"{each.context_tokens:,}" if each.context_tokens else "-"
        numbers = (f"{each.characters:,}", f"{each.most_characters:,}", f"{each.tokens:,}", each.method)
        rows.append((each.slug, *numbers, each.model or "-", context))
    yield from table_lines(rows)


def sizes_line(sizes: Sequence[PromptSize]) -> str:
    """How many tokens all of them have, in one line."""
    methods = Counter(each.method for each in sizes)
    tokens = [each.tokens for each in sizes]
    ways = ", ".join(f"{number} {method}" for method, number in methods.most_common())
    if len(sizes) == 1:
        return f"With its samples the prompt has {tokens[0]:,} tokens ({sizes[0].method})."
    return f"With their samples {len(sizes)} prompts have {min(tokens):,} to {max(tokens):,} tokens ({ways})."


def rendered_lines(rendered: RenderedPrompt) -> Iterator[str]:
    """Messages under their roles, as the file has them."""
    for message in rendered.messages:
        yield f"{message.role}:"
        yield "".join(
            part.text if isinstance(part, TextPart) else f"[image {part.source[:_LONGEST_IMAGE]}]"
            for part in message.parts
        )
        yield ""


def rendered_json(rendered: RenderedPrompt, tokens: TokenCount, model: str) -> dict[str, Any]:
    return {
        "slug": rendered.slug,
        "sha": rendered.sha,
        "tokens": {"count": tokens.tokens, "method": tokens.method, "model": model or None},
        "messages": [
            {
                "role": message.role,
                "content": [
                    {"type": "image", "source": part.source}
                    if isinstance(part, ImagePart)
                    else {"type": "text", "text": part.text}
                    for part in message.parts
                ],
            }
            for message in rendered.messages
        ],
    }
