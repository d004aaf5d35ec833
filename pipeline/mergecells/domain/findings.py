"""One problem a person can mend, with where it is and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning"]


class Excerpt(BaseModel):
    """The text that a finding is about, and the character in it (from 0) that it points to."""

    model_config = ConfigDict(frozen=True)

    text: str
    offset: int


class Finding(BaseModel):
    """A stable `area.problem` code, where it is (file position and sheet cell, null where unknown), what to do."""

    model_config = ConfigDict(frozen=True)

    code: str
    severity: Severity = "error"
    message: str
    hint: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    cell: str | None = None
    excerpt: Excerpt | None = Field(default=None, exclude=True, repr=False)
    """For people at a terminal; no part of what programs get."""

    def __str__(self) -> str:
        """`scoring/rules.yaml:12:5 (Factors!C7): message. Hint. [code]`"""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        where = f"{place} ({self.cell})" if place and self.cell else place or self.cell or ""
        text = " ".join(part for part in (self.message, self.hint) if part)
        return f"{where}: {text} [{self.code}]" if where else f"{text} [{self.code}]"


def count_findings(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each severity; both keys are always there."""
    seen = Counter(finding.severity for finding in findings)
    return {"error": seen["error"], "warning": seen["warning"]}


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """By file, line and column, so that two runs print the same; duplicates go.

    Golden examples come last: a mistake in a rule moves many of them, and the cause is to be read first.
    """
    return sorted(dict.fromkeys(findings), key=_order)


def _order(finding: Finding) -> tuple[bool, str, int, int, str, str, str]:
    consequence = finding.code.startswith("example.")
    place = (finding.file or "", finding.line or 0, finding.column or 0, finding.cell or "")
    return (consequence, *place, finding.code, finding.message)
