"""Quality records → how good results were: by group, by day, against the period before, with shifts after revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mergecells.domain.history import QualityFacts
from mergecells.domain.quality import Quality
from mergecells.domain.reports import Grouping, Period, QualityFigures, QualityReport, QualityRow
from mergecells.transforms.call_tally import day_index, day_names
from mergecells.transforms.quality_gate import gate_text
from mergecells.transforms.quality_tally import QualityTally
from mergecells.transforms.revision_shifts import Sample, find_shifts

QUALITY_GROUPS: Mapping[Grouping, Callable[[QualityFacts], str]] = {
    "subsystem": lambda facts: facts.workflow.partition("/")[0] or "prompts",
    "persona": lambda facts: facts.persona,
    "model": lambda facts: facts.model,
    "prompt": lambda facts: facts.prompt_slug,
    "revision": lambda facts: facts.revision,
    "workflow": lambda facts: facts.workflow,
}
"""A record knows neither node nor intent."""


def report_quality(records: Iterable[QualityFacts], period: Period, by: Grouping, quality: Quality) -> QualityReport:
    """`records` from the start of the period before on; `by` one of QUALITY_GROUPS. The gate is that of now, also for
    old records. Pull requests and notes are added by others."""
    key_of, before = QUALITY_GROUPS[by], period.before
    total, old_total = QualityTally(quality, period.days), QualityTally(quality)
    groups: dict[str, QualityTally] = {}
    old_groups: dict[str, QualityTally] = {}
    samples: dict[str, list[Sample]] = {}
    for facts in records:
        key = key_of(facts)
        if period.since <= facts.at < period.until:
            day = day_index(period, facts.at)
            total.add(facts, day)
            groups.setdefault(key, QualityTally(quality, period.days)).add(facts, day)
        elif before.since <= facts.at < before.until:
            old_total.add(facts)
            old_groups.setdefault(key, QualityTally(quality)).add(facts)
        if facts.overall is not None:
            # Another judge is another measure.
            subject = f"{facts.prompt_slug} ({facts.judge})" if facts.judge else facts.prompt_slug
            samples.setdefault(subject, []).append(Sample(facts.at, facts.revision, facts.overall))
    shifts, compared = find_shifts("quality", samples)
    return QualityReport(
        period=period,
        by=by,
        total=total.figures(),
        before=old_total.figures(),
        rows=_rows(groups, old_groups, period.days),
        days=day_names(period),
        daily=total.daily,
        shifts=tuple(shift for shift in shifts if shift.at >= period.since),
        compared=compared,
        gate=gate_text(quality),
    )


def _rows(now: Mapping[str, QualityTally], before: Mapping[str, QualityTally], days: int) -> tuple[QualityRow, ...]:
    """The worst first; what was not judged last."""
    rows = [
        QualityRow(
            key,
            now[key].figures() if key in now else QualityFigures(),
            before[key].figures() if key in before else QualityFigures(),
            now[key].daily if key in now else (None,) * days,
        )
        for key in {**now, **before}
    ]
    worst = 2.0
    return tuple(sorted(rows, key=lambda row: (worst if row.figures.overall is None else row.figures.overall, row.key)))
