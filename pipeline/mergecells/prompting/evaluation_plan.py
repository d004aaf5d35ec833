"""Which prompts a change sends something else for, with what each side would be asked, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import MergecellsError, ProviderError
from mergecells.domain.llm import CachedAnswer, ModelRequest
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.prompts import ExpectedAnswer, Prompt
from mergecells.prompting.answer_cache import answer_key
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.judge import judge_of
from mergecells.prompting.plan import PinnedConfig, build_request, find_prompt, plan_prompt
from mergecells.prompting.tries import price_of
from mergecells.transforms.call_cost import worst_case
from mergecells.transforms.prompt_inputs import sample_inputs
from mergecells.transforms.routes import prompt_ladder
from mergecells.transforms.tokens import count_prompt_tokens

SideName = Literal["before", "after"]
_MOST_JUDGED = 400_000
SAMPLES = "samples"
"""The name of the one case of a prompt without examples: its samples."""


class Recordings(Protocol):
    """Recorded answers, by what was sent: messages, model, address, sampling and form. Not by the prompt's SHA, so that
    a changed description, or another example, leaves them valid."""

    def get(self, key: str) -> CachedAnswer | None: ...

    def seconds(self, key: str) -> float | None:
        """How long the answer took when it was recorded."""
        ...

    def same(self, key: str, sent: str) -> None:
        """The client asks by `key` for what is recorded as `sent`."""
        ...


@dataclass(frozen=True, slots=True)
class SideCase:
    """One example on one side. `keys` are those of `requests`, in the order of the ladder; `problem` says why nothing
    can be sent."""

    slug: str
    example: str
    side: SideName
    pinned: PinnedConfig
    prompt: Prompt
    inputs: Mapping[str, Any]
    expected: ExpectedAnswer
    requests: tuple[ModelRequest, ...] = ()
    keys: tuple[str, ...] = ()
    problem: str = ""

    @property
    def sent(self) -> tuple[str, ...]:
        return self.keys or (self.problem,)


@dataclass(frozen=True, slots=True)
class ExampleCases:
    example: str
    before: SideCase | None
    after: SideCase | None


@dataclass(frozen=True, slots=True)
class ChangedPrompt:
    """A prompt whose text, partials, settings or ladder changed. `cases` is empty when the same is sent as before."""

    slug: str
    reason: str
    cases: tuple[ExampleCases, ...]


@dataclass(frozen=True, slots=True)
class EvaluationCost:
    """Dollars for what has to be asked, None without a price.

    `most`: the sum of the worst cases that budgets hold back, whichever model answers. `about`: each first model, with
    the tokens counted and an answer of its whole limit.
    """

    calls: int
    recorded: int
    most: float | None
    about: float | None
    unpriced: tuple[str, ...] = ()


def changed_prompts(before: PinnedConfig, after: PinnedConfig, only: Iterable[str] = ()) -> list[ChangedPrompt]:
    """In the order of their names. `only`: these prompts, also where they do not change."""
    wanted = set(only)
    found = []
    for slug in sorted(wanted or {*before.config.prompts, *after.config.prompts}):
        old, new = before.config.prompts.get(slug), after.config.prompts.get(slug)
        reason = _reason(before.config, after.config, old, new)
        if reason or wanted:
            found.append(ChangedPrompt(slug, reason or "unchanged", _cases(before, after, old, new)))
    return found


def _reason(before: ConfigSet, after: ConfigSet, old: Prompt | None, new: Prompt | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "removed"
    told = []
    if old.body != new.body:
        told.append("its text")
    partials = {*old.partials, *new.partials}
    told += [f"the partial {name}" for name in sorted(partials) if _partial(before, name) != _partial(after, name)]
    if old.front != new.front:
        told.append("its settings")
    if _routes(before, old) != _routes(after, new):
        told.append("its models")
    return ", ".join(told)


def _partial(config: ConfigSet, name: str) -> str | None:
    return config.partials.get(name)


def _routes(config: ConfigSet, prompt: Prompt) -> list[Any]:
    """The ladder with what its models and providers are: what decides who is asked."""
    routing = config.routing
    ladder = prompt_ladder(routing, prompt)
    models = [(name, routing.models.get(name)) for name in ladder]
    return [(name, model, routing.providers.get(model.provider) if model else None) for name, model in models]


def _cases(
    before: PinnedConfig, after: PinnedConfig, old: Prompt | None, new: Prompt | None
) -> tuple[ExampleCases, ...]:
    """One for each example, by the words of the side after the change; none where nothing else is sent."""
    if new is None:
        return ()
    names = list(new.front.examples) or [SAMPLES]
    return tuple(
        ExampleCases(
            name,
            _side(before, old, new, name, "before") if old is not None else None,
            _side(after, new, new, name, "after"),
        )
        for name in names
    )


def _side(pinned: PinnedConfig, prompt: Prompt, new: Prompt, name: str, side: SideName) -> SideCase:
    example = new.front.examples.get(name)
    stated = dict(example.inputs) if example else {}
    # What the other side does not declare, it cannot be given.
    inputs = sample_inputs(prompt, {key: value for key, value in stated.items() if key in prompt.front.inputs})
    case = SideCase(prompt.slug, name, side, pinned, prompt, inputs, example.expected if example else ExpectedAnswer())
    try:
        requests = tuple(_requests(pinned, prompt, inputs))
    except MergecellsError as error:
        return replace(case, problem=error.message)
    if not requests:
        return replace(case, problem="No model of its ladder can serve it.")
    return replace(case, requests=requests, keys=tuple(answer_key(each, "") for each in requests))


def _requests(pinned: PinnedConfig, prompt: Prompt, inputs: Mapping[str, Any]) -> Iterator[ModelRequest]:
    plan = plan_prompt(pinned, prompt, inputs)
    problem: ProviderError | None = None
    some = False
    for name, rung in plan.ladder.items():
        try:
            yield build_request(plan, name, rung, TokenCounter())
            some = True
        except ProviderError as error:
            problem = problem or error
    if not some and problem is not None:
        raise problem


def find_recorded(case: SideCase, recordings: Recordings | None) -> tuple[ModelRequest, str, CachedAnswer] | None:
    """The recorded answer of the first model of the ladder that has one."""
    if recordings is None:
        return None
    for request, key in zip(case.requests, case.keys, strict=True):
        found = recordings.get(key)
        if found is not None:
            return request, key, found
    return None


def sides(changed: Sequence[ChangedPrompt]) -> Iterator[SideCase]:
    """Every side that could be sent, one for each thing that is sent: equal ones are asked once."""
    seen: set[tuple[str, ...]] = set()
    for case in (each for prompt in changed for both in prompt.cases for each in (both.before, both.after)):
        if case is not None and not case.problem and case.sent not in seen:
            seen.add(case.sent)
            yield case


def evaluation_cost(changed: Sequence[ChangedPrompt], recordings: Recordings | None) -> EvaluationCost:
    """What asking for every answer that is not recorded costs."""
    every = list(sides(changed))
    left = [case for case in every if find_recorded(case, recordings) is None]
    most = [max_cost(case) for case in left]
    about = [_about(case) for case in left]
    unpriced = {case.requests[0].model for case, cost in zip(left, most, strict=True) if cost is None}
    return EvaluationCost(len(left), len(every) - len(left), _sum(most), _sum(about), tuple(sorted(unpriced)))


def max_cost(case: SideCase) -> float | None:
    """The dearest of the ladder's worst cases."""
    costs = [worst_case(price_of(case.pinned.config, each), each) for each in case.requests]
    return None if any(cost is None for cost in costs) else max(cost or 0.0 for cost in costs)


def judge_cost(after: PinnedConfig, changed: Sequence[ChangedPrompt]) -> float | None:
    """What judging every answer costs at the most, if none has more than 4 characters a token; None without a price.
    Raises UsageError where no judge is configured."""
    judge = find_prompt(after, judge_of(after))
    costs = []
    for case in sides(changed):
        asked = case.requests[0]
        characters = min(4 * asked.max_output_tokens, _MOST_JUDGED)
        given = {"task": "x" * sum(len(each.text) for each in asked.messages), "answer": "x" * characters}
        inputs = sample_inputs(judge, {name: text for name, text in given.items() if name in judge.front.inputs})
        requests = tuple(_requests(after, judge, inputs))
        costs.append(max_cost(replace(case, pinned=after, prompt=judge, requests=requests)))
    return _sum(costs)


def _about(case: SideCase) -> float | None:
    request = case.requests[0]
    price = price_of(case.pinned.config, request)
    tokens = count_prompt_tokens(RenderedPrompt(case.slug, case.prompt.sha, request.messages))
    return price.cost(tokens.tokens, request.max_output_tokens) if price else None


def _sum(costs: Sequence[float | None]) -> float | None:
    return None if any(cost is None for cost in costs) else sum(cost or 0.0 for cost in costs)
