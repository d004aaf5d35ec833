"""Wires the client of language models: `mergecells.open_llm()`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

# What a client is made of takes longer to import than a program may wait that only names this function.
if TYPE_CHECKING:
    from mergecells.domain.routing import Provider
    from mergecells.ports import IntentClassifier, LlmMetrics, ResponseCache, Tracer, TurnLog
    from mergecells.prompting.client import Llm
    from mergecells.prompting.plan import ConfigSource, PinnedConfig
    from mergecells.prompting.tries import ProviderMaker


def open_llm(
    config: str | os.PathLike[str] | ConfigSource | Callable[[], PinnedConfig],
    *,
    cache_url: str = "",
    ledger_url: str = "",
    history_url: str = "",
    state_dir: str | os.PathLike[str] = "",
    metrics: LlmMetrics | None = None,
    tracer: Tracer | None = None,
    turns: TurnLog | None = None,
    classifier: IntentClassifier | str | None = None,
    cache: ResponseCache | None = None,
    providers: ProviderMaker | None = None,
) -> Llm:
    """A client for the prompts of `config`: a path, what `mergecells.open()` returned, or a function that gives the
    current Snapshot. A config that is opened here, by path, is closed with the client.

    What is left out comes from the environment, see docs/llm.md: where answers are kept, budgets are counted and calls
    are remembered (files below `state_dir`, else Redis and PostgreSQL by URL), and where spans are sent. Keys of
    providers are read from the variables that `routing.yaml` names, with the first call. Raises UsageError.

    `classifier` tells intents where the rules say ambiguous: an object, or the slug of a prompt (`intent_classifier` is
    shipped).
    """
    from mergecells.adapters.provider_factory import ProviderFactory
    from mergecells.apps.llm_stores import llm_folder, open_cache, open_ledger
    from mergecells.apps.llm_watchers import make_counter, make_tracer, make_turn_log
    from mergecells.apps.state_files import history_in
    from mergecells.prompting.answer_cache import AnswerCache
    from mergecells.prompting.budget_guard import BudgetGuard
    from mergecells.prompting.client import Llm
    from mergecells.prompting.parts import LlmParts
    from mergecells.prompting.plan import pin
    from mergecells.prompting.silence import NoLlmMetrics
    from mergecells.serving.clock import SystemClock

    source, closers = _source(config)
    folder = llm_folder(os.fspath(state_dir))
    history = history_url or (history_in(folder) if state_dir else "")
    told, clock = metrics or NoLlmMetrics(), SystemClock()
    kept, ledger = cache or open_cache(folder, cache_url), open_ledger(folder, ledger_url)
    pinned = pin(source)
    parts = LlmParts(
        providers=providers or ProviderFactory(),
        cache=AnswerCache(kept, told),
        budget=BudgetGuard(ledger, told, now=lambda: clock.now().timestamp()),
        turns=turns or make_turn_log(history),
        tracer=tracer or make_tracer(partial(_provider, pinned)),
        metrics=told,
        clock=clock,
        counter=make_counter(history),
        classifier=classifier,
        closers=(kept.close, ledger.close, *closers),
    )
    return Llm(source, parts)


def _source(
    config: str | os.PathLike[str] | ConfigSource | Callable[[], PinnedConfig],
) -> tuple[ConfigSource | Callable[[], PinnedConfig], tuple[Callable[[], object], ...]]:
    """(where Snapshots come from, what to close)."""
    if isinstance(config, str | os.PathLike):
        from mergecells.apps.embedding import open_config

        opened = open_config(config)
        return opened, (opened.close,)
    return config, ()


def _provider(pinned: Callable[[], PinnedConfig], name: str) -> Provider | None:
    return pinned().config.routing.providers.get(name)
