"""`prompts run`: what a call would cost, the call itself, and a prompt's examples against what they expect."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mergecells.adapters.cassette import Cassette
from mergecells.adapters.provider_factory import ProviderFactory
from mergecells.apps.cli.token_counting import CounterAtHand
from mergecells.apps.prompting import open_llm
from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import LlmCallError, ProviderError, UsageError
from mergecells.domain.llm import CallContext, LlmResult, ModelRequest
from mergecells.domain.prompts import ExpectedAnswer, Prompt
from mergecells.domain.revision import Revision
from mergecells.domain.routing import Intent, Provider, Rung
from mergecells.ports import ModelProvider
from mergecells.prompting.answer_cache import answer_key
from mergecells.prompting.client import Llm
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.plan import UnfitError, build_request, plan_prompt
from mergecells.prompting.tries import price_of
from mergecells.transforms.answer_check import check_answer
from mergecells.transforms.call_cost import worst_case


@dataclass(frozen=True, slots=True)
class Pinned:
    """One Snapshot's worth of config, for one run of a command."""

    revision: Revision
    config: ConfigSet

    @property
    def current(self) -> Pinned:
        return self


@dataclass(frozen=True, slots=True)
class Case:
    """One call to make: the inputs given, or an example with what it expects."""

    name: str
    inputs: Mapping[str, Any]
    expected: ExpectedAnswer = field(default_factory=ExpectedAnswer)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one model would be asked and cost at the most, in dollars; `problem` says why it would not be asked."""

    model: str
    provider: str
    key: str
    input_tokens: int = 0
    token_source: str = ""
    most_output_tokens: int = 0
    worst_case: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one case. `problems` is empty when it is good."""

    case: Case
    result: LlmResult | None
    problems: Sequence[str]


def with_model(config: ConfigSet, slug: str, model: str | None) -> ConfigSet:
    """The config with one model as the prompt's whole ladder. Raises UsageError for one that routing.yaml has not."""
    if model is None:
        return config
    routing = config.routing
    if model not in routing.models:
        raise UsageError(f"There is no model {model!r}.", f"Models are: {', '.join(routing.models) or 'none'}.")
    own = routing.intents.get(slug, Intent()).model_copy(update={"ladder": {model: Rung()}})
    return replace(config, routing=routing.model_copy(update={"intents": {**routing.intents, slug: own}}))


def offers(pinned: Pinned, prompt: Prompt, case: Case) -> list[Offer]:
    """What each model of the ladder would be asked, in the order of trying. Raises what rendering raises."""
    plan = plan_prompt(pinned, prompt, case.inputs)
    counter = CounterAtHand().counter
    found = []
    for name, rung in plan.ladder.items():
        try:
            request = build_request(plan, name, rung, counter)
        except UnfitError as error:
            found.append(Offer(name, "", "", problem=error.message))
            continue
        except ProviderError as error:
            found.append(Offer(name, "", "", problem=str(error)))
            continue
        found.append(_offer(pinned, prompt, request, counter))
    return found


def _offer(pinned: Pinned, prompt: Prompt, request: ModelRequest, counter: TokenCounter) -> Offer:
    from mergecells.domain.messages import RenderedPrompt

    rendered = RenderedPrompt(prompt.slug, prompt.sha, request.messages)
    tokens = counter.count(rendered, request.model, pinned.config.routing.models[request.model])
    variable = request.provider.key_env
    key = "needs none" if not variable else f"{variable} {'is set' if os.environ.get(variable) else 'is not set'}"
    worst = worst_case(price_of(pinned.config, request), request)
    return Offer(
        request.model, request.provider_name, key, tokens.tokens, tokens.method, request.max_output_tokens, worst
    )


def dearest(found: Sequence[Offer]) -> float | None:
    """The most that one call can cost, whichever model answers; None when one of them has no price."""
    costs = [each.worst_case for each in found if not each.problem]
    return None if any(cost is None for cost in costs) else max((cost or 0.0 for cost in costs), default=0.0)


def make_client(pinned: Pinned, cassette: Cassette | None, live: bool) -> Llm:
    """A client on one config. With a cassette, answers come from it and go into it; without `live`, only from it."""
    providers: Any = ProviderFactory() if live else _Silent(cassette)
    return open_llm(pinned, cache=cassette, providers=providers)


def open_cassette(path: Path | None, pinned: Pinned, prompt: Prompt, cases: Sequence[Case]) -> Cassette | None:
    """The recorded answers in a file, found by what these cases send. Raises MergecellsError."""
    if path is None:
        return None
    cassette = Cassette(path)
    for case in cases:
        plan = plan_prompt(pinned, prompt, case.inputs)
        for name, rung in plan.ladder.items():
            with suppress(ProviderError):
                request = build_request(plan, name, rung, TokenCounter())
                cassette.same(answer_key(request, prompt.sha), answer_key(request, ""))
    return cassette


class _Silent:
    """Asks nobody."""

    def __init__(self, cassette: Cassette | None) -> None:
        self._cassette = cassette.path if cassette is not None else None

    def __call__(self, _name: str, _provider: Provider) -> ModelProvider:
        raise ProviderError(
            "bad_request",
            f"{self._cassette} has no answer to this call.",
            "Add --apply to ask the model and record it.",
        )


def judge(llm: Llm, slug: str, case: Case, who: CallContext, cache: bool) -> Verdict:
    """Make one call and hold its answer to what the case expects."""
    try:
        result = llm.call(slug, case.inputs, cache=cache, context=who)
    except LlmCallError as error:
        return Verdict(case, None, [str(error)])
    problems = check_answer(case.expected, result.text)
    return Verdict(case, result, [*problems, *(["It was cut at its limit of tokens."] if result.truncated else [])])
