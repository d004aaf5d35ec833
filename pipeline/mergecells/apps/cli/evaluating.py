"""Wires evaluations: two configs, recorded answers, models where somebody allowed it, and the cap on what they cost."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mergecells.adapters.cassette import Cassette
from mergecells.apps.cli.prompt_run import Pinned
from mergecells.domain.budgets import Budget
from mergecells.domain.configset import ConfigSet
from mergecells.domain.evaluation import Evaluation
from mergecells.domain.llm import CallContext, LlmResult
from mergecells.domain.routing import Intent
from mergecells.prompting.evaluate import Live, evaluate
from mergecells.prompting.evaluation_plan import ChangedPrompt, SideCase, changed_prompts
from mergecells.transforms.routes import prompt_ladder

if TYPE_CHECKING:
    from mergecells.ports import QualityJudge
    from mergecells.prompting.client import Llm

NODE = "evaluation"
"""What its calls count for in budgets and reports."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both configs, with the cap as the halt of the one run that all calls of the evaluation are of."""

    before: Pinned
    after: Pinned
    context: CallContext

    def changed(self, only: Iterable[str] = ()) -> list[ChangedPrompt]:
        return changed_prompts(self.before, self.after, only)


def make_sides(before: Pinned, after: Pinned, cap: float | None, persona: str = "") -> Sides:
    """`cap` in dollars; None: the halt that budgets.yaml has for a run, or its default."""
    context = CallContext(persona=persona, run_id=f"evaluation-{secrets.token_hex(6)}", node=NODE)
    return Sides(_capped(before, cap), _capped(after, cap), context)


def _capped(pinned: Pinned, cap: float | None) -> Pinned:
    stated = pinned.config.budgets.budgets
    own = stated.get("run", Budget())
    halt = own.halt if cap is None else min(cap, own.halt) if "run" in stated else cap
    run = own.model_copy(update={"halt": halt, "warn": min(own.warn, halt)})
    budgets = pinned.config.budgets.model_copy(update={"budgets": {**stated, "run": run}})
    return replace(pinned, config=replace(pinned.config, budgets=budgets))


def run_evaluation(
    sides: Sides,
    changed: list[ChangedPrompt],
    recordings: Cassette | None,
    *,
    live: bool,
    judge: bool = False,
    cache: bool = True,
    reviewed: Reviewed | None = None,
    progress: Callable[[SideCase], None] = lambda _: None,
) -> Evaluation:
    """Answer every example. `live`: models are asked for what is not recorded, and their answers recorded."""
    quality = sides.after.config.quality
    if not live:
        return evaluate(changed, quality, recordings, progress=progress)
    from mergecells.apps.prompting import open_llm

    with ExitStack() as stack:
        llm = stack.enter_context(open_llm(sides.after, cache=recordings))
        asking = Live(llm, sides.context, judge=_judges(llm, sides) if judge else None, cache=cache)
        if reviewed is not None:
            asking = replace(asking, closed=reviewed.closed, pinned=reviewed.pinned)
        made = evaluate(changed, quality, recordings, asking, progress)
        return made.model_copy(update={"spent": _spent(llm, sides)})


def _spent(llm: Llm, sides: Sides) -> float | None:
    """What the ledger holds for the run: with judges, and with what failed and was paid for."""
    states = llm.work(llm.parts.budget.states(sides.after.config.budgets, sides.context))
    return next((state.spent for state in states if state.key.startswith("run:")), None)


def _judges(llm: Llm, sides: Sides) -> Callable[[SideCase], QualityJudge]:
    """The judge after the change, for both sides; each answer is held to the task that it was given."""
    from mergecells.prompting.judge import PromptJudge, judge_of

    slug = judge_of(sides.after)
    own = sides.after.config

    async def ask(name: str, inputs: Mapping[str, Any], context: CallContext) -> LlmResult:
        return await llm.acall(name, inputs, context=context, snapshot=sides.after)

    def judge(case: SideCase) -> QualityJudge:
        config = case.pinned.config
        mixed = replace(config, prompts={**config.prompts, slug: own.prompts[slug]}, quality=own.quality)
        return PromptJudge(ask, lambda: Pinned(case.pinned.revision, mixed))

    return judge


@dataclass(frozen=True, slots=True)
class Reviewed:
    """For a change that nobody has reviewed yet: only models, addresses and prices that the base has too are asked. An
    editor of the sheet could otherwise have the keys of CI sent to an address of his own, or spend at a price of 0."""

    before: ConfigSet

    def closed(self, case: SideCase) -> str:
        """Why no model may be asked; empty when one may."""
        if self._ladder(case):
            return ""
        return "its models are new or changed here, and are not asked before somebody has reviewed them"

    def pinned(self, case: SideCase) -> Pinned:
        """The config of the case with only the models that may be asked as the prompt's ladder."""
        config = case.pinned.config
        routing = config.routing
        own = routing.intents.get(case.slug, Intent()).model_copy(update={"ladder": self._ladder(case)})
        routes = routing.model_copy(update={"intents": {**routing.intents, case.slug: own}})
        return Pinned(case.pinned.revision, replace(config, routing=routes))

    def _ladder(self, case: SideCase) -> dict[str, Any]:
        ladder = prompt_ladder(case.pinned.config.routing, case.prompt)
        return {name: rung for name, rung in ladder.items() if self._known(case.pinned.config, name)}

    def _known(self, config: ConfigSet, name: str) -> bool:
        model, known = config.routing.models.get(name), self.before.routing.models.get(name)
        if model is None or known is None or model != known:
            return False
        same = config.routing.providers.get(model.provider) == self.before.routing.providers.get(model.provider)
        return same and config.prices.prices.get(name) == self.before.prices.prices.get(name)
