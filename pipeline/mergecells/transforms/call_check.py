"""All checks of prompts, routes, budgets and prices of a config."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from mergecells.domain.budgets import BUDGETS_FILE
from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import Finding
from mergecells.domain.routing import ROUTING_FILE
from mergecells.transforms.locate import Locator
from mergecells.transforms.prompt_check import (
    check_body,
    check_front,
    check_partials,
    check_prompt_models,
    check_words,
)
from mergecells.transforms.quality_gate import check_judge, check_quality
from mergecells.transforms.route_check import check_budgets, check_prices, check_routing
from mergecells.transforms.routes import prompt_ladder
from mergecells.transforms.tokens import PromptCounter, guess_prompt_tokens


def check_calls(config: ConfigSet, locator: Locator, count: PromptCounter = guess_prompt_tokens) -> Iterator[Finding]:
    """Every finding, in the order of its making; a config without prompts and routes has none. `count` tells tokens,
    where a prompt is so long that it matters."""
    yield from check_calls_light(config, locator)
    for prompt in config.prompts.values():
        yield from check_words(prompt, locator)
    if config.prompts and not templates_can_be_read():
        message = "Jinja2 is not installed: the texts of prompts are not checked."
        first = next(iter(config.prompts.values()))
        hint = "Install it: pip install 'mergecells[prompts]'."
        yield Finding(code="prompt.not-checked", severity="warning", message=message, hint=hint, file=first.file)
        return
    yield from check_partials(config.partials, locator)
    for prompt in config.prompts.values():
        yield from check_prompt_models(prompt, config, locator, count)
    yield from check_prices(config, used_models(config), locator)


def check_calls_light(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """What a service checks before it trusts the files: no opinion on words, sizes and prices."""
    yield from check_routing(config.routing, locator, frozenset(config.prompts), ROUTING_FILE)
    yield from check_budgets(config.budgets, locator, BUDGETS_FILE)
    yield from check_quality(config.quality, locator)
    yield from check_judge(config.quality, config.prompts, locator)
    for prompt in config.prompts.values():
        yield from check_front(prompt, locator)
        if templates_can_be_read():
            yield from check_body(prompt, config.partials, locator)


def templates_can_be_read() -> bool:
    """Whether Jinja2 is installed."""
    return find_spec("jinja2") is not None


def used_models(config: ConfigSet) -> frozenset[str]:
    """The models of every ladder, of intents and of prompts."""
    ladders = [intent.ladder for intent in config.routing.intents.values()]
    ladders += [prompt_ladder(config.routing, prompt) for prompt in config.prompts.values()]
    return frozenset(name for ladder in ladders for name in ladder)
