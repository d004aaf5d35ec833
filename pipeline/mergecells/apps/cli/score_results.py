"""Scored leads as rows of CSV or JSON lines or as Parquet, and what was seen over the whole file."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TextIO

from mergecells.adapters.lead_columns import ColumnMap
from mergecells.adapters.leads_file import LeadBatch, LeadRow, LeadsFormat, UnreadableRow
from mergecells.domain.explanation import Explanation
from mergecells.transforms.score import Score
from mergecells.transforms.score_result import ScoreColumns

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Full-width forms too: some programs take them for the plain ones."""
_BLANK = " \u00a0\u3000\n"
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*%?|[+-]")
_LINES_KEPT = 3
_ISSUES_KEPT = 200
_UNREADABLE_KEPT = 20


class ResultRows(Protocol):
    """Writes one row for each scored lead. `close` when all are there, and only then."""

    def write(self, row: LeadRow, score: Score, why: Explanation | None = None) -> None: ...

    def write_batch(self, batch: LeadBatch, scores: ScoreColumns) -> None: ...

    def close(self) -> None: ...


def result_rows(stream: TextIO, form: LeadsFormat, keep: Sequence[str]) -> ResultRows:
    """A writer of the columns line, those of `keep` (as they are in the leads file), score, tier, revision, issues."""
    if form == "parquet":
        from mergecells.apps.cli.score_parquet import ParquetRows

        return ParquetRows(stream.buffer, keep)
    return _CsvRows(stream, keep) if form == "csv" else _JsonRows(stream, keep)


def kept_columns(batch: LeadBatch, keep: Sequence[str]) -> list[list[Any]]:
    """The values of the columns to keep; a column that is not there is blank."""
    names = batch.table.column_names
    return [batch.table[title].to_pylist() if title in names else [None] * len(batch.lines) for title in keep]


class _CsvRows:
    def __init__(self, stream: TextIO, keep: Sequence[str]) -> None:
        self._keep = keep
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(["line", *map(_inert, keep), "score", "tier", "revision", "issues"])

    def write(self, row: LeadRow, score: Score, why: Explanation | None = None) -> None:  # noqa: ARG002
        kept = [_inert(row.cells.get(title)) for title in self._keep]
        value = f"{score.value:.10g}"
        self._writer.writerow([row.line, *kept, value, _inert(score.tier), score.revision, "; ".join(score.issues)])

    def write_batch(self, batch: LeadBatch, scores: ScoreColumns) -> None:
        kept = [list(map(_inert, column)) for column in kept_columns(batch, self._keep)]
        values = map("{:.10g}".format, scores.value)
        issues = map("; ".join, scores.issues[:])
        revision = itertools.repeat(scores.revision, len(scores))
        self._writer.writerows(zip(batch.lines, *kept, values, map(_inert, scores.tier), revision, issues, strict=True))

    def close(self) -> None:
        """Nothing is held back."""


def _inert(cell: Any) -> Any:
    """A kept cell that a spreadsheet program would run as a formula when it opens the file gets an apostrophe before
    it, which such programs take as "this is text". Numbers stay what they are, `-5` and `+49 30 12` too, and so
    does a lone dash.

    Source: OWASP, CSV injection.
    """
    if not isinstance(cell, str) or not cell.lstrip(_BLANK).startswith(_STARTS_A_FORMULA) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


class _JsonRows:
    def __init__(self, stream: TextIO, keep: Sequence[str]) -> None:
        self._keep = keep
        self._stream = stream

    def write(self, row: LeadRow, score: Score, why: Explanation | None = None) -> None:
        kept = {title: row.cells.get(title) for title in self._keep}
        explained = {"explanation": why.model_dump()} if why is not None else {}
        self._stream.write(json.dumps({"line": row.line, **kept, **score.to_dict(), **explained}) + "\n")

    def write_batch(self, batch: LeadBatch, scores: ScoreColumns) -> None:
        about = {"revision": scores.revision, "date": scores.date.isoformat(), "vertical": scores.vertical}
        kept = zip(*kept_columns(batch, self._keep), strict=True) if self._keep else itertools.repeat(())
        names = list(scores.components)
        points = zip(*scores.components.values(), strict=True)
        for line, cells, value, tier, parts, issues in zip(
            batch.lines, kept, scores.value, scores.tier, points, scores.issues[:], strict=False
        ):
            found = dict(zip(self._keep, cells, strict=True))
            result = {"score": value, "tier": tier, "components": dict(zip(names, parts, strict=True)), **about}
            written = json.dumps({"line": line, **found, **result, "issues": list(issues)}, default=str)
            self._stream.write(written + "\n")

    def close(self) -> None:
        """Nothing is held back."""


