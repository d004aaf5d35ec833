from mergecells._version import __version__
from mergecells.apps.embedding import open_config as open
from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UsageError
from mergecells.domain.findings import Finding
from mergecells.serving.live_config import Config
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Status
from mergecells.transforms.score import Score
from mergecells.transforms.score_result import ScoreColumns

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
