"""Calls and quality by persona and by workflow (stage): tokens, cost, budget, how long a stage takes, its gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mergecells.domain.history import QualityFacts, TurnFacts
from mergecells.domain.llm import BudgetState
from mergecells.domain.quality import Quality
from mergecells.domain.reports import Period, PersonaReport, PersonaRow, QualityFigures, StageRow
from mergecells.transforms.call_tally import Tally, day_index, rank
from mergecells.transforms.quality_gate import gate_text
from mergecells.transforms.quality_tally import QualityTally


@dataclass
class _Stage:
    """`spans`: run → (start of its first call, end of its last)."""

    tally: Tally
    quality: QualityTally
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass
class _Persona:
    tally: Tally
    before: Tally
    quality: QualityTally
    runs: set[str] = field(default_factory=set)
    stages: dict[str, _Stage] = field(default_factory=dict)


def report_personas(
    turns: Iterable[TurnFacts],
    records: Iterable[QualityFacts],
    period: Period,
    quality: Quality,
    budgets: Mapping[str, BudgetState],
) -> PersonaReport:
    """`turns` from the start of the period before on; `budgets` by persona. The dearest persona first."""
    found: dict[str, _Persona] = {}
    for turn in turns:
        _add_turn(_persona(found, turn.persona, quality, period), turn, period, quality)
    for facts in records:
        if period.since <= facts.at < period.until:
            persona = _persona(found, facts.persona, quality, period)
            persona.quality.add(facts)
            _stage(persona, facts.workflow, quality).quality.add(facts)
    rows = [_row(name, persona, budgets.get(name)) for name, persona in found.items()]
    rows = [row for row in rows if row.figures.calls or row.before.calls or row.quality.records]
    ordered = sorted(rows, key=lambda row: (-row.figures.cost, -row.figures.calls, row.persona))
    return PersonaReport(period, tuple(ordered), gate_text(quality))


def _persona(found: dict[str, _Persona], name: str, quality: Quality, period: Period) -> _Persona:
    if name not in found:
        found[name] = _Persona(Tally(period.days), Tally(), QualityTally(quality))
    return found[name]


def _stage(persona: _Persona, workflow: str, quality: Quality) -> _Stage:
    if workflow not in persona.stages:
        persona.stages[workflow] = _Stage(Tally(), QualityTally(quality))
    return persona.stages[workflow]


def _add_turn(persona: _Persona, turn: TurnFacts, period: Period, quality: Quality) -> None:
    if not period.since <= turn.at < period.until:
        if period.before.since <= turn.at < period.before.until:
            persona.before.add(turn)
        return
    persona.tally.add(turn, day_index(period, turn.at))
    stage = _stage(persona, turn.workflow, quality)
    stage.tally.add(turn)
    if turn.run_id:
        persona.runs.add(turn.run_id)
        start, end = stage.spans.get(turn.run_id, (turn.at, turn.at))
        stage.spans[turn.run_id] = min(start, turn.at), max(end, turn.at + turn.seconds)


def _row(name: str, persona: _Persona, budget: BudgetState | None) -> PersonaRow:
    stages = [_stage_row(name, workflow, stage) for workflow, stage in persona.stages.items()]
    return PersonaRow(
        persona=name,
        runs=len(persona.runs),
        figures=persona.tally.figures(),
        before=persona.before.figures(),
        daily=tuple(persona.tally.daily),
        budget=budget,
        quality=persona.quality.figures(),
        stages=tuple(sorted(stages, key=lambda row: (-row.figures.cost, row.workflow))),
    )


def _stage_row(name: str, workflow: str, stage: _Stage) -> StageRow:
    durations = sorted(end - start for start, end in stage.spans.values())
    judged: QualityFigures = stage.quality.figures()
    half, most = rank(durations, 0.5), rank(durations, 0.95)
    return StageRow(name, workflow, len(durations), stage.tally.figures(), half, most, judged)
