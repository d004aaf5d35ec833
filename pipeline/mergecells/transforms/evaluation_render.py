"""An evaluation as a table for the terminal, and as collapsed markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergecells.domain.evaluation import Evaluation, ExampleRun, PromptEvaluation, SideAnswer
from mergecells.transforms.markdown_escape import code_span, table_code_span, visible
from mergecells.transforms.plan_words import counted

_HEAD = ("example", "side", "result", "shape", "quality", "tokens", "cost", "latency", "model")
_MOST_WORDS = 4_000
_MOST_PROMPTS = 20
_GROUPS = ("recorded", "answered", "missing", "failed", "refused", "unsent")


def money(amount: float | None) -> str:
    """`$0.0012`; `unknown` without a price, never 0."""
    if amount is None:
        return "unknown"
    return f"${amount:.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.6f}".rstrip("0")


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """For a terminal: a table for each prompt, then what differs in the answers and what is amiss."""
    for prompt in evaluation.prompts:
        yield f"{prompt.slug}: {prompt.reason}"
        if _has_answers(prompt):
            yield from _columns([_HEAD, *(row for run in prompt.runs for row in _rows(run))])
        for run in prompt.runs:
            yield from (visible(line) for line in _amiss(run))
            if run.words:
                yield f"  {run.example}, before → after: {visible(run.words, _MOST_WORDS)}"
        yield from (f"  {visible(note)}" for note in prompt.notes)
        yield ""
    yield from evaluation.notes
    yield summary(evaluation)


def summary(evaluation: Evaluation) -> str:
    """How many examples there are, how they were had, and how many are good, in one line."""
    after = list(evaluation.after)
    if not after:
        return "No prompt sends something else than before: nothing to evaluate."
    counts = {name: sum(one.status == name for one in after) for name in _GROUPS}
    had = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    good = sum(one.good for one in after)
    of = counted(len(after), "example")
    return f"{good} of {of} good after the change ({had}); spent now: {money(evaluation.spent)}."


def render_evaluation(evaluation: Evaluation | None, room: int) -> tuple[list[str], int]:
    """A section of at most `room` characters: one collapsed block for each prompt; those without room are counted."""
    if evaluation is None or not (evaluation.prompts or evaluation.notes):
        return [], 0
    head = ["## What prompts answer, before and after", "", summary(evaluation), ""]
    head += [*(f"> {visible(note)}" for note in evaluation.notes), ""] if evaluation.notes else []
    lines, used = head, sum(len(line) + 1 for line in head)
    for index, prompt in enumerate(evaluation.prompts):
        block = _block(prompt)
        size = sum(len(line) + 1 for line in block)
        if index >= _MOST_PROMPTS or used + size > room:
            left = counted(len(evaluation.prompts) - index, "more prompt")
            lines += [f"… and {left}; `mergecells prompts run --against BASE` shows all.", ""]
            break
        lines, used = lines + block, used + size
    return lines, used


def _block(prompt: PromptEvaluation) -> list[str]:
    lines = [f"**{code_span(prompt.slug)}**: {code_span(prompt.reason)}. {_verdict(prompt)}", ""]
    lines += [*(f"- {visible(note)}" for note in prompt.notes), ""] if prompt.notes else []
    if not _has_answers(prompt):
        return lines
    lines += ["<details>", "<summary>Examples</summary>", "", f"| {' | '.join(_HEAD)} |", "| --- " * len(_HEAD) + "|"]
    for run in prompt.runs:
        lines += [f"| {' | '.join(table_code_span(cell) if cell else '' for cell in row)} |" for row in _rows(run)]
    lines.append("")
    for run in prompt.runs:
        lines += [f"- {code_span(line.strip(), 500)}" for line in _amiss(run)]
    lines.append("")
    for run in prompt.runs:
        if run.words:
            lines += [f"{code_span(run.example)}, before → after:", "", *_fenced(run.words), ""]
    return [*lines, "</details>", ""]


def _has_answers(prompt: PromptEvaluation) -> bool:
    return any(one is not None and one.answers for run in prompt.runs for one in (run.before, run.after))


def _fenced(text: str) -> list[str]:
    # Here, because the module of previews imports nothing of evaluations and is imported beside this one.
    from mergecells.transforms.plan_render_prompts import fenced

    return fenced(text, _MOST_WORDS)


def _verdict(prompt: PromptEvaluation) -> str:
    after = [run.after for run in prompt.runs if run.after is not None]
    if not after:
        return ""
    good = f"{sum(one.good for one in after)} of {counted(len(after), 'example')} good after the change"
    sides = (_mean([run.before for run in prompt.runs]), _mean(list(after)))
    return f"{good}." if sides == (None, None) else f"{good}; quality {' → '.join(map(_score, sides))}."


def _mean(answers: Sequence[SideAnswer | None]) -> float | None:
    known = [one.overall for one in answers if one is not None and one.answers and one.overall is not None]
    return sum(known) / len(known) if known else None


def _rows(run: ExampleRun) -> Iterator[tuple[str, ...]]:
    for side, one in (("before", run.before), ("after", run.after)):
        if one is None:
            yield (run.example, side, "no such prompt", *[""] * (len(_HEAD) - 3))
        elif not one.answers:
            yield (run.example, side, one.status, *[""] * (len(_HEAD) - 3))
        else:
            yield (run.example, side, *_facts(one))


def _facts(one: SideAnswer) -> tuple[str, ...]:
    shape = {True: "valid", False: "wrong", None: "–"}[one.valid]
    judged = f" (judge {_score(one.judged_overall)})" if one.judge else ""
    cost = money(one.cost) + (" recorded" if one.status == "recorded" else "")
    took = "–" if one.seconds is None else f"{one.seconds:.2f} s"
    tokens = f"{one.input_tokens or 0:,} + {one.output_tokens or 0:,}"
    return ("good" if one.good else "failed", shape, _score(one.overall) + judged, tokens, cost, took, one.model)


def _amiss(run: ExampleRun) -> Iterator[str]:
    for side, one in (("before", run.before), ("after", run.after)):
        if one is None:
            continue
        # What is missing is counted in the notes; why something failed differs from example to example.
        tells = not one.answers and one.status != "missing"
        for text in (*([one.why] if tells else []), *one.problems):
            yield f"  {run.example}, {side}: {text}"
        if one.answers and one.passed is False and not one.problems:
            yield f"  {run.example}, {side}: it fails the gate of quality.yaml with {_score(one.overall)}."
        if one.judge_note:
            yield f"  {run.example}, {side}: {one.judge or 'judge'}: {one.judge_note}"


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    shown = [tuple(visible(cell, 60) for cell in row) for row in rows]
    widths = [max(len(row[place]) for row in shown) for place in range(len(_HEAD))]
    for row in shown:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
