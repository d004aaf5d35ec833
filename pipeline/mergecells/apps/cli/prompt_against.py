"""`prompts run --against BASE`: examples answered by the prompts of two revisions, the cost shown before."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from mergecells.adapters.cassette import Cassette
from mergecells.adapters.git_config_files import read_config_files
from mergecells.adapters.git_repository import GitRepository
from mergecells.apps.cli.console import CliContext, print_json
from mergecells.apps.cli.evaluating import Sides, make_sides, run_evaluation
from mergecells.apps.cli.plan_evaluation import recordings_file
from mergecells.apps.cli.prompt_run import Pinned
from mergecells.apps.cli.prompt_run_cases import load_pinned
from mergecells.domain.errors import ConfigRejectedError, UsageError
from mergecells.domain.evaluation import Evaluation
from mergecells.domain.manifest import MANIFEST_NAME, EvaluationSettings
from mergecells.domain.revision import short
from mergecells.prompting.evaluation_plan import ChangedPrompt, EvaluationCost, evaluation_cost, judge_cost
from mergecells.transforms.evaluation_render import evaluation_lines, money, render_evaluation
from mergecells.transforms.yaml_to_config import load_config, parse_manifest

MOST_MARKDOWN = 200_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told. `slug` None: every prompt that changed. `go`: ask without a question. `record`: keep
    new answers in the file that the manifest names, or in `cassette`."""

    slug: str | None
    base: str
    head: str | None
    cassette: Path | None
    record: bool
    go: bool
    max_cost: float | None
    judge: bool
    fresh: bool
    persona: str
    form: str


def run_against(context: CliContext, asked: Asked) -> bool:
    """Show the cost, ask, and show what each side answers; whether that is good. Raises UsageError."""
    before, after = _sides(context, asked)
    sides = make_sides(before, after, asked.max_cost, asked.persona)
    changed = sides.changed([asked.slug] if asked.slug else [])
    recordings = _recordings(context, asked)
    cost = evaluation_cost(changed, recordings)
    judging = judge_cost(after, changed) if asked.judge else 0.0
    live = _shall_ask(context, asked, cost, judging, recordings)
    if not live and recordings is None and cost.calls:
        _show_offer(context, asked, sides, changed, cost)
        return True
    made = run_evaluation(
        sides, changed, recordings, live=live, judge=asked.judge, cache=not asked.fresh,
        progress=lambda case: context.say(f"{case.slug}, {case.example}, {case.side}") if live else None,
    )  # fmt: skip
    _show(asked, sides, cost, made, live)
    return made.good


def _sides(context: CliContext, asked: Asked) -> tuple[Pinned, Pinned]:
    repository = GitRepository(context.config_root)
    before = _committed(repository, asked.base)
    after = _committed(repository, asked.head) if asked.head else load_pinned(context.config_root)
    if asked.slug and asked.slug not in {*before.config.prompts, *after.config.prompts}:
        known = ", ".join(after.config.prompts) or "none"
        raise UsageError(f"There is no prompt {asked.slug!r} at either revision.", f"Prompts are: {known}.")
    return before, after


def _committed(repository: GitRepository, name: str) -> Pinned:
    revision = repository.resolve(name)
    loaded = load_config(read_config_files(repository, revision, repository.config_prefix))
    if loaded.config is None:
        raise ConfigRejectedError(f"The config at {short(revision)} cannot be read.", loaded.findings)
    return Pinned(revision, loaded.config)


def _recordings(context: CliContext, asked: Asked) -> Cassette | None:
    """Those of --cassette, to which new answers are added; else the manifest's, which grow with --record only."""
    if asked.fresh:
        return None
    if asked.cassette is not None:
        return Cassette(asked.cassette)
    settings = manifest_settings(context.config_root)
    if settings is None or settings.recordings is None:
        if asked.record:
            hint = "Add `evaluation: {recordings: evaluations/answers.jsonl}` to mergecells.yaml, or give --cassette."
            raise UsageError("--record keeps answers, and there is no file to keep them in.", hint)
        return None
    return Cassette(recordings_file(context.config_root, settings.recordings), record=asked.record)


def manifest_settings(root: Path) -> EvaluationSettings | None:
    """What the manifest of a folder says of evaluations."""
    try:
        content = (root / MANIFEST_NAME).read_bytes()
    except OSError:
        return None
    return parse_manifest({MANIFEST_NAME: content})[0].evaluation


def _shall_ask(
    context: CliContext, asked: Asked, cost: EvaluationCost, judging: float | None, recordings: Cassette | None
) -> bool:
    """Whether models are asked: told so, capped, or a yes at the terminal. The cost is said before, whatever it is."""
    if not cost.calls and not asked.judge:
        return False
    for line in cost_lines(cost, asked, judging):
        context.say(line)
    if asked.go or asked.max_cost is not None:
        return True
    if asked.form == "text" and sys.stdin.isatty() and sys.stdout.isatty():
        return typer.confirm("Ask the models?", default=False)
    if recordings is not None:
        context.say("No model was asked; --yes or --max-cost asks them.")
    return False


def cost_lines(cost: EvaluationCost, asked: Asked, judging: float | None) -> list[str]:
    """What asking would cost, in words."""
    lines = [
        f"{cost.recorded} answers are recorded, {cost.calls} are not: {money(cost.most)} at the most, "
        f"about {money(cost.about)} if each takes its whole limit of tokens."
    ]
    if cost.unpriced:
        lines.append(f"No price is known for {', '.join(cost.unpriced)}, so it is not asked. Add it to prices.yaml.")
    if asked.judge:
        lines.append(f"Judging each answer: {money(judging)} at the most, if none has more than 4 characters a token.")
    cap = "the halt of a run in budgets.yaml" if asked.max_cost is None else money(asked.max_cost)
    return [*lines, f"The cap is {cap}: each worst case is held back before its call, tries and judges included."]


def _show_offer(
    context: CliContext, asked: Asked, sides: Sides, changed: list[ChangedPrompt], cost: EvaluationCost
) -> None:
    told = [{"slug": each.slug, "reason": each.reason, "examples": [e.example for e in each.cases]} for each in changed]
    if asked.form == "json":
        print_json({**_head(sides, cost, False), "prompts": told})
        return
    for each in changed:
        print(f"{each.slug}: {each.reason}; {', '.join(e.example for e in each.cases) or 'no examples'}")
    context.say("Nothing was sent; --yes or --max-cost asks the models, --record keeps what they answer.")


def _head(sides: Sides, cost: EvaluationCost, live: bool) -> dict[str, Any]:
    told = dataclasses.asdict(cost)
    return {"base": sides.before.revision, "head": sides.after.revision, "cost": told, "sent": live}


def _show(asked: Asked, sides: Sides, cost: EvaluationCost, made: Evaluation, live: bool) -> None:
    if asked.form == "json":
        print_json({**_head(sides, cost, live), "good": made.good, "evaluation": made.model_dump()})
    elif asked.form == "markdown":
        lines, _ = render_evaluation(made, MOST_MARKDOWN)
        print("\n".join(lines).rstrip() or "No prompt sends something else than before.")
    else:
        print("\n".join(evaluation_lines(made)))
