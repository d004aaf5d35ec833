"""Prompts, routes, budgets and prices become part of the config, with positions and digests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.config_samples import revision_of, sample_files
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.configset import ConfigSet
from mergecells.serving.build import build_snapshot
from mergecells.serving.bundle import Origin, load_bundle, seal_tree
from mergecells.transforms.prompt_source import parse_prompt_source
from mergecells.transforms.prompt_to_config import parse_prompt
from mergecells.transforms.yaml_to_config import load_config

PROMPT = """\
---
name: hook
description: Opens a mail.
metadata: {type: hook, version: "2"}
model:
  id: small-1
  options: {maxOutputTokens: 100, stopSequences: [END]}
inputs:
  company: {sample: Acme, description: Whom we write to}
  facts: {kind: array, required: false}
outputs: {type: object, properties: {hook: {type: string}}}
examples:
  one: {inputs: {company: Beta}, expected: {contains: [Beta], max_words: 40}}
---
system:
{% include "tone" %}

user:
Write to {{ company }}.
"""
ROUTING = """\
providers: {p: {kind: openai, key_env: OPENAI_API_KEY}}
models: {small-1: {provider: p, context_tokens: 8000, max_output_tokens: 1000}}
intents:
  ambiguous: {ladder: {small-1: {retries: 2, fall_through: "timeout, truncated"}}}
"""


def files(**more: str) -> dict[str, bytes]:
    texts = {
        "prompts/hook.md": PROMPT,
        "prompts/partials/tone.md": "Be plain.\n",
        "prompts/partials/other.md": "Unused.\n",
        "prompts/README.md": "# Not a prompt\n",
        "prompts/routing.yaml": ROUTING,
        "prompts/budgets.yaml": "budgets: {run: {}, day: {warn: 20, halt: 50}, 'persona:ann': {halt: 2}}\n",
        "prompts/prices.yaml": "prices: {small-1: {input: 0.1, output: 0.4}}\n",
    }
    return {**sample_files(), **{name: text.encode() for name, text in (texts | more).items()}}


def loaded(**more: str) -> ConfigSet:
    result = load_config(files(**more))
    assert [str(finding) for finding in result.findings] == []
    assert result.config is not None
    return result.config


def test_config_with_prompts_holds_them_by_slug() -> None:
    """Front matter, body, partials, routes, budgets and prices are there, typed."""
    config = loaded()
    hook = config.prompts["hook"]
    assert list(config.prompts) == ["hook"]
    assert (hook.file, hook.body_line, hook.partials) == ("prompts/hook.md", 15, ["tone"])
    assert hook.front.model.options.max_output_tokens == 100
    assert hook.front.examples["one"].expected.max_words == 40
    assert config.partials == {"tone": "Be plain.\n", "other": "Unused.\n"}
    assert config.routing.intents["ambiguous"].ladder["small-1"].falls_through == {"timeout", "truncated"}
    assert config.routing.models["small-1"].provider == "p"
    assert config.prices.prices["small-1"].output == 0.4


def test_config_without_prompts_has_the_default_budget_and_nothing_else() -> None:
    """A root that has only rules works as ever; a run is then limited all the same."""
    config = load_config(sample_files()).config
    assert config is not None
    assert (config.prompts, config.partials, config.routing.intents, config.prices.prices) == ({}, {}, {}, {})
    run = config.budgets.find("run", "any")
    assert run is not None
    assert (run.warn, run.halt) == (1.0, 5.0)


def test_budget_of_a_name_comes_before_that_of_its_scope() -> None:
    """`persona:ann` holds for Ann; nobody else has a limit when `persona` is not listed."""
    budgets = loaded().budgets
    assert budgets.find("persona", "ann") == budgets.budgets["persona:ann"]
    assert budgets.find("persona", "bob") is None


def test_prompt_sha_changes_with_the_file_and_the_partials_it_uses_only() -> None:
    """The digest is that of the text that is sent, wherever and whenever it is used."""
    sha = loaded().prompts["hook"].sha
    assert loaded(**{"prompts/partials/other.md": "Changed.\n"}).prompts["hook"].sha == sha
    assert loaded(**{"prompts/partials/tone.md": "Be loud.\n"}).prompts["hook"].sha != sha
    assert loaded(**{"prompts/hook.md": PROMPT + "More.\n"}).prompts["hook"].sha != sha
    nested = {"prompts/partials/tone.md": "{% include 'other' %}\n"}
    assert loaded(**nested).prompts["hook"].partials == ["other", "tone"]


def test_bundle_keeps_prompts_and_routes() -> None:
    """A service that loads the sealed bundle has what the files say."""
    config = replace(loaded(), documents={})
    tree = seal_tree(revision_of(3), files(), config, Origin("r", "main", None, 1, "now"))
    assert load_bundle(tree) == config
    snapshot = build_snapshot(tree)
    assert snapshot.loaded_from == "bundle"
    assert snapshot.prompts["hook"].front.name == "hook"


def test_snapshot_from_files_has_the_prompts() -> None:
    """A plain folder works like a bundle."""
    snapshot = build_snapshot(ConfigTree(revision_of(3), files()))
    assert snapshot.loaded_from == "yaml"
    assert snapshot.prompts["hook"].body.startswith("system:")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_prompt_positions_are_those_of_the_file(newline: str, mark: str) -> None:
    """A mistake in the front matter is told at its line and column, whatever the line ends."""
    text = mark + PROMPT.replace("kind: array", "kind: list").replace("\n", newline)
    prompt, document, findings = parse_prompt("prompts/hook.md", text.encode())
    assert prompt is None
    assert document is not None
    [finding] = findings
    assert (finding.code, finding.line, finding.column) == ("schema.choice", 10, 17)


@pytest.mark.parametrize(
    ("text", "front", "body", "line"),
    [
        ("---\nname: a\n---\nBody\n---\nMore\n", "name: a\n", "Body\n---\nMore\n", 4),
        ("---\n---\nBody", "", "Body", 3),
        ("---  \r\nname: a\r\n---\r\nB\r\n", "name: a\r\n", "B\r\n", 4),
        ("---\nname: a\n---", "name: a\n", "", 3),
    ],
)
def test_prompt_source_splits_at_the_first_two_fences(text: str, front: str, body: str, line: int) -> None:
    """A line `---` in the body is text; every byte is in one of the parts."""
    source = parse_prompt_source("prompts/a.md", text.encode())
    assert (source.front, source.body, source.body_line) == (front, body, line)


@pytest.mark.parametrize("text", ["", "Hello\n", "---\nname: a\n", " ---\nname: a\n---\n", "name: a\n---\n"])
def test_prompt_without_front_matter_is_a_finding(text: str) -> None:
    """There is no guess about where a prompt begins."""
    _, document, findings = parse_prompt("prompts/a.md", text.encode())
    assert document is None
    assert [finding.code for finding in findings] == ["prompt.front-matter"]
