"""How large each prompt is with its samples, beside what its type and its first model allow. Needs Jinja2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import MergecellsError
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.prompts import Prompt
from mergecells.domain.routing import Model, Routing
from mergecells.transforms.prompt_inputs import sample_inputs
from mergecells.transforms.prompt_render import render_prompt
from mergecells.transforms.prompt_types import max_characters
from mergecells.transforms.routes import prompt_ladder
from mergecells.transforms.tokens import Method, PromptCounter, TokenCount, count_prompt_tokens


class PromptSize(NamedTuple):
    """`model` is the first of the ladder that routing.yaml has, `model_id` what its provider calls it; without one they
    are empty, and `context_tokens` is None.

    `characters` are those of the text, which `most_characters` of its type limits; `tokens` of the rendered prompt.
    """

    slug: str
    model: str
    model_id: str
    characters: int
    most_characters: int
    tokens: int
    method: Method
    context_tokens: int | None


def prompt_sizes(config: ConfigSet, count: PromptCounter) -> Iterator[PromptSize]:
    """One for each prompt that can be rendered with its samples."""
    for prompt in config.prompts.values():
        try:
            rendered = render_prompt(prompt, config.partials, sample_inputs(prompt))
        except MergecellsError:
            continue
        model, tokens = count_for_ladder(config.routing, prompt, rendered, count)
        known = config.routing.models.get(model)
        most = max_characters(prompt.front.metadata.type)
        context, model_id = (known.context_tokens, known.id or model) if known else (None, "")
        yield PromptSize(prompt.slug, model, model_id, len(prompt.body), most, tokens.tokens, tokens.method, context)


def count_for_ladder(
    routing: Routing, prompt: Prompt, rendered: RenderedPrompt, count: PromptCounter
) -> tuple[str, TokenCount]:
    """(the first model of the ladder that routing.yaml has, the tokens for it); a guess and no name without one."""
    for name in prompt_ladder(routing, prompt):
        known: Model | None = routing.models.get(name)
        if known is not None:
            return name, count(rendered, name, known)
    return "", count_prompt_tokens(rendered)
