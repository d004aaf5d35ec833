"""The prompts, routes, budgets and prices that are shipped: sound without a warning, and fit for use."""

from __future__ import annotations

from pathlib import Path

import pytest

from mergecells.adapters.tree_files import read_config_files
from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import sort_findings
from mergecells.transforms.call_check import check_calls, used_models
from mergecells.transforms.locate import Locator
from mergecells.transforms.prompt_inputs import sample_inputs
from mergecells.transforms.prompt_render import render_prompt
from mergecells.transforms.prompt_types import TYPES
from mergecells.transforms.routes import detect_intent, prompt_ladder
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def config() -> ConfigSet:
    loaded = load_config(read_config_files(REPOSITORY).files)
    assert [str(finding) for finding in loaded.findings] == []
    assert loaded.config is not None
    return loaded.config


def test_shipped_prompts_have_no_finding(config: ConfigSet) -> None:
    """Every check, warnings too."""
    assert sort_findings(check_calls(config, Locator(config.documents))) == []


def test_shipped_prompts_cover_lead_work(config: ConfigSet) -> None:
    """At least twelve, of every type; one reads an image, several answer JSON, partials are shared."""
    assert len(config.prompts) >= 12
    assert {prompt.front.metadata.type for prompt in config.prompts.values()} == set(TYPES)
    kinds = {one.kind for prompt in config.prompts.values() for one in prompt.front.inputs.values()}
    assert {"image", "array", "object", "number", "integer", "string"} <= kinds
    assert sum(prompt.front.outputs is not None for prompt in config.prompts.values()) >= 5
    assert all(prompt.front.examples and prompt.front.description for prompt in config.prompts.values())
    assert {name for prompt in config.prompts.values() for name in prompt.partials} == set(config.partials)


def test_shipped_prompts_render_with_each_example(config: ConfigSet) -> None:
    """Samples and examples are complete, and every message says something; nothing of the template is left."""
    for prompt in config.prompts.values():
        for example in prompt.front.examples.values():
            rendered = render_prompt(prompt, config.partials, sample_inputs(prompt, example.inputs))
            assert rendered.messages[-1].role == "user"
            assert "{{" not in "".join(message.text for message in rendered.messages)


def test_shipped_routes_have_prices_and_two_providers_for_each_ladder(config: ConfigSet) -> None:
    """When one provider fails, another serves; every model that is used has a price of its own."""
    assert used_models(config) == set(config.routing.models) == set(config.prices.prices)
    ladders = [prompt_ladder(config.routing, prompt) for prompt in config.prompts.values()]
    ladders += [intent.ladder for intent in config.routing.intents.values()]
    for ladder in ladders:
        assert len({config.routing.models[name].provider for name in ladder}) >= 2


def test_model_of_a_prompt_is_called_as_ambiguous_says(config: ConfigSet) -> None:
    """A prompt's own model has the patience and the retries that the ladder of `ambiguous` gives it, and comes once."""
    name, rung = list(config.routing.intents["ambiguous"].ladder.items())[-1]
    prompt = next(each for each in config.prompts.values() if each.slug not in config.routing.intents)
    front = prompt.front.model_copy(update={"model": prompt.front.model.model_copy(update={"id": name})})
    mine = rung.model_copy(update={"timeout_s": 7.0})
    ambiguous = config.routing.intents["ambiguous"].model_copy(
        update={"ladder": {**config.routing.intents["ambiguous"].ladder, name: mine}}
    )
    routing = config.routing.model_copy(update={"intents": {**config.routing.intents, "ambiguous": ambiguous}})
    ladder = prompt_ladder(routing, prompt.model_copy(update={"front": front}))
    assert next(iter(ladder.items())) == (name, mine)
    assert sorted(ladder) == sorted(ambiguous.ladder)


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("Why does `def f(x): return x` raise a traceback in Python?", "coding_help"),
        ("What is the capital of Peru?", "question_answering"),
        ("Please rewrite this sentence so that it is shorter.", "editing_writing"),
        ("Calculate 12 * 7 percent of 300", "reasoning_math"),
        ("Hello, how are you?", "social_chat"),
        ("Blue.", "ambiguous"),
        ("", "ambiguous"),
    ],
)
def test_shipped_routes_tell_plain_messages_apart(config: ConfigSet, message: str, intent: str) -> None:
    """One clear message of each intent, with a reason; what says nothing is ambiguous."""
    found = detect_intent(config.routing, message)
    assert found.intent == intent
    assert found.reason
    assert (found.confidence > 0) == (intent != "ambiguous")
