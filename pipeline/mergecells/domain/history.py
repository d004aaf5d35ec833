"""What is remembered of calls, as it is read back for reports. Money is in whole nano-dollars; None is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mergecells.domain.revision import Revision


class TurnFacts(NamedTuple):
    """One call, without what only its own page would show. A named tuple: a report reads them by the hundred thousand.

    `at` is Unix time, `seconds` the whole duration. `cost` is 0 for an answer from the cache, None when no price was
    known; `saved` is what such an answer would have cost.
    """

    call_id: str
    at: float
    seconds: float
    revision: Revision
    prompt_slug: str
    prompt_sha: str
    persona: str
    run_id: str
    node: str
    workflow: str
    intent: str
    provider: str
    model: str
    outcome: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cost: int | None
    cached: bool
    fallback: bool
    truncated: bool
    saved: int | None
    tries: int
    safety_flags: str
    """Separated by blanks."""

    @property
    def subsystem(self) -> str:
        """The workflow up to its first `/`; for a call without one, what kind of call it was."""
        return self.workflow.partition("/")[0] or ("prompts" if self.prompt_slug else "threads")


class QualityFacts(NamedTuple):
    """One quality record. Scores 0..1; None where there was nothing to judge."""

    at: float
    revision: Revision
    prompt_slug: str
    prompt_sha: str
    persona: str
    run_id: str
    workflow: str
    model: str
    judge: str
    overall: float | None
    completeness: float | None
    clarity: float | None
    testability: float | None
    traceability: float | None
    validation_passed: bool | None
    iterations: int
    call_id: str


class NodeCost(NamedTuple):
    """What one node of one run cost at one revision; a node that ran again is added up."""

    run_id: str
    node: str
    revision: Revision
    prompt_sha: str
    workflow: str
    persona: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: int
    unknown_costs: int
    """Calls among them whose cost is not known and not in `cost`."""
    seconds: float
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class LogCounts:
    """How the writer of history fares, since the process started. `state`: idle, writing, failing, refused, closed.

    `refused`: the database is of a newer version of mergecells; nothing is written and everything counts as dropped.
    """

    recorded: int = 0
    written: int = 0
    dropped: int = 0
    failures: int = 0
    waiting: int = 0
    state: str = "idle"
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind are older than the limit."""

    turns: int = 0
    attempts: int = 0
    quality: int = 0
    runs: int = 0
    node_costs: int = 0
    messages: int = 0

    @property
    def total(self) -> int:
        return self.turns + self.attempts + self.quality + self.runs + self.node_costs + self.messages
