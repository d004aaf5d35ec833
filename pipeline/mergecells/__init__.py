"""Config-as-data from a spreadsheet to a running service, by git SHA.

    config = mergecells.open("/srv/leads/current")
    config.current.score({"years": 12})

Every name is imported when it is first used, so that `import mergecells` costs a service next to nothing. Type checkers
and editors read the names from `__init__.pyi`: an import here, even one for types only, would tie every layer that asks
for the version to all others.
"""

from __future__ import annotations

from typing import Any

from mergecells._version import __version__

_HOMES = {
    "BudgetExceededError": ("mergecells.domain.errors", "BudgetExceededError"),
    "CallContext": ("mergecells.domain.llm", "CallContext"),
    "Config": ("mergecells.serving.live_config", "Config"),
    "ConfigRejectedError": ("mergecells.domain.errors", "ConfigRejectedError"),
    "Finding": ("mergecells.domain.findings", "Finding"),
    "InvalidAnswerError": ("mergecells.domain.errors", "InvalidAnswerError"),
    "Llm": ("mergecells.prompting.client", "Llm"),
    "LlmCallError": ("mergecells.domain.errors", "LlmCallError"),
    "LlmResult": ("mergecells.domain.llm", "LlmResult"),
    "MergecellsError": ("mergecells.domain.errors", "MergecellsError"),
    "Score": ("mergecells.transforms.score", "Score"),
    "ScoreColumns": ("mergecells.transforms.score_result", "ScoreColumns"),
    "Snapshot": ("mergecells.serving.snapshot", "Snapshot"),
    "Status": ("mergecells.serving.status", "Status"),
    "UsageError": ("mergecells.domain.errors", "UsageError"),
    "open": ("mergecells.apps.embedding", "open_config"),
    "observe_llm": ("mergecells.prompting.observe", "observe_llm"),
    "open_llm": ("mergecells.apps.prompting", "open_llm"),
    "open_quality": ("mergecells.apps.quality", "open_quality"),
}

__all__ = [
    "BudgetExceededError",
    "CallContext",
    "Config",
    "ConfigRejectedError",
    "Finding",
    "InvalidAnswerError",
    "Llm",
    "LlmCallError",
    "LlmResult",
    "MergecellsError",
    "Score",
    "ScoreColumns",
    "Snapshot",
    "Status",
    "UsageError",
    "__version__",
    "observe_llm",
    "open",
    "open_llm",
    "open_quality",
]


def __getattr__(name: str) -> Any:
    """A public name from its home, remembered after the first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mergecells' has no attribute {name!r}")
    import importlib

    module, attribute = _HOMES[name]
    value = globals()[name] = getattr(importlib.import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
