"""Golden examples must get their tier and their score."""

from __future__ import annotations

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding

FILES = {
    "scoring/rules.yaml": b"""version: "1"
tiers: {A: {min: 60}, B: {min: 0}}
components:
  firm:
    weight: 0.75
    factors:
      age: {weight: 0.6, formula: "=MIN(1,years/20)"}
      known: {weight: 0.4}
  other:
    weight: 0.25
    factors: {always: {weight: 1, formula: "=1"}}
""",
    "scoring/fields.yaml": b"fields:\n  years: {type: number}\n  known: {type: boolean}\n",
    "scoring/verticals/strict.yaml": b"tiers: {A: {min: 90}}\n",
}
EXAMPLES = "scoring/examples.yaml"


def check(examples: str, **more: bytes) -> list[Finding]:
    """The findings, without those about a factor that is a constant here to make the figures simple."""
    found = check_files({**FILES, EXAMPLES: f"examples:\n  one: {examples}\n".encode(), **more}).findings
    return [finding for finding in found if finding.code != "formula.bound"]


# 10 of 20 years and known: 75 x (0.6 x 0.5 + 0.4) + 25 = 77.5 points.
LEAD = "lead: {years: 10, known: true}"


@pytest.mark.parametrize(
    ("score", "good"), [("77.5", True), ("77.45", True), ("77.55", True), ("77.56", False), ("77.4", False)]
)
def test_example_score_is_compared_within_a_twentieth_of_a_point(score: str, good: bool) -> None:
    """0.05 points either way, the limit included."""
    findings = check(f"{{{LEAD}, tier: A, score: {score}}}")
    assert [finding.code for finding in findings] == ([] if good else ["example.mismatch"])


def test_example_tier_missed_says_expected_actual_and_what_counted_most() -> None:
    """The message has both tiers and the score; the hint the largest parts, of how much."""
    [finding] = check("{lead: {years: 2}, tier: A}")
    assert finding.message == "The example one must get tier A and gets B (score 29.50)."
    assert "firm.age 4.5 of 45.0" in finding.hint
    assert (finding.file, finding.line, finding.cell) == (EXAMPLES, 2, "Examples!C2")


def test_example_with_wrong_tier_and_score_has_both_findings() -> None:
    """All findings, not the first only."""
    findings = check("{lead: {years: 2}, tier: A, score: 90}")
    assert [finding.cell for finding in findings] == ["Examples!C2", "Examples!D2"]


def test_example_of_a_vertical_is_scored_with_it() -> None:
    """The same lead gets another tier where the vertical moves the limit."""
    assert check(f"{{{LEAD}, vertical: strict, tier: B, score: 77.5}}") == []
    [finding] = check(f"{{{LEAD}, vertical: strict, tier: A}}")
    assert "gets B" in finding.message


def test_example_is_scored_on_the_date_of_the_examples() -> None:
    """The date comes from the file, never from the clock."""
    rules = FILES["scoring/rules.yaml"].replace(b"=MIN(1,years/20)", b"=IF(TODAY()=DATE(2020,1,1),1,0)")
    text = b"date: '2020-01-01'\nexamples:\n  one: {lead: {}, tier: A, score: 70}\n"
    found = check_files({**FILES, "scoring/rules.yaml": rules, EXAMPLES: text}).findings
    findings = tuple(each for each in found if each.code not in ("rule.unused", "formula.bound"))
    assert findings == ()


def test_example_that_cannot_be_scored_has_no_finding_of_its_own() -> None:
    """The formula that does not parse is the finding; other verticals' examples are scored all the same."""
    broken = {"scoring/verticals/broken.yaml": b'components: {firm: {factors: {age: {formula: "=("}}}}\n'}
    findings = check(f"{{{LEAD}, vertical: broken, tier: A}}\n  two: {{lead: {{}}, tier: A}}", **broken)
    assert sorted(finding.code for finding in findings) == ["example.mismatch", "formula.syntax"]
