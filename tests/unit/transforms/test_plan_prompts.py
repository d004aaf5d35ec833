"""A pull request shows what a change does to prompts: words, and messages before and after."""

from __future__ import annotations

from fakes.config_samples import sample_files
from mergecells.domain.changes import ChangeSet
from mergecells.domain.configset import ConfigSet
from mergecells.domain.plan import Plan
from mergecells.transforms.plan_render_markdown import render_markdown
from mergecells.transforms.prompt_previews import preview_prompts
from mergecells.transforms.yaml_to_config import load_config

HOOK = """\
---
name: hook
inputs: {company: {sample: Acme}}
examples: {"beta`</summary>@all": {inputs: {company: Beta}}}
---
{% include "tone" %}
user:
Write to {{ company }} in 30 words.
"""


def config(hook: str = HOOK, tone: str = "Be plain.") -> ConfigSet:
    files = {"prompts/hook.md": hook.encode(), "prompts/partials/tone.md": tone.encode()}
    loaded = load_config({**sample_files(), **files}).config
    assert loaded is not None
    return loaded


def shown(before: ConfigSet, after: ConfigSet, limit: int = 65_536) -> str:
    plan = Plan(changes=ChangeSet(base="a", head="b"), prompts=preview_prompts(before, after), base_revision="a")
    return render_markdown(plan, limit)


def test_plan_shows_words_and_renderings_of_a_changed_prompt() -> None:
    """The word that changed, and both messages with the example's inputs."""
    text = shown(config(), config(HOOK.replace("30", "25")))
    assert "in [-30-]{+25+} words." in text
    assert "Write to Beta in 30 words." in text
    assert "Write to Beta in 25 words." in text


def test_plan_shows_a_change_of_a_partial_at_each_prompt_that_uses_it() -> None:
    """The prompt's own text stays; its rendering changes."""
    text = shown(config(), config(tone="Be kind."))
    assert "Its text stays" in text
    assert "Be plain." in text
    assert "Be kind." in text


def test_plan_without_changed_prompts_has_no_section() -> None:
    """Nothing to show, nothing shown."""
    assert "prompts" not in shown(config(), config())


def test_plan_names_of_examples_and_texts_cannot_act() -> None:
    """A name with a tag or a mention stands in a code span only; a text cannot end its block."""
    hostile = HOOK.replace("Write to", "```\n<img src=x>\n@all Write to")
    text = shown(config(), config(hostile))
    outside = "".join(part for index, part in enumerate(text.split("````")) if index % 2 == 0)
    assert "@all" not in outside.replace("`` beta`</summary>@all ``", "")
    assert "<img" not in outside


def test_plan_keeps_its_limit_with_long_prompts() -> None:
    """What does not fit is counted."""
    long = HOOK + "word " * 3_000
    text = shown(config(long), config(long.replace("30", "25")), limit=8_000)
    assert len(text) <= 8_000
    assert "more prompt" in text
