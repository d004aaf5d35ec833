"""`mergecells quality`: judge an answer by fixed rules, and add the scores of people and models to the history."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog
from mergecells.apps.cli.report_run import HistoryOption
from mergecells.apps.cli.whole_config import whole_config
from mergecells.domain.errors import MergecellsError, UsageError

if TYPE_CHECKING:
    from mergecells.domain.llm import JudgedScores, QualityRecord, Turn
    from mergecells.domain.quality import Quality
    from mergecells.transforms.quality_score import QualityScores

ScoreOption = Annotated[float | None, typer.Option(metavar="SCORE", help="0 to 1; left out: not judged.")]
Form = Annotated[Output, typer.Option("--output", help="How to print the result.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="How good answers are: judge them, and record scores.")
    group.command("evaluate", epilog=epilog("quality evaluate"))(evaluate)
    group.command("record", epilog=epilog("quality record"))(record)
    app.add_typer(group, name="quality")


def evaluate(
    ctx: typer.Context,
    slug: Annotated[str, typer.Argument(metavar="PROMPT", help="The prompt whose answer it is.")],
    answer: Annotated[Path, typer.Option("--answer", help="A file with the answer; - reads stdin.")],
    example: Annotated[str | None, typer.Option("--example", help="Judge it by what this example expects.")] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", help="A JSON file with the inputs of the call.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An input; NAME=@FILE for a text.")
    ] = None,
    output: Form = Output.TEXT,
) -> None:
    """Judge one answer: completeness, clarity, testability, traceability. Exit status 1 when it fails the gate."""
    from mergecells.apps.cli.prompt_files import given_inputs, prompt_files
    from mergecells.transforms.quality_gate import gate_text, overall_score, passes
    from mergecells.transforms.quality_record import evaluate_answer

    context: CliContext = ctx.obj
    prompt = prompt_files(context).find(slug)
    stated = dict(prompt.front.examples[example].inputs) if example in prompt.front.examples else {}
    values = stated | given_inputs(prompt, inputs, assignments or [])
    scores = evaluate_answer(_text(answer), prompt, values or None, example)
    quality = whole_config(context).quality
    overall = overall_score(scores.by_dimension, quality)
    verdict = passes(overall, scores.by_dimension, scores.valid, quality)
    if output is Output.JSON:
        print_json(_json(overall, scores, verdict))
    else:
        print("\n".join(_lines(overall, scores, verdict, gate_text(quality))))
    if verdict is False:
        raise typer.Exit(1)


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}.", "Give a text file in UTF-8.") from error


def _json(overall: float | None, scores: QualityScores, verdict: bool | None) -> dict[str, Any]:
    return {
        "overall": overall,
        **scores.by_dimension,
        "validation_passed": scores.valid,
        "passed": verdict,
        "counts": dict(scores.counts),
    }


def _lines(overall: float | None, scores: QualityScores, verdict: bool | None, gate: str) -> list[str]:
    from mergecells.transforms.report_words import score

    count = scores.counts.get
    said = {
        "completeness": f"{count('missing', 0)} of {count('asked', 0)} asked for are missing",
        "clarity": f"{count('unclear', 0)} of {count('sentences', 0)} sentences are vague or too long",
        "testability": f"{count('checkable', 0)} of {count('items', 0)} items can be checked",
        "traceability": f"{count('traced', 0)} of {count('facts', 0)} items lead back to the inputs",
    }
    lines = [f"overall       {score(overall):>5}"]
    for name, value in scores.by_dimension.items():
        lines.append(f"{name:<13} {score(value):>5}  {said[name] if value is not None else 'nothing to judge'}")
    form = {
        True: "fits the outputs",
        False: "does not fit the outputs",
        None: "not looked at: the prompt has no outputs",
    }
    lines.append(f"form          {form[scores.valid]}")
    word = {True: "passed", False: "failed", None: "nothing was judged"}[verdict]
    return [*lines, f"gate          {word} ({gate})"]


def record(
    ctx: typer.Context,
    call: Annotated[str, typer.Option("--call", metavar="ID", help="The call: call_id of its result.")],
    overall: ScoreOption = None,
    completeness: ScoreOption = None,
    clarity: ScoreOption = None,
    testability: ScoreOption = None,
    traceability: ScoreOption = None,
    valid: Annotated[bool | None, typer.Option("--valid/--invalid", help="Whether its form was right.")] = None,
    iterations: Annotated[int, typer.Option("--iterations", min=1, help="Tries until it was good.")] = 1,
    judge: Annotated[
        str, typer.Option("--judge", help="Who scored; with --answer the prompt that is to judge, else quality.yaml's.")
    ] = "person",
    answer: Annotated[
        Path | None,
        typer.Option("--answer", help="The call's answer: a model is asked to judge it; - reads stdin."),
    ] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", help="A JSON file with the inputs of the call.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An input; NAME=@FILE for a text.")
    ] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="With --answer: ask the judge and spend; else the cost is shown."),
    ] = False,
    history: HistoryOption = "",
    output: Form = Output.TEXT,
) -> None:
    """Add the scores of one call to the history: those given, or with --answer those of a model that judges.

    Overall is weighed from the others when it is not given.
    """
    from mergecells.transforms.quality_record import about_call, judged_record, scored_record

    given = {
        "overall": overall,
        "completeness": completeness,
        "clarity": clarity,
        "testability": testability,
        "traceability": traceability,
    }
    context: CliContext = ctx.obj
    turn = _turn(context, call, history)
    about = about_call(turn, turn.context, at=time.time(), judge=judge, valid=valid, iterations=iterations)
    if answer is None:
        made = scored_record(about, given, _quality(context))
    else:
        if any(score is not None for score in given.values()):
            raise UsageError("--answer asks a model for the scores, and scores are given.", "Leave one of them out.")
        judged = _judged(context, turn, _text(answer), inputs, assignments or [], judge, apply, output)
        if judged is None:
            return
        context.say(f"{judged.judge}: {judged.reason}")
        made = judged_record(about, judged, _quality(context))
    _write(made, history)
    if output is Output.JSON:
        from dataclasses import asdict

        print_json(asdict(made))
        return
    shown = "nothing" if made.overall is None else f"{made.overall:.2f} overall"
    print(f"Recorded {shown} for {made.prompt_slug or 'a conversation'} at {made.revision[:12]} by {made.judge}.")


def _judged(
    context: CliContext,
    turn: Turn,
    answer: str,
    inputs: Path | None,
    assignments: list[str],
    judge: str,
    apply: bool,
    output: Output,
) -> JudgedScores | None:
    """What the judge says; None, with the cost shown, where it is not to be asked yet."""
    from mergecells.apps.cli.prompt_files import given_inputs
    from mergecells.apps.cli.prompt_run import Pinned
    from mergecells.apps.cli.prompt_run_cases import load_pinned
    from mergecells.apps.cli.quality_judging import judge_offer, judge_turn, with_judge
    from mergecells.prompting.plan import find_prompt

    found = load_pinned(context.config_root)
    pinned = Pinned(found.revision, with_judge(found.config, judge))
    stated = bool(inputs or assignments) and bool(turn.prompt_slug)
    values = given_inputs(find_prompt(pinned, turn.prompt_slug), inputs, assignments) if stated else None
    if apply:
        return judge_turn(pinned, turn, values, answer)
    lines = judge_offer(pinned, turn, values, answer)
    print_json({"sent": False, "offer": lines}) if output is Output.JSON else print("\n".join(lines))
    context.say("Nothing was sent; --apply asks the judge.")
    return None


def _quality(context: CliContext) -> Quality:
    from mergecells.domain.quality import Quality

    try:
        return whole_config(context).quality
    except MergecellsError:
        return Quality()


def _turn(context: CliContext, call: str, history: str) -> Turn:
    from mergecells.apps.cli.report_run import open_session

    session = open_session(context, history)
    turn = session.history.call(call)
    session.history.close()
    if turn is None:
        raise UsageError(
            f"No call {call[:80]!r} is remembered in {session.history.describe()}.",
            "The result of a call has it as call_id, and so has the answer of the service.",
        )
    return turn


def _write(made: QualityRecord, history: str) -> None:
    """Here, unlike in a service, a record that is not written is a failure."""
    from mergecells.apps.history import open_turn_log

    log = open_turn_log(history)
    log.record_quality(made)
    log.close()
    counts = log.counts()
    if not counts.written:
        raise MergecellsError(f"The scores were not written: {counts.last_error or 'the database did not answer'}.")
