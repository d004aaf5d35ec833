"""Each expectation has a witness: another program that computes the same, a page that was read, or a stated decision.

`python tools/case_agreement.py` asks every program and writes who agrees into the cases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from case_agreement import DIFFERENCES, Expectation, ask_libreoffice, expectations, unexplained
from libreoffice_cases import libreoffice_version

HERE = Path(__file__).parent
WITHOUT = 130
CASES = [json.loads(line) for table in sorted(HERE.glob("*.jsonl")) for line in table.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def asked() -> tuple[list[Expectation], dict[str, str]]:
    """Every case that LibreOffice can be asked about, in one workbook, and what it computes otherwise."""
    found = list(expectations(CASES))
    return found, ask_libreoffice(found)


@pytest.mark.needs("soffice")
def test_libreoffice_computes_what_the_cases_expect(asked: tuple[list[Expectation], dict[str, str]]) -> None:
    """Red when a case is new or changed: find out who is right, and give the reason in libreoffice_differences.json."""
    found, differences = asked
    if not libreoffice_version().endswith(" 7.4"):
        pytest.skip("the reasons are those of LibreOffice 7.4")
    assert unexplained(differences) == []
    assert sum(bool(each.agree) for each in found) > 1_250


@pytest.mark.needs("soffice")
def test_cases_name_libreoffice_where_it_agrees(asked: tuple[list[Expectation], dict[str, str]]) -> None:
    """What a case says of its witnesses is what they say now; run `python tools/case_agreement.py` after a change."""
    stated = {case["id"]: {name for name in case.get("agree", []) if name.startswith("LibreOffice")} for case in CASES}
    if not libreoffice_version().endswith(" 7.4"):
        pytest.skip("the cases name LibreOffice 7.4")
    assert {each.id: set(each.agree) for each in asked[0] if set(each.agree) != stated[each.id]} == {}


def test_few_cases_have_no_witness() -> None:
    """Most are Google Sheets' own functions, which no program here has: their pages are named, and were not read again.

    Lower the number when one gets a witness; a new case must have one.
    """
    assert len([case["id"] for case in CASES if not has_witness(case)]) == WITHOUT


def has_witness(case: dict[str, Any]) -> bool:
    """Another program, a page that was read, with its address, or a decision of ours that docs/ states."""
    own = case["source"].startswith("docs/") or "unsupported" in case
    return own or bool(case.get("agree")) or case.get("read", "").startswith("https://")


def test_reasons_name_cases_that_exist() -> None:
    """A case that was taken out takes its reason along."""
    reasons = json.loads(DIFFERENCES.read_text("utf-8"))
    assert {each for cases in reasons.values() for each in cases} <= {case["id"] for case in CASES}
