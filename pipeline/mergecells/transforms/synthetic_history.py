"""Made-up calls and quality records, to try reports and charts with. One seed, one history; never a measurement."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from mergecells.domain.llm import NANO, Attempt, CallContext, QualityRecord, Turn, Usage
from mergecells.domain.revision import Revision

PERSONAS: Final = ("field_sales", "inbound", "partner_desk")
MODELS: Final = {
    "gpt-4.1-mini": ("openai", 0.40, 1.60),
    "claude-haiku-4-5": ("anthropic", 1.00, 5.00),
    "claude-sonnet-4-5": ("anthropic", 3.00, 15.00),
}
"""Model → provider, dollars per million tokens in and out."""

CACHE_HITS: Final = 0.18
FALLBACKS: Final = 0.03
FAILURES: Final = 0.01
UNPRICED: Final = 0.004


class _Kind(NamedTuple):
    slug: str
    workflow: str
    node: str
    intent: str
    model: str
    fallback: str
    input_tokens: int
    output_tokens: int
    share: float


_DEAR, _MIDDLE, _CHEAP = "claude-sonnet-4-5", "claude-haiku-4-5", "gpt-4.1-mini"
_KINDS: Final = (
    _Kind("website_analysis", "research/site", "analyse", "website_analysis", _DEAR, _CHEAP, 3200, 700, 0.2),
    _Kind("email_body", "outreach/draft", "write", "editing_writing", _MIDDLE, _CHEAP, 900, 320, 0.35),
    _Kind("email_subject", "outreach/draft", "subject", "editing_writing", _CHEAP, _MIDDLE, 420, 24, 0.25),
    _Kind("hook", "outreach/hook", "hook", "editing_writing", _CHEAP, _MIDDLE, 380, 60, 0.12),
    _Kind("", "", "", "question_answering", _CHEAP, _MIDDLE, 600, 250, 0.08),
)
DEARER: Final = ("email_body", 1.8)
"""From the third revision on, this prompt's answers are so much longer."""

WORSE: Final = ("website_analysis", 0.14)
"""From the fourth revision on, this prompt's quality is so much lower."""


def synthetic_revisions(count: int, seed: int) -> tuple[Revision, ...]:
    """Names that look like commits and are none."""
    return tuple(hashlib.sha1(f"synthetic {seed} {number}".encode()).hexdigest() for number in range(count))  # noqa: S324


def synthetic_history(
    until: float, days: int, calls_a_day: int, seed: int, revisions: Sequence[Revision] = ()
) -> Iterator[Turn | QualityRecord]:
    """Calls of the `days` before `until` (Unix time), and a quality record for two of three answers, by time.

    `revisions`, oldest first, take turns of equal length; five made-up ones without any.
    """
    dice = random.Random(seed)  # noqa: S311 - nothing secret
    names = tuple(revisions) or synthetic_revisions(5, seed)
    start = until - days * 86_400
    for number in range(days * calls_a_day):
        at = start + (number + dice.random()) / (days * calls_a_day) * days * 86_400
        stage = min(len(names) - 1, int((at - start) / (until - start) * len(names)))
        turn = _turn(dice, number, at, names[stage], stage, seed)
        yield turn
        if turn.outcome == "ok" and turn.prompt_slug and dice.random() < 2 / 3:
            yield _quality(dice, turn, stage)


def _turn(dice: random.Random, number: int, at: float, revision: Revision, stage: int, seed: int) -> Turn:
    kind = dice.choices(_KINDS, weights=[each.share for each in _KINDS])[0]
    longer = DEARER[1] if kind.slug == DEARER[0] and stage >= 2 else 1.0
    sent = max(20, round(kind.input_tokens * dice.lognormvariate(0, 0.18)))
    answered = max(3, round(kind.output_tokens * longer * dice.lognormvariate(0, 0.22)))
    failed, cached = dice.random() < FAILURES, dice.random() < CACHE_HITS
    fallback = not failed and not cached and dice.random() < FALLBACKS
    model = kind.fallback if fallback else kind.model
    provider, price_in, price_out = MODELS[model]
    price = round((sent * price_in + answered * price_out) * NANO / 1_000_000) / NANO
    cost = 0.0 if cached or failed else None if dice.random() < UNPRICED else price
    seconds = 0.0006 if cached else 0.35 + answered / 90 * dice.lognormvariate(0, 0.3)
    persona = dice.choice(PERSONAS)
    context = CallContext(
        persona=persona if kind.slug else "",
        run_id=f"run-{number // 6}-{persona}" if kind.slug else "",
        node=kind.node,
        workflow=kind.workflow,
        session_id="" if kind.slug else f"thread-{number % 50}",
        trace_id=f"{dice.getrandbits(128):032x}",
    )
    first = Attempt(MODELS[kind.model][0], kind.model, "overloaded", 529, at, 0.2, 0.0, "synthetic")
    outcome = "timeout" if failed else "ok"
    last = Attempt(provider, model, "timeout" if failed else "ok", None if failed else 200, at, seconds, cost)
    return Turn(
        call_id=f"synthetic-{seed}-{number}",
        at=at,
        seconds=30.0 if failed else seconds,
        context=context,
        revision=revision,
        prompt_slug=kind.slug,
        prompt_sha=_sha(kind.slug, stage) if kind.slug else "",
        intent=kind.intent,
        confidence=1.0 if kind.slug else 0.5 + dice.random() / 2,
        intent_reason="synthetic",
        provider=provider,
        model=model,
        outcome="timeout" if outcome == "timeout" else "ok",
        usage=Usage(sent, 0 if failed else answered, cost, not failed and dice.random() < 0.005),
        cost_source="unknown" if cost is None else "precise",
        token_source="provider",  # noqa: S106 - where a count is from
        cached=cached and not failed,
        fallback=fallback,
        streamed=not kind.slug,
        attempts=() if cached and not failed else (first, last) if fallback else (last,),
        characters=round(sent * 4.1),
        saved_cost=price if cached and not failed else None,
        error="synthetic timeout" if failed else "",
    )


def _sha(slug: str, stage: int) -> str:
    changed = stage >= 2 if slug == DEARER[0] else stage >= 3 if slug == WORSE[0] else False
    return hashlib.sha256(f"synthetic {slug} {changed}".encode()).hexdigest()


def _quality(dice: random.Random, turn: Turn, stage: int) -> QualityRecord:
    lower = WORSE[1] if turn.prompt_slug == WORSE[0] and stage >= 3 else 0.0

    def score(middle: float) -> float:
        return round(min(1.0, max(0.0, dice.gauss(middle - lower, 0.06))), 4)

    parts = [score(0.9), score(0.84), score(0.8), score(0.78)]
    return QualityRecord(
        at=turn.at + turn.seconds,
        revision=turn.revision,
        prompt_slug=turn.prompt_slug,
        prompt_sha=turn.prompt_sha,
        overall=round(math.fsum(parts) / len(parts), 4),
        completeness=parts[0],
        clarity=parts[1],
        testability=parts[2],
        traceability=parts[3],
        validation_passed=dice.random() < 0.97,
        iterations=1 + (dice.random() < 0.15),
        counts={"items": dice.randint(3, 9)},
        call_id=turn.call_id,
        run_id=turn.context.run_id,
        persona=turn.context.persona,
        workflow=turn.context.workflow,
        model=turn.model,
        judge="synthetic",
    )
