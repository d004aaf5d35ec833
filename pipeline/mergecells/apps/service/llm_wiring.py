"""Puts together what the LLM routes of the service work with."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.settings import ServiceSettings
from mergecells.domain.errors import MergecellsError
from mergecells.serving.snapshot import Snapshot

if TYPE_CHECKING:
    from mergecells.apps.service.llm_desk import LlmDesk

_NEEDED = ("jinja2", "openai", "sqlalchemy")


def llm_is_installed() -> bool:
    """Whether the extras `llm` and `history` are there; without them the service scores and does nothing else."""
    return all(find_spec(name) is not None for name in _NEEDED)


def build_desk(live: LiveConfig, settings: ServiceSettings, registry: CollectorRegistry) -> LlmDesk:
    """The client over the config that serves, and where its conversations are kept. No file and no connection is opened
    before the first call. Raises UsageError for settings that cannot be."""
    from mergecells.adapters.prometheus_history import HistoryMetrics
    from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics
    from mergecells.apps.history import open_history, open_threads, open_turn_log
    from mergecells.apps.llm_stores import llm_folder
    from mergecells.apps.prompting import open_llm
    from mergecells.apps.service.llm_desk import LlmDesk
    from mergecells.apps.service.llm_gate import LlmGate
    from mergecells.apps.service.quality_desk import QualityDesk
    from mergecells.apps.service.recent_turns import RecentTurns
    from mergecells.apps.state_files import history_in

    def current() -> Snapshot:
        pinned = live.snapshot
        if pinned is None:
            raise MergecellsError("No good config has been loaded yet.", "GET /internal/config says why.")
        return pinned.snapshot

    # The same history that `open_llm` would open; here its counts are told too.
    history = history_in(llm_folder(settings.state_dir)) if settings.state_dir else ""
    log = open_turn_log(history)
    HistoryMetrics(log.counts, registry)
    turns = RecentTurns(log)
    llm = open_llm(current, state_dir=settings.state_dir, metrics=PrometheusLlmMetrics(registry), turns=turns)
    gate = LlmGate(settings.llm_per_minute, settings.llm_at_once)
    scores = QualityDesk(llm, turns, lambda: open_history(history))
    return LlmDesk(llm, gate, open_threads(history), settings, scores)
