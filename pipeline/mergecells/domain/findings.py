"""One problem a person can mend, with where it is and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning"]


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
    """By file, line and column, so that two runs print the same; duplicates go."""
    unique = dict.fromkeys(findings)
    return sorted(unique, key=lambda f: (f.file or "", f.line or 0, f.column or 0, f.cell or "", f.code, f.message))
