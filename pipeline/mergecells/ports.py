"""The roles that outside systems play. A Protocol only where a second system exists or is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

# For types only: a service that reads rules must not pay for the models of workbooks and pull requests.
if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from mergecells.domain.config_tree import ConfigTree
    from mergecells.domain.history import LogCounts, NodeCost, Pruned, QualityFacts, TurnFacts
    from mergecells.domain.llm import (
        Attempt,
        BudgetState,
        CachedAnswer,
        CacheStats,
        CallContext,
        Cap,
        JudgedScores,
        LedgerEntry,
        ModelAnswer,
        ModelRequest,
        QualityRecord,
        Reserved,
        Turn,
    )
    from mergecells.domain.locations import CellRef
    from mergecells.domain.loop_trace import CommitTrace
    from mergecells.domain.messages import Message
    from mergecells.domain.pulls import CheckResult, Proposal, PullRequest
    from mergecells.domain.revision import Files, Revision
    from mergecells.domain.workbook import Workbook
    from mergecells.domain.workbook_layout import WorkbookLayout


class WorkbookSource(Protocol):
    """A spreadsheet that people edit: a local .xlsx file, or a Google Sheet."""

    def describe(self) -> str:
        """What to call it in messages: a file name, a sheet's title."""
        ...

    @property
    def address(self) -> str:
        """Where a person finds it: a path, a web address."""
        ...

    def exists(self) -> bool:
        """Whether there is anything to read; without it the next write makes the workbook from nothing."""
        ...

    def read(self) -> Workbook:
        """Everything in one consistent read. Raises WorkbookUnreadableError; a partial read is never returned."""
        ...

    def write(self, layout: WorkbookLayout) -> None:
        """Bring the workbook to `layout` in one atomic step, creating it if missing; what the layout does not name
        (other tabs, columns to the right, formats of untouched cells) stays. Raises WorkbookChangedError when somebody
        edited it since the last read."""
        ...

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Show a note and a colour at each cell (conflicts, findings) and clear those of an earlier call."""
        ...

    def remember(self, metadata: Mapping[str, str]) -> None:
        """Replace the workbook's metadata; every cell stays."""
        ...


class PullRequestHost(Protocol):
    """Where proposals are reviewed and merged: a local bare repository, or GitHub."""

    def head(self, branch: str) -> Revision: ...

    def resolve(self, name: str) -> Revision:
        """A full SHA from a branch, tag, `pull/N`, or shortened SHA. Raises UnknownRevisionError."""
        ...

    def read_files(self, revision: Revision) -> Files:
        """The config files of one commit, each whole."""
        ...

    def contains(self, newer: Revision, older: Revision) -> bool:
        """Whether `older` is `newer` or one of its ancestors; False where the repository does not have one of them."""
        ...

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open or update the source's pull request in one atomic commit. Raises HeadMovedError."""
        ...

    def record_check(self, number: int, result: CheckResult) -> None: ...

    def pulls(self, state: str = "open") -> list[PullRequest]: ...

    def show(self, number: int) -> PullRequest: ...

    def diff(self, number: int) -> str:
        """Unified diff of the pull request against its base."""
        ...

    def approve(self, number: int, by: str, *, seen: Revision | None = None) -> PullRequest:
        """Approve the present head. Raises HeadMovedError when it is not the one that was `seen`."""
        ...

    def close(self, number: int, by: str) -> PullRequest:
        """Give the pull request up; its source may open a new one."""
        ...

    def preview(self, number: int) -> Files:
        """The config files as a merge into the branch as it is now would leave them. Raises MergecellsError on
        conflicts."""
        ...

    def merge(
        self,
        number: int,
        by: str,
        *,
        force: bool = False,
        seen: Revision | None = None,
        onto: Revision | None = None,
    ) -> PullRequest:
        """A real merge commit on the branch, compare-and-swap. Raises MergecellsError on conflicts and on a failed
        check, HeadMovedError when the pull request's head is not the one `seen` or the branch is not at `onto`;
        `force` merges in spite of a failed check, never in spite of a conflict."""
        ...


