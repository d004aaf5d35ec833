"""A Plan for the terminal, and its words."""

from __future__ import annotations

import pytest

from mergecells.domain.changes import Change, ChangeSet
from mergecells.domain.findings import Finding
from mergecells.domain.plan import ExampleImpact, Plan
from mergecells.transforms.plan_render_text import render_text
from mergecells.transforms.plan_words import plan_title

WEIGHT = Change(
    kind="changed",
    area="Factors",
    key="company_info / years_in_business",
    field="weight",
    old=0.7,
    new=0.6,
    file="scoring/rules.yaml",
    line=12,
    cell="Factors!D7",
)


def plan_of(*changes: Change, **facts: object) -> Plan:
    changed = ChangeSet(base="b", head="h", changes=changes, files=("scoring/rules.yaml",))
    return Plan.model_validate({"changes": changed, "base_revision": "b", **facts})


def test_text_one_change_names_row_values_and_places() -> None:
    """One line says it all."""
    assert render_text(plan_of(WEIGHT)) == (
        "~ Factors  company_info / years_in_business  weight: 0.7 → 0.6  (Factors!D7, scoring/rules.yaml:12)"
    )


def test_text_impact_and_findings_follow() -> None:
    """Moved leads with both scores and tiers, then findings with their severity."""
    impact = (ExampleImpact(name="sample lead", score_before=59, score_after=61.5, tier_before="C", tier_after="B"),)
    finding = Finding(code="rule.weight-sum", message="Sum is 0.9.", file="a.yaml", line=3, column=1)
    lines = render_text(plan_of(WEIGHT, impact=impact, findings=(finding,))).splitlines()
    assert lines[1:] == [
        "",
        "Impact: 1 of 1 lead (sample and golden) change score",
        "  sample lead: 59.00 → 61.50 (+2.50), tier C → B",
        "",
        "error: a.yaml:3:1: Sum is 0.9. [rule.weight-sum]",
    ]


def test_text_long_formula_shows_where_it_changed() -> None:
    """A typo at the end of a long formula is in sight on both sides."""
    long = "=SWITCH(" + "lead_source," * 30
    line = render_text(plan_of(WEIGHT.model_copy(update={"old": long + "years)", "new": long + "yaers)"})))
    assert "source,years) → …" in line
    assert "source,yaers)  (" in line
    assert len(line) < 250


def test_text_cell_cannot_steer_the_terminal() -> None:
    """Escape sequences, carriage returns and bidi overrides from a cell are spelled out."""
    text = render_text(plan_of(WEIGHT.model_copy(update={"new": "\x1b[2J\r\u202ex\n"})))
    assert "\\u001b[2J\\r\\u202ex\\n" in text
    assert text.isprintable()


def test_text_colour_only_when_asked() -> None:
    """No escape code without colour; removed rows are red with it."""
    removed = Change(kind="removed", area="Factors", key="a / b")
    assert "\x1b" not in render_text(plan_of(removed))
    assert render_text(plan_of(removed), colour=True).startswith("\x1b[31m- Factors  a / b")


def test_text_many_changes_are_counted() -> None:
    """What is not shown is counted."""
    assert render_text(plan_of(*[WEIGHT] * 7), limit=5).endswith("… and 2 more changes")


def test_text_no_change_says_so() -> None:
    """An empty plan is not an empty output."""
    empty = Plan(changes=ChangeSet(base="b", head="b"), base_revision="b")
    assert render_text(empty) == "Nothing changes."


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ([WEIGHT], "Set weight of company_info / years_in_business to 0.6 (was 0.7)"),
        (
            [WEIGHT.model_copy(update={"old": None})],
            "Set weight of company_info / years_in_business to 0.6 (was blank)",
        ),
        ([WEIGHT.model_copy(update={"new": None})], "Blank weight of company_info / years_in_business (was 0.7)"),
        ([Change(kind="added", area="Factors", key="a / b")], "Add a / b (Factors)"),
        ([Change(kind="removed", area="Tiers", key="D")], "Remove D (Tiers)"),
        ([Change(kind="renamed", area="Tiers", key="E", old="D", new="E")], "Rename D to E (Tiers)"),
        ([WEIGHT, WEIGHT], "2 changes in Factors"),
        ([WEIGHT, Change(kind="moved", area="Tiers", key="D")], "2 changes in Factors and Tiers"),
        ([], "Change scoring/rules.yaml"),
    ],
)
def test_title_says_the_change_in_the_domains_words(changes: list[Change], title: str) -> None:
    """What the pull request is called when nobody named it."""
    assert plan_title(changes, ["scoring/rules.yaml"]) == title


def test_title_of_a_long_formula_is_cut() -> None:
    """A title is one line of at most 120 characters."""
    title = plan_title([WEIGHT.model_copy(update={"new": "=IF(\n" + "x" * 500})])
    assert len(title) == 120
    assert "\n" not in title
