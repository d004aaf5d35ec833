"""Scores of answers, for programs: `mergecells.open_quality()`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from mergecells.apps.history import open_turn_log
from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext, LlmResult, QualityRecord
from mergecells.domain.revision import Revision
from mergecells.ports import LlmMetrics, QualityJudge, TurnLog
from mergecells.prompting.client import Llm
from mergecells.transforms.quality_gate import passes
from mergecells.transforms.quality_record import (
    about_call,
    dimensions_of,
    evaluate_answer,
    evaluated_record,
    judged_record,
    scored_record,
)


class _Pinned(Protocol):
    @property
    def config(self) -> ConfigSet: ...

    @property
    def revision(self) -> Revision: ...


class _Source(Protocol):
    @property
    def current(self) -> _Pinned: ...


class QualityBook:
    """Judges results and remembers scores. Recording neither waits nor raises; a wrong score does.

    Scores belong to who made the call (persona, run, workflow), unless another `context` is given.
    """

    def __init__(
        self, config: _Source, turns: TurnLog, metrics: LlmMetrics | None = None, llm: Llm | None = None
    ) -> None:
        self._config, self._turns, self._metrics, self._llm = config, turns, metrics, llm
        self._judge: QualityJudge | None = open_judge(llm) if llm is not None else None

    def evaluate(
        self,
        result: LlmResult,
        inputs: Mapping[str, Any] | None = None,
        context: CallContext | None = None,
        example: str | None = None,
    ) -> QualityRecord:
        """Judge what a call gave back by the fixed rules, with the weights of the current config, and remember it.

        `inputs`: what the prompt was called with, for traceability; without them it is not judged. Raises UsageError
        for a result without a prompt, or of a prompt that the config has no more.
        """
        config = self._config.current.config
        prompt = config.prompts.get(result.prompt_slug)
        if prompt is None:
            raise UsageError(f"There is no prompt {result.prompt_slug!r} to judge the answer by.")
        scores = evaluate_answer(result.text, prompt, inputs, example, truncated=result.truncated)
        record = evaluated_record(scores, config.quality, result, context or result.context, time.time())
        self._keep(record)
        return record

    def record(
        self,
        result: LlmResult,
        *,
        judge: str,
        context: CallContext | None = None,
        overall: float | None = None,
        completeness: float | None = None,
        clarity: float | None = None,
        testability: float | None = None,
        traceability: float | None = None,
        validation_passed: bool | None = None,
        iterations: int = 1,
        counts: Mapping[str, int] | None = None,
    ) -> QualityRecord:
        """Remember the scores that `judge` (a person, a model) gave: 0..1, None is not judged. Raises UsageError."""
        about = about_call(
            result,
            context or result.context,
            at=time.time(),
            judge=judge,
            valid=validation_passed,
            iterations=iterations,
            counts=counts,
        )
        scores = {
            "overall": overall,
            "completeness": completeness,
            "clarity": clarity,
            "testability": testability,
            "traceability": traceability,
        }
        record = scored_record(about, scores, self._config.current.config.quality)
        self._keep(record)
        return record

    async def ajudge(
        self, result: LlmResult, inputs: Mapping[str, Any] | None = None, context: CallContext | None = None
    ) -> QualityRecord:
        """Let the judge of quality.yaml score what a call gave back, and remember it. It is a call like any other, with
        a cost, a budget and a turn of its own. Raises UsageError without a judge, LlmCallError (of which
        InvalidAnswerError, for an answer that is no scores: nothing is recorded then)."""
        if self._judge is None:
            raise UsageError("This book has no client to ask a judge with.", "Give one: open_quality(config, llm=llm).")
        given = context or result.context
        judged = await self._judge.judge(result.prompt_slug, inputs, result.text, given)
        about = about_call(result, given, at=time.time(), judge=judged.judge)
        record = judged_record(about, judged, self._config.current.config.quality)
        self._keep(record)
        return record

    def judge(
        self, result: LlmResult, inputs: Mapping[str, Any] | None = None, context: CallContext | None = None
    ) -> QualityRecord:
        """As `ajudge`, from code that is no coroutine."""
        if self._llm is None:
            raise UsageError("This book has no client to ask a judge with.", "Give one: open_quality(config, llm=llm).")
        return self._llm.work(self.ajudge(result, inputs, context))

    def passes(self, record: QualityRecord) -> bool | None:
        """Whether a record passes the gate of the current config; None when nothing of it was judged."""
        quality = self._config.current.config.quality
        return passes(record.overall, dimensions_of(record), record.validation_passed, quality)

    def close(self) -> None:
        """Write what is left, within a bounded time."""
        self._turns.close()

    def _keep(self, record: QualityRecord) -> None:
        self._turns.record_quality(record)
        if self._metrics is not None:
            self._metrics.quality_recorded(record)


def open_judge(llm: Llm) -> QualityJudge:
    """The model-based judge of the config that a client has; its calls are made by that client."""
    from mergecells.prompting.judge import PromptJudge

    return PromptJudge(lambda slug, inputs, context: llm.acall(slug, inputs, context=context), llm.pinned)


def open_quality(
    config: _Source, *, history_url: str = "", metrics: LlmMetrics | None = None, llm: Llm | None = None
) -> QualityBook:
    """A QualityBook over what `mergecells.open()` returned, into the history of `open_llm`. With `llm`, a model can be
    asked to judge. Raises UsageError."""
    return QualityBook(config, open_turn_log(history_url), metrics, llm)