class ReleaseLog(Protocol):
    """Where it is told how far a revision got: a Deployment on GitHub, nowhere for a local repository."""

    def tell(self, state: str, description: str) -> None:
        """`state`: waiting, live or failed. `description`: `live on 2 of 3 services`."""
        ...

    def comment(self, number: int, name: str, text: str) -> None:
        """Put `text` into the comment called `name` on a pull request, in the place of an earlier one."""
        ...

    def issue(self, name: str, title: str, text: str) -> str | None:
        """Keep `text` in the one open issue called `name`, and close it for an empty text; its address, if any."""
        ...


class RevisionSource(Protocol):
    """A branch whose newest revision is to be published: a git repository, or a host's API."""

    def describe(self) -> str:
        """The repository and branch, for messages and manifests."""
        ...

    def newest(self) -> Revision:
        """The branch's revision now, wherever it moved (forward, back, or forced). Raises MergecellsError."""
        ...

    def lineage(self, revision: Revision, limit: int) -> list[Revision]:
        """The commit and its first parents, newest first, at most `limit` of them."""
        ...

    def read_files(self, revision: Revision) -> Files:
        """The config files of one commit, each whole. Raises ConfigRejectedError for what cannot be read safely."""
        ...

    def trace(self, revision: Revision) -> CommitTrace:
        """The trace that the commit, or the one that it merges, carries, and when both were made."""
        ...


class TreeStore(Protocol):
    """Where whole config trees are kept, one for each revision, one of them current."""

    def current(self) -> Revision | None: ...

    def publish(self, tree: ConfigTree) -> None:
        """Write the tree and make it current, in steps of which each leaves a whole tree behind, whatever stops it.
        Raises MergecellsError (disk full, no permission); the former tree then stays current."""
        ...

    def recent(self) -> Iterator[ConfigTree]:
        """The trees that are there: the current one, then the others from the newest. Unreadable ones are left out."""
        ...


class RejectionLog(Protocol):
    """Remembers, beside the published trees, the revisions that were not published."""

    def rejections(self) -> list[str]:
        """One JSON object a line, oldest first."""
        ...

    def record_rejection(self, line: str) -> None: ...

    def record_head(self, text: str) -> None:
        """Tell the services where the branch is: one JSON object, in the place of the former one."""
        ...


class ConfigFolder(Protocol):
    """Where a running service finds its config: a published tree, a checkout, a mounted ConfigMap, a plain folder."""

    def describe(self) -> str: ...

    def fingerprint(self) -> str:
        """Changes when the files may have changed; cheap, and right only nearly always: a digest decides."""
        ...

    def whole(self) -> str | None:
        """The name of the complete, settled tree that is there now; None where somebody may be editing."""
        ...

    def read(self) -> ConfigTree:
        """All files at one moment. Raises TreeChangingError, ConfigRejectedError, or MergecellsError."""
        ...

    def head(self) -> str:
        """What the publisher of this folder last told of its branch, see `RejectionLog.record_head`; empty when
        nobody did. Never raises."""
        ...

    def older(self) -> Iterator[ConfigTree]:
        """Earlier trees that are still there, newest first, for a start while the newest is bad."""
        ...


class Watcher(Protocol):
    """Gives hints that something changed. Events may be lost, so nothing relies on them but speed."""

    def tend(self) -> str:
        """Start or repair the watch; what keeps it from working, empty when it works."""
        ...

    def close(self) -> None: ...


