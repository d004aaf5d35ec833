"""What a change does to prompts: their words, and their messages before and after with the inputs of an example."""

from __future__ import annotations

from importlib.util import find_spec

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import MergecellsError
from mergecells.domain.plan import PromptPreview
from mergecells.domain.prompts import Prompt
from mergecells.transforms.prompt_inputs import sample_inputs
from mergecells.transforms.prompt_messages import messages_text
from mergecells.transforms.word_diff import diff_words, show_words

MAX_PREVIEWS = 20


def preview_prompts(before: ConfigSet | None, after: ConfigSet | None) -> tuple[PromptPreview, ...]:
    """One preview for each prompt whose file, or a partial that it uses, differs; at most MAX_PREVIEWS."""
    if before is None or after is None:
        return ()
    slugs = sorted({*before.prompts, *after.prompts})
    changed = [slug for slug in slugs if _sha(before, slug) != _sha(after, slug)]
    return tuple(_preview(slug, before, after) for slug in changed[:MAX_PREVIEWS])


def _sha(config: ConfigSet, slug: str) -> str:
    prompt = config.prompts.get(slug)
    return prompt.sha if prompt else ""


def _preview(slug: str, before: ConfigSet, after: ConfigSet) -> PromptPreview:
    old, new = before.prompts.get(slug), after.prompts.get(slug)
    shown = new or old
    example = next(iter(shown.front.examples), "") if shown else ""
    words = show_words(diff_words(old.body if old else "", new.body if new else ""))
    return PromptPreview(
        slug=slug,
        example=example,
        words=words,
        before=_rendered(old, before, example),
        after=_rendered(new, after, example),
    )


def _rendered(prompt: Prompt | None, config: ConfigSet, example: str) -> str | None:
    """The messages as text; None without the prompt, or where it does not render (a finding says why)."""
    if prompt is None or find_spec("jinja2") is None:
        return None
    from mergecells.transforms.prompt_render import render_prompt

    stated = prompt.front.examples[example].inputs if example in prompt.front.examples else {}
    try:
        return messages_text(render_prompt(prompt, config.partials, sample_inputs(prompt, stated)))
    except MergecellsError:
        return None