@dataclass(slots=True)
class Seen:
    """How often something occurred, and the first lines where it did."""

    times: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        self.times += 1
        if len(self.lines) < _LINES_KEPT:
            self.lines.append(line)


@dataclass(slots=True)
class ScoreSummary:
    """What a file of leads came to. `tiers` counts leads by tier, with those that have none, in the rules' order."""

    tiers: Counter[str]
    total: float = 0.0
    issues: dict[str, Seen] = field(default_factory=dict)
    rows_with_issues: int = 0
    unreadable: list[UnreadableRow] = field(default_factory=list)
    unreadable_count: int = 0

    @property
    def scored(self) -> int:
        return self.tiers.total()

    def add(self, row: LeadRow, score: Score) -> None:
        """Count one scored lead."""
        self.tiers[score.tier] += 1
        self.total += score.value
        self._add_issues(row.line, score.issues)

    def _add_issues(self, line: int, issues: tuple[str, ...]) -> None:
        self.rows_with_issues += bool(issues)
        for issue in issues:
            # The texts of a bounded config are few; a hostile file must not make them many.
            kind = issue if issue in self.issues or len(self.issues) < _ISSUES_KEPT else "other issues"
            self.issues.setdefault(kind, Seen()).add(line)

    def add_batch(self, batch: LeadBatch, scores: ScoreColumns) -> None:
        """Count many scored leads."""
        self.tiers.update(scores.tier)
        self.total = sum(scores.value, self.total)
        lines = batch.lines
        for row, issues in scores.issues_by_row():
            self._add_issues(lines[row], issues)

    def add_unreadable(self, row: UnreadableRow) -> None:
        """Count a row that is no lead; the first ones are kept to be named."""
        self.unreadable_count += 1
        if len(self.unreadable) < _UNREADABLE_KEPT:
            self.unreadable.append(row)

    def to_dict(self, columns: ColumnMap) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "scored": self.scored,
            "unreadable": self.unreadable_count,
            "unreadable_rows": [{"line": row.line, "reason": row.reason} for row in self.unreadable],
            "mean_score": self.total / self.scored if self.scored else None,
            "tiers": dict(self.tiers),
            "rows_with_issues": self.rows_with_issues,
            "issues": [
                {"issue": issue, "leads": seen.times, "first_lines": seen.lines} for issue, seen in self.issues.items()
            ],
            "columns": {
                "fields": dict(columns.by_field),
                "missing": list(columns.missing),
                "unused": list(columns.unused),
            },
        }


def render_summary(summary: ScoreSummary, columns: ColumnMap, labels: Mapping[str, str]) -> str:
    """The summary for people: tiers with their shares, columns that did not map, issues with the first lines."""
    lines = ["", *_tier_lines(summary, labels), "", *_column_lines(columns), *_issue_lines(summary)]
    lines += [f"  line {row.line:,}: {row.reason}" for row in summary.unreadable]
    if summary.unreadable_count > len(summary.unreadable):
        more = summary.unreadable_count - len(summary.unreadable)
        lines.append(f"  and {counted(more, 'more row')} that could not be read")
    return "\n".join(lines)


def counted(number: int, what: str) -> str:
    """`1 lead`, `9,240 leads`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _tier_lines(summary: ScoreSummary, labels: Mapping[str, str]) -> list[str]:
    names = {
        tier: f"{tier} {labels.get(tier, '')}".strip() if labels.get(tier) != tier else tier for tier in summary.tiers
    }
    width = max((len(name) for name in names.values()), default=4)
    lines = []
    for tier, count in summary.tiers.items():
        share = count / summary.scored if summary.scored else 0.0
        lines.append(f"  {names[tier]:<{width}}  {count:>9,}  {share:>6.1%}  {'█' * round(share * 40)}".rstrip())
    mean = f"{summary.total / summary.scored:.1f}" if summary.scored else "none"
    return [*lines, f"  mean score {mean}"]


def _column_lines(columns: ColumnMap) -> list[str]:
    known = len(columns.by_field) + len(columns.missing)
    lines = [f"  {len(columns.by_field)} of {known} fields have a column in the file."]
    if columns.missing:
        lines.append(f"  Counted as blank, no column: {_few(columns.missing)}")
    if columns.unused:
        lines.append(f"  Not used, no field: {_few(columns.unused)}")
    return lines


def _issue_lines(summary: ScoreSummary) -> list[str]:
    if not summary.issues:
        return ["  No issues."] if summary.scored else []
    lines = ["", f"  {counted(summary.rows_with_issues, 'lead')} with issues, scored all the same:"]
    for issue, seen in sorted(summary.issues.items(), key=lambda entry: -entry[1].times):
        where = ", ".join(f"{line:,}" for line in seen.lines)
        lines.append(f"  {seen.times:>9,}  {issue}  (line {where}{' …' if seen.times > len(seen.lines) else ''})")
    return lines


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
