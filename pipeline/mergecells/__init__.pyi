from mergecells._version import __version__
from mergecells.apps.embedding import open_config as open
from mergecells.apps.prompting import open_llm
from mergecells.apps.quality import open_quality
from mergecells.domain.errors import (
    BudgetExceededError,
    ConfigRejectedError,
    InvalidAnswerError,
    LlmCallError,
    MergecellsError,
    UsageError,
)
from mergecells.domain.findings import Finding
from mergecells.domain.llm import CallContext, LlmResult
from mergecells.prompting.client import Llm
from mergecells.prompting.observe import observe_llm
from mergecells.serving.live_config import Config
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Status
from mergecells.transforms.score import Score
from mergecells.transforms.score_result import ScoreColumns

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
