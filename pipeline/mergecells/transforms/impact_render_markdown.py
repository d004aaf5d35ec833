"""Impact → markdown for a pull request. Names from cells become code spans, in which no markup acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mergecells.domain.impact import Drive, Impact, OutcomeImpact, Segments
from mergecells.domain.revision import short
from mergecells.transforms.impact_words import (
    SEGMENT_TITLES,
    auc_text,
    auc_verdict,
    conversion_text,
    counted_leads,
    drive_text,
    headline,
    histogram_lines,
    matrix_rows,
    segment_cells,
    shift_text,
)
from mergecells.transforms.markdown_escape import code_span, table_code_span

_LONGEST_NAME = 60


def render_impact_markdown(impact: Impact, charts: Sequence[str] = ()) -> str:
    """One section. `charts` are the paths of pictures to show."""
    lines = ["## What it does to the leads", "", f"{headline(impact)}."]
    lines += [line for note in impact.notes for line in ("", f"> {code_span(note)}")]
    if impact.leads:
        lines += [*_matrix(impact), *_scores(impact), *_drive(impact.drive), *_movers(impact)]
        for segments in impact.segments:
            lines += _segments(segments)
    if impact.outcome:
        lines += _outcome(impact.outcome)
    if charts:
        lines += ["", *map(_picture, charts)]
    vertical = f", vertical {code_span(impact.vertical)}" if impact.vertical else ""
    lines += ["", f"From `{short(impact.base)}` to `{short(impact.head)}`, as of {impact.date}{vertical}."]
    return "\n".join(lines) + "\n"


def _matrix(impact: Impact) -> Iterator[str]:
    rows = matrix_rows(impact)
    yield from ("", "Tiers, rows before and columns after:", "")
    yield from _table([_span(cell) for cell in rows[0]], [[_span(row[0]), *row[1:]] for row in rows[1:]])


def _scores(impact: Impact) -> Iterator[str]:
    yield from _folded("Leads by score", ["```text", "░ before  █ after", "", *histogram_lines(impact), "```"])


def _drive(drive: Drive | None) -> Iterator[str]:
    if drive is None or not drive.components:
        return
    components = [f"- {_span(one.name)}: {drive_text(one)}" for one in drive.components[:5]]
    more = [f"- and {len(drive.components) - 5} more"] if len(drive.components) > 5 else []
    yield from ("", "What moved the scores, by component:", "", *components, *more)
    if drive.factors:
        factors = [f"- {_span(one.name)}: {drive_text(one)}" for one in drive.factors]
        yield from _folded(f"By factor, from {counted_leads(drive.sampled)} that moved", factors)


def _movers(impact: Impact) -> Iterator[str]:
    if not impact.movers:
        return
    rows = [
        [
            str(mover.line),
            f"{mover.score_before:.1f} → {mover.score_after:.1f}",
            f"{_span(mover.tier_before)} → {_span(mover.tier_after)}",
            "<br>".join(f"{_span(shift.factor)} {shift_text(shift)}" for shift in mover.factors),
        ]
        for mover in impact.movers
    ]
    yield from _folded("Furthest moved leads", _table(["line", "score", "tier", "moved by"], rows))


def _segments(segments: Segments) -> Iterator[str]:
    rows = [[_span(row.value) or "*blank*", *segment_cells(row)] for row in segments.rows]
    others = ["", f"And {counted_leads(segments.others)} with further values."] if segments.others else []
    # In a summary no code span acts, so the field's name stands inside.
    yield from _folded(
        "Tier moves by the value of a field", [*_table([_span(segments.by), *SEGMENT_TITLES], rows), *others]
    )


def _outcome(outcome: OutcomeImpact) -> Iterator[str]:
    before, after = outcome.before, outcome.after
    known = counted_leads(outcome.known)
    yield from ("", f"Outcome {_span(outcome.field)}: {outcome.converted:,} of {known} converted.", "")
    if not outcome.known:
        return
    yield from (f"AUC: {auc_verdict(outcome)}. In brackets the 95% interval.", "")
    intervals = before.auc_interval, after.auc_interval
    yield from _table(
        ["", "before", "after"],
        [
            ["AUC", auc_text(before.auc, intervals[0]), auc_text(after.auc, intervals[1])],
            ["calibration error", f"{before.calibration_error:.4f}", f"{after.calibration_error:.4f}"],
            *(
                [f"conversion of {_span(old.tier)}", conversion_text(old), conversion_text(new)]
                for old, new in zip(before.tiers, after.tiers, strict=True)
            ),
        ],
    )
    lifts = [
        [str(old.decile), f"{old.lift:.2f}", f"{new.lift:.2f}"]
        for old, new in zip(before.deciles, after.deciles, strict=True)
    ]
    yield from _folded("Lift by decile of score", _table(["decile", "before", "after"], lifts))


def _picture(path: str) -> str:
    name = path.rpartition("/")[2].removesuffix(".svg")
    # CommonMark 6.3: a destination with blanks or parentheses stands in angle brackets.
    return f"![{name}](<{path}>)" if any(char in path for char in " ()") else f"![{name}]({path})"


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{summary}</summary>", "", *lines, "", "</details>")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| ---{' | ---:' * (len(head) - 1)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _span(text: str) -> str:
    return table_code_span(text, _LONGEST_NAME) if text else ""
