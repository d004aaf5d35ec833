"""How `prompts run` shows costs, answers and verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from mergecells.apps.cli.prompt_output import table_lines
from mergecells.apps.cli.prompt_run import Case, Offer, Verdict, dearest
from mergecells.domain.errors import InvalidAnswerError, LlmCallError
from mergecells.domain.llm import LlmResult
from mergecells.domain.revision import short
from mergecells.transforms.plan_words import counted

SHOWN_ANSWER = 2_000
"""Characters of an answer that is no such form."""


def dollars(amount: float | None) -> str:
    """`$0.0012`; `unknown` without a price, never 0."""
    if amount is None:
        return "unknown"
    return f"${amount:.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.6f}".rstrip("0")


def offer_lines(slug: str, found: Sequence[Offer], calls: int, most: Sequence[float | None]) -> list[str]:
    """What one call would be asked, and the cost of all of them at the most."""
    rows = [("model", "provider", "key", "tokens in", "tokens out at most", "cost at most")]
    for each in found:
        if each.problem:
            rows.append((each.model, each.problem, "", "", "", ""))
            continue
        tokens = f"{each.input_tokens:,} ({each.token_source})"
        rows.append(
            (each.model, each.provider, each.key, tokens, f"{each.most_output_tokens:,}", dollars(each.worst_case))
        )
    whole = None if any(cost is None for cost in most) else sum(cost or 0.0 for cost in most)
    what = "1 call" if calls == 1 else f"{calls} calls"
    return [*table_lines(rows), "", f"{slug}: {what}, {dollars(whole)} at the most, whichever model answers."]


def offers_json(slug: str, cases: Sequence[Case], found: Sequence[Sequence[Offer]]) -> dict[str, Any]:
    calls = [
        {"name": case.name, "cost_at_most": dearest(each), "models": [dataclasses.asdict(one) for one in each]}
        for case, each in zip(cases, found, strict=True)
    ]
    return {"slug": slug, "sent": False, "calls": calls}


def result_line(result: LlmResult) -> str:
    """Model, tokens, cost, time and budgets of one answer, for a person."""
    usage = result.usage
    where = "from the cache" if result.cached else f"in {result.asked_seconds:.2f} s"
    told = [
        f"{result.model} ({result.provider}) {where}",
        f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens ({result.token_source})",
        f"{dollars(usage.cost_est)} ({result.cost_source})",
        f"prompt {result.prompt_sha[:12]}",
        f"revision {short(result.revision)}",
    ]
    told += [f"{len(result.attempts)} attempts"] if len(result.attempts) > 1 else []
    told += ["truncated"] if result.truncated else []
    told += ["JSON repaired"] if result.repaired else []
    lines = [", ".join(told)]
    for budget in result.budgets:
        mark = " HALTED" if budget.halted else " warned" if budget.warned else ""
        lines.append(f"  {budget.key}: {dollars(budget.spent)} of {dollars(budget.halt)} spent{mark}")
    return "\n".join(lines)


def failure_lines(error: LlmCallError) -> Iterator[str]:
    """Each try of a call that gave no answer, with what it cost; then what was said, where it is not what was asked."""
    for each in error.attempts:
        status = f" {each.status}" if each.status else ""
        cost = f", {dollars(each.cost_est)}" if each.cost_est != 0 else ""
        yield f"{each.model} ({each.provider}): {each.outcome}{status} in {each.seconds:.2f} s{cost}"
    if isinstance(error, InvalidAnswerError) and error.text:
        yield f"It said: {error.text[:SHOWN_ANSWER]}{' …' if len(error.text) > SHOWN_ANSWER else ''}"


def result_json(result: LlmResult) -> dict[str, Any]:
    budgets = [
        {**dataclasses.asdict(each), "remaining": each.remaining, "warned": each.warned, "halted": each.halted}
        for each in result.budgets
    ]
    return {**dataclasses.asdict(result), "budgets": budgets}


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A table of the examples, then what is wrong with each that failed, and the cost of all."""
    rows = [("example", "result", "model", "tokens", "cost")]
    for each in verdicts:
        result = each.result
        numbers = (
            (result.model, f"{result.usage.input_tokens:,} + {result.usage.output_tokens:,}", _cost(result))
            if result
            else ("", "", "")
        )
        rows.append((each.case.name, "failed" if each.problems else "good", *numbers))
    lines = list(table_lines(rows))
    for each in verdicts:
        lines += [f"{each.case.name}: {problem}" for problem in each.problems]
    good = sum(not each.problems for each in verdicts)
    return [*lines, f"{good} of {counted(len(verdicts), 'example')} good."]


def _cost(result: LlmResult) -> str:
    return "recorded" if result.cached else dollars(result.usage.cost_est)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    result = result_json(verdict.result) if verdict.result else None
    return {
        "example": verdict.case.name,
        "good": not verdict.problems,
        "problems": list(verdict.problems),
        "result": result,
    }
