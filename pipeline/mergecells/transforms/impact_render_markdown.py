"""Impact → markdown for a pull request. Names from cells become code spans, in which no markup acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mergecells.domain.impact import Impact, OutcomeImpact
from mergecells.domain.revision import short
from mergecells.transforms.impact_words import auc_text, conversion_text, headline, matrix_rows, shift_text
from mergecells.transforms.markdown_escape import code_span

_LONGEST_NAME = 60


def render_impact_markdown(impact: Impact, charts: str = "") -> str:
    """One section. With `charts`, the folder of the pictures, it refers to them."""
    lines = ["## What it does to the leads", "", f"{headline(impact)}."]
    if impact.leads:
        lines += [*_matrix(impact), *_movers(impact)]
    if impact.outcome:
        lines += _outcome(impact.outcome)
    if charts:
        names = ["tiers", "scores", *(["lift", "calibration"] if impact.outcome else [])]
        lines += ["", *(f"![{name}]({charts}/{name}.svg)" for name in names)]
    vertical = f", vertical {code_span(impact.vertical)}" if impact.vertical else ""
    lines += ["", f"From `{short(impact.base)}` to `{short(impact.head)}`, as of {impact.date}{vertical}."]
    return "\n".join(lines) + "\n"


def _matrix(impact: Impact) -> Iterator[str]:
    rows = matrix_rows(impact)
    yield from ("", "Tiers, rows before and columns after:", "")
    yield from _table([_span(cell) for cell in rows[0]], [[_span(row[0]), *row[1:]] for row in rows[1:]])


def _movers(impact: Impact) -> Iterator[str]:
    if not impact.movers:
        return
    yield from ("", "<details><summary>Furthest moved leads</summary>", "")
    yield from _table(
        ["line", "score", "tier", "moved by"],
        [
            [
                str(mover.line),
                f"{mover.score_before:.1f} → {mover.score_after:.1f}",
                f"{_span(mover.tier_before)} → {_span(mover.tier_after)}",
                "<br>".join(f"{_span(shift.factor)} {shift_text(shift)}" for shift in mover.factors),
            ]
            for mover in impact.movers
        ],
    )
    yield from ("", "</details>")


def _outcome(outcome: OutcomeImpact) -> Iterator[str]:
    before, after = outcome.before, outcome.after
    yield from ("", f"Outcome {_span(outcome.field)}: {outcome.converted:,} of {outcome.known:,} leads converted.", "")
    yield from _table(
        ["", "before", "after"],
        [
            ["AUC", auc_text(before.auc), auc_text(after.auc)],
            ["calibration error", f"{before.calibration_error:.4f}", f"{after.calibration_error:.4f}"],
            *(
                [f"conversion of {_span(old.tier)}", conversion_text(old), conversion_text(new)]
                for old, new in zip(before.tiers, after.tiers, strict=True)
            ),
            *(
                [f"lift of decile {old.decile}", f"{old.lift:.2f}", f"{new.lift:.2f}"]
                for old, new in zip(before.deciles, after.deciles, strict=True)
            ),
        ],
    )


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * 1}{' ---: |' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _span(text: str) -> str:
    # In a table even a code span ends at a bar (GitHub Flavored Markdown spec, section 4.10).
    return code_span(text, _LONGEST_NAME).replace("|", "\\|") if text else ""
