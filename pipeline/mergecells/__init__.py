"""Config-as-data from a spreadsheet to a running service, by git SHA.

    config = mergecells.open("/srv/leads/current")
    config.current.score({"years": 12})

Everything is imported when it is first used, so that `import mergecells` costs a service next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mergecells._version import __version__

if TYPE_CHECKING:
    from mergecells.apps.embedding import open_config as open
    from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UsageError
    from mergecells.domain.findings import Finding
    from mergecells.serving.live_config import Config
    from mergecells.serving.snapshot import Snapshot
    from mergecells.serving.status import Status
    from mergecells.transforms.score import Score, ScoreColumns

__all__ = [
    "Config",
    "ConfigRejectedError",
    "Finding",
    "MergecellsError",
    "Score",
    "ScoreColumns",
    "Snapshot",
    "Status",
    "UsageError",
    "__version__",
    "open",
]

_HOMES = {
    "Config": ("mergecells.serving.live_config", "Config"),
    "ConfigRejectedError": ("mergecells.domain.errors", "ConfigRejectedError"),
    "Finding": ("mergecells.domain.findings", "Finding"),
    "MergecellsError": ("mergecells.domain.errors", "MergecellsError"),
    "Score": ("mergecells.transforms.score", "Score"),
    "ScoreColumns": ("mergecells.transforms.score", "ScoreColumns"),
    "Snapshot": ("mergecells.serving.snapshot", "Snapshot"),
    "Status": ("mergecells.serving.status", "Status"),
    "UsageError": ("mergecells.domain.errors", "UsageError"),
    "open": ("mergecells.apps.embedding", "open_config"),
}


def __getattr__(name: str) -> Any:
    """PEP 562: the public names, each from its home, remembered after the first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mergecells' has no attribute {name!r}")
    import importlib

    module, attribute = _HOMES[name]
    value = globals()[name] = getattr(importlib.import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
