"""What a client is made of; `apps/prompting.py` puts it together."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from mergecells.ports import Clock, IntentClassifier, LlmMetrics, Tracer, TurnLog
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.tries import ProviderMaker


@dataclass(frozen=True, slots=True)
class LlmParts:
    """`chance` gives numbers from 0 to 1, for jitter. `closers` are called when the client closes. `classifier`
    may be the slug of a prompt that tells intents."""

    providers: ProviderMaker
    cache: AnswerCache
    budget: BudgetGuard
    turns: TurnLog
    tracer: Tracer
    metrics: LlmMetrics
    clock: Clock
    counter: TokenCounter = field(default_factory=TokenCounter)
    classifier: IntentClassifier | str | None = None
    chance: Callable[[], float] = random.random
    closers: tuple[Callable[[], object], ...] = ()
