"""The evaluation in a Plan: by the recorded answers that the manifest names, and by models where CI may ask them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.domain.config_files import path_problem
from mergecells.domain.errors import UsageError
from mergecells.domain.evaluation import Evaluation
from mergecells.domain.manifest import EvaluationSettings

if TYPE_CHECKING:
    from mergecells.domain.configset import ConfigSet


def plan_evaluation(
    root: Path, settings: EvaluationSettings | None, *, live: bool = False, recorded: str | None = None
) -> Callable[[ConfigSet | None, ConfigSet | None], Evaluation | None]:
    """Makes the evaluation of a change; None where nothing is configured, or one side cannot be read.

    `recorded` is the text of the recordings, where they are not those below `root`. With `live`, models are asked for
    what is not recorded, within `max_cost`; the answers are recorded below `root`.
    """

    def make(before: ConfigSet | None, after: ConfigSet | None) -> Evaluation | None:
        if settings is None or before is None or after is None:
            return None
        if find_spec("jinja2") is None:
            return Evaluation(notes=("Prompts were not evaluated: Jinja2 is not installed.",))
        return _evaluate(root, settings, before, after, live, recorded)

    return make


def recordings_file(root: Path, name: str) -> Path:
    """The file of recorded answers. Raises UsageError for one outside the config root."""
    problem = path_problem(name)
    if problem:
        raise UsageError(f"evaluation.recordings: {name[:100]} {problem}.", "Write evaluations/answers.jsonl, say.")
    return root / name


def _evaluate(
    root: Path, settings: EvaluationSettings, before: ConfigSet, after: ConfigSet, live: bool, recorded: str | None
) -> Evaluation:
    from mergecells.adapters.cassette import Cassette
    from mergecells.apps.cli.evaluating import Reviewed, make_sides, run_evaluation
    from mergecells.apps.cli.prompt_run import Pinned
    from mergecells.domain.errors import MergecellsError

    notes = []
    cassette = None
    if settings.recordings is not None:
        try:
            cassette = Cassette(recordings_file(root, settings.recordings), recorded, record=live)
        except MergecellsError as error:
            notes.append(f"The recorded answers cannot be used: {error}")
    asks = live and settings.max_cost > 0
    if live and not asks:
        notes.append("No model was asked: evaluation.max_cost of the base's mergecells.yaml is 0.")
    sides = make_sides(Pinned("before", before), Pinned("after", after), settings.max_cost if asks else None)
    changed = sides.changed()
    if not changed:
        return Evaluation(notes=tuple(notes))
    reviewed = Reviewed(before) if asks else None
    made = run_evaluation(sides, changed, cassette, live=asks, reviewed=reviewed)
    return made.model_copy(update={"notes": (*notes, *made.notes)})