class Metrics(Protocol):
    """Numbers for operators. No call may fail or block."""

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        """One attempt to load a config. `status`: `success` or `failure`."""
        ...

    def revision_live(self, revision: Revision, at: float) -> None:
        """`revision` serves since the Unix time `at`."""
        ...


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds that only grow, for waiting."""
        ...

    def now(self) -> datetime.datetime:
        """The time in UTC, for people."""
        ...


class ModelProvider(Protocol):
    """One provider's API: OpenAI and those that speak as it does, Anthropic, Gemini. Tries once: retrying is the
    ladder's. Used on one event loop."""

    async def complete(self, request: ModelRequest) -> ModelAnswer:
        """The whole answer. Raises ProviderError."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[str | ModelAnswer]:
        """Pieces of text as they come, and the whole answer as the last item. Raises ProviderError, also for a stream
        that ends without the provider's own end."""
        ...

    async def close(self) -> None: ...


class ResponseCache(Protocol):
    """Keeps complete answers. Safe from any thread; nothing raises: a cache that fails is a miss, told in the log.

    Several processes may share one; `claim` lets one of them ask the provider while the others wait.
    """

    @property
    def quick(self) -> bool:
        """Whether `get` is done in a fraction of a millisecond, so that an event loop may wait for it."""
        ...

    def get(self, key: str) -> CachedAnswer | None:
        """The answer if it is there, whole and not too old. Counts nothing."""
        ...

    def count(self, found: CachedAnswer | None) -> None:
        """Count a call that was served with `found`, or one that was not: statistics add up over processes."""
        ...

    def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None: ...

    def claim(self, key: str, owner: str, lease_s: float, *, wait: bool = True) -> bool | None:
        """Whether `owner` may make the answer now: nobody else has claimed it, or the claim has run out. The owner's
        own claim is renewed. None with `wait` false: it would have had to wait for another."""
        ...

    def release(self, key: str, owner: str) -> None:
        """Give the claim back, whether an answer was put or not. Another's claim stays."""
        ...

    def stats(self) -> CacheStats: ...

    def clear(self) -> int:
        """Remove every answer, and count from 0 again; how many answers there were."""
        ...

    def close(self) -> None: ...


