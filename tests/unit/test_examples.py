"""Every folder under tests/examples is a test: a contributor adds a case with no Python.

A case is a config root, or one file on its own. `valid/` cases have no finding; an `invalid/` case has `expected.json`,
a list of findings of which any part may be given (`code` always).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import mergecells
from mergecells.adapters.tree_files import read_config_files
from mergecells.authoring.check import check_files
from mergecells.authoring.check_alone import check_alone
from mergecells.domain.findings import Finding
from mergecells.transforms.file_kind import guess_kind
from mergecells.transforms.finding_codes import CODES

EXAMPLES = Path(__file__).parent.parent / "examples"


def cases(kind: str) -> list[Any]:
    return [pytest.param(folder, id=folder.name) for folder in sorted((EXAMPLES / kind).iterdir()) if folder.is_dir()]


def findings_of(case: Path) -> tuple[Finding, ...]:
    if (case / "scoring").is_dir() or (case / "mergecells.yaml").is_file():
        return check_files(read_config_files(case).files).findings
    [file] = [path for path in case.iterdir() if path.name != "expected.json"]
    content = file.read_bytes()
    return check_alone(content, guess_kind(file.name, content), file.name).findings


def expected_of(case: Path) -> list[dict[str, Any]]:
    expected: list[dict[str, Any]] = json.loads((case / "expected.json").read_text())
    return expected


def matches(finding: Finding, expected: dict[str, Any]) -> bool:
    return expected.items() <= finding.model_dump().items()


@pytest.mark.parametrize("case", cases("valid"))
def test_example_valid_has_no_finding(case: Path) -> None:
    """Whatever style a config is written in, a sound one has no finding at all."""
    assert [str(finding) for finding in findings_of(case)] == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", cases("invalid"))
def test_example_invalid_has_its_findings_and_no_others(case: Path) -> None:
    """Each expected finding is there, with its place; no finding has a code that was not expected."""
    found = findings_of(case)
    shown = "\n".join(map(str, found))
    expected = expected_of(case)
    for each in expected:
        assert any(matches(finding, each) for finding in found), f"{each} is missing in:\n{shown}"
    assert {finding.code for finding in found} == {each["code"] for each in expected}, shown


@pytest.mark.parametrize("case", cases("invalid"))
def test_example_invalid_says_where_and_what(case: Path) -> None:
    """Every finding has a known code, a file and a sentence; a hint ends like a sentence, too."""
    for finding in findings_of(case):
        assert finding.code in CODES
        assert finding.file
        assert finding.message.endswith((".", "…", "?", "!")), finding.message
        assert not finding.hint or finding.hint[-1] in ".…?)}\"'", finding.hint


def test_examples_invalid_cover_every_code_of_files() -> None:
    """Every code that a config's files can cause has an example; the others need a workbook, a base or an engine."""
    elsewhere = {code for code in CODES if code.startswith(("workbook.", "merge.", "change."))}
    elsewhere |= {
        "formula.overwritten",
        "formula.pattern",
        "formula.stale-value",
        "formula.engine-mismatch",
        "formula.engine-unavailable",
        "prompt.not-checked",
    }
    elsewhere |= {"security.path", "security.symlink", "security.submodule"}
    elsewhere |= {"schema.too-large", "schema.invalid", "yaml.too-large"}
    shown = {each["code"] for case in (EXAMPLES / "invalid").iterdir() for each in expected_of(case)}
    assert set(CODES) - elsewhere == shown - elsewhere


def test_every_code_in_the_source_is_in_the_table() -> None:
    """A new code needs its row, so that docs/checks.md and SARIF explain it."""
    package = Path(mergecells.__file__).parent
    pattern = re.compile(r'(?:code=|_refuse\(|refuse\([^"]*|_add\(|finding\(\s*)f?"([a-z]+\.[a-z-]+)"')
    used = {code for file in package.rglob("*.py") for code in pattern.findall(file.read_text(encoding="utf-8"))}
    assert len(used) > 25
    assert used <= set(CODES)
