"""Scores of calls over HTTP: found by the call, weighed by the config that serves, remembered and counted."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from mergecells.apps.service.problems import ProblemError
from mergecells.apps.service.quality_requests import QualityRequest
from mergecells.apps.service.recent_turns import RecentTurns
from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import CallContext, JudgedScores, LlmResult, QualityRecord, Turn
from mergecells.domain.quality import Quality
from mergecells.ports import History
from mergecells.prompting.client import Llm
from mergecells.prompting.judge import PromptJudge
from mergecells.serving.snapshot import Snapshot
from mergecells.transforms.quality_gate import passes
from mergecells.transforms.quality_record import about_call, dimensions_of, judged_record, scored_record


class QualityDesk:
    """`open_history` gives the history that the client writes to; it is opened when a call is not among the newest."""

    def __init__(self, llm: Llm, recent: RecentTurns, open_history: Callable[[], History]) -> None:
        self._llm, self._recent, self._open_history = llm, recent, open_history

    async def find(self, call_id: str) -> Turn:
        """The call that scores are of. Raises ProblemError (404), MergecellsError."""
        turn = self._recent.find(call_id) or await run_in_threadpool(self._look_up, call_id)
        if turn is None:
            raise ProblemError(
                404,
                "unknown-call",
                f"No call {call_id} is remembered.",
                hint="Every answer has its call_id. A call of another service is known here when both share a history.",
            )
        return turn

    async def score(self, asked: QualityRequest, turn: Turn, snapshot: Snapshot, trace_id: str) -> QualityRecord:
        """Keep what was given, or what the judge says. Raises UsageError, LlmCallError; nothing is kept then."""
        quality = snapshot.config.quality
        about = about_call(
            turn, turn.context, at=time.time(), judge=asked.judge, valid=asked.validation_passed,
            iterations=asked.iterations,
        )  # fmt: skip
        if asked.answer is None:
            record = scored_record(about, asked.scores, quality)
        else:
            record = judged_record(about, await self._judged(asked, turn, snapshot, trace_id), quality)
        self._recent.record_quality(record)
        self._llm.parts.metrics.quality_recorded(record)
        return record

    async def _judged(self, asked: QualityRequest, turn: Turn, snapshot: Snapshot, trace_id: str) -> JudgedScores:
        async def ask(slug: str, inputs: Mapping[str, Any], context: CallContext) -> LlmResult:
            return await self._llm.acall(slug, inputs, context=context, snapshot=snapshot)

        context = dataclasses.replace(turn.context, trace_id=trace_id, parent_span_id="")
        judge = PromptJudge(ask, lambda: snapshot)
        return await judge.judge(turn.prompt_slug, asked.inputs, asked.answer or "", context)

    def _look_up(self, call_id: str) -> Turn | None:
        try:
            history = self._open_history()
        except MergecellsError:
            return None  # Nothing was ever written.
        try:
            return history.call(call_id)
        finally:
            history.close()


def quality_document(record: QualityRecord, quality: Quality) -> dict[str, Any]:
    """The record as it was kept, and whether it passes the gate; null where nothing was judged."""
    verdict = passes(record.overall, dimensions_of(record), record.validation_passed, quality)
    return {**dataclasses.asdict(record), "passed": verdict}