class BudgetLedger(Protocol):
    """What was spent, and what is held back for calls under way. Exact and atomic, also between processes.

    Unlike a cache it may not fail in silence: it raises MergecellsError, and the call is then not made. With `wait`
    false a method raises LedgerBusyError, and has done nothing, where it would have to wait for another.
    """

    @property
    def quick(self) -> bool:
        """Whether methods are done in a fraction of a millisecond, so that an event loop may ask with `wait` false."""
        ...

    def reserve(
        self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float, *, wait: bool = True
    ) -> Reserved:
        """Hold `amount` nano-dollars back on every key at once, if each of them stays within its halt; else on none.

        After `lease_s` without `settle` the process is taken for dead, and the amount counts as spent (`lapsed`): the
        provider may have answered.
        """
        ...

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """Replace what was held back by what was spent, also more than that or 0, and also after its lease. A second
        time does nothing. What the keys of the reservation hold then; empty for one that is not known."""
        ...

    def read(self, keys: Sequence[str], *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """What the keys hold now, in their order; 0 for one that was never used."""
        ...

    def entries(self, limit: int) -> tuple[LedgerEntry, ...]:
        """What was used last, newest first, at most `limit` keys."""
        ...

    def close(self) -> None: ...


class IntentClassifier(Protocol):
    """Tells what a message is about, where the rules of `routing.yaml` are not enough."""

    async def classify(self, message: str, intents: Mapping[str, str], context: CallContext) -> tuple[str, float, str]:
        """(intent, confidence 0..1, reason) for a message; `intents` are name → description, `context` that of the call
        which the message is of, for budgets and traces. Raises MergecellsError."""
        ...


class Tracer(Protocol):
    """Where calls are traced. No method may fail or block."""

    def turn_finished(self, turn: Turn, messages: Sequence[Message], text: str) -> None:
        """One call, ended; its tries and their times are in the turn. `messages` and `text` are what was said."""
        ...

    def close(self) -> None:
        """Send what is left, within a second."""
        ...


class LoopTracer(Protocol):
    """Where the steps of a change are traced, from its submission to the first score. No method may fail or block."""

    def span(
        self,
        name: str,
        traceparent: str,
        started: float,
        ended: float,
        attributes: Mapping[str, str],
        *,
        root: bool = False,
        failed: str = "",
    ) -> None:
        """One step below the span that `traceparent` names, or, as `root`, that span itself. Unix times; nothing is
        recorded for what is no W3C context. `failed` says why it failed."""
        ...

    def close(self) -> None:
        """Send what is left, within a second."""
        ...


class LlmMetrics(Protocol):
    """Numbers about calls for operators. No method may fail or block."""

    def turn_finished(self, turn: Turn) -> None: ...

    def attempt_finished(self, attempt: Attempt) -> None: ...

    def cache_asked(self, result: str) -> None:
        """`result`: hit, miss, shared (another call's answer), bypass (not asked)."""
        ...

    def budgets_seen(self, budgets: Sequence[BudgetState]) -> None: ...

    def breaker_changed(self, provider: str, state: str) -> None:
        """`state`: closed, open, half_open."""
        ...

    def quality_recorded(self, quality: QualityRecord) -> None: ...


class TurnLog(Protocol):
    """Where calls and their quality are remembered. `record_` neither raises nor waits for the database."""

    def record_turn(self, turn: Turn) -> None: ...

    def record_quality(self, quality: QualityRecord) -> None: ...

    def close(self) -> None:
        """Write what is left, within a bounded time."""
        ...


class TurnLogCounts(Protocol):
    """A TurnLog that tells how it fares: for metrics, since recording itself says nothing."""

    def counts(self) -> LogCounts: ...


class History(Protocol):
    """What was remembered, for reports. Times are Unix seconds; `until` is not included. Raises MergecellsError."""

    def describe(self) -> str:
        """Where it is, without any password."""
        ...

    @property
    def synthetic(self) -> bool:
        """Whether it was made up, to try reports."""
        ...

    def turns(self, since: float, until: float) -> Iterator[TurnFacts]:
        """Calls that started in the period, oldest first."""
        ...

    def quality(self, since: float, until: float) -> Iterator[QualityFacts]: ...

    def node_costs(self, since: float, until: float) -> Iterator[NodeCost]:
        """Nodes whose last call was in the period."""
        ...

    def call(self, call_id: str) -> Turn | None:
        """One call with its attempts."""
        ...

    def run(self, run_id: str) -> tuple[NodeCost, ...]:
        """What the nodes of one run cost, in the order of their first calls; empty for a run that is not known."""
        ...

    def prune(self, before: float, *, apply: bool) -> Pruned:
        """Count what ended before then, and with `apply` delete it."""
        ...

    def close(self) -> None: ...


class QualityJudge(Protocol):
    """Scores an answer where fixed rules are not enough: a model, or people by some means."""

    async def judge(
        self, slug: str, inputs: Mapping[str, object] | None, text: str, context: CallContext
    ) -> JudgedScores:
        """The dimensions of one answer of the prompt `slug` (empty: of a conversation) to `inputs` (None: not known).
        `context` is that of the judged call, for budgets and traces. Raises MergecellsError; never a made-up score."""
        ...


class ThreadStore(Protocol):
    """Conversations: the messages of a thread in their order. Bounded: the oldest of a long thread go."""

    def messages(self, thread: str, limit: int) -> tuple[Message, ...]:
        """The newest `limit` messages, oldest first; empty for a new thread. Raises MergecellsError."""
        ...

    def append(self, thread: str, messages: Sequence[Message], call_id: str) -> None:
        """Add all of them or none. Raises MergecellsError."""
        ...

    def close(self) -> None: ...


class Calibrations(Protocol):
    """How many characters a token of one prompt has with one model, as providers reported it."""

    def characters_per_token(self, prompt_slug: str, prompt_sha: str, model: str) -> float | None:
        """From this very text of the prompt, else from earlier texts of it; None below a minimum of samples. Neither
        raises nor waits: it answers from memory. Without images: what they count is not in the characters."""
        ...
