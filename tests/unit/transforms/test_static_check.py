"""What can be said about rules without any lead: bounds, tiers, names that nothing uses, across base and verticals."""

from __future__ import annotations

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding

FIELDS = """fields:
  years: {type: number, sample: 12}
  share_known: {type: number, sample: 0.4}
  source: {type: text, sample: Google}
  flag: {type: boolean, sample: true}
"""
UNUSED = "rule.unused"


def check(
    factor: str = "=MIN(1,MAX(0,years)/20)", *, top: str = "", tiers: str = "{A: {min: 60}, B: {min: 0}}", **files: str
) -> list[Finding]:
    """One component with the factor given and a flag that is worth half; fields that nothing uses are left out."""
    rules = f"""version: "1"
tiers: {tiers}
{top}components:
  c:
    weight: 1
    factors:
      f: {{weight: 0.5, formula: '{factor}'}}
      flag: {{weight: 0.5}}
"""
    stated = {
        "scoring/rules.yaml": rules,
        "scoring/fields.yaml": FIELDS,
        **{f"scoring/verticals/{k}.yaml": v for k, v in files.items()},
    }
    found = check_files({path: text.encode() for path, text in stated.items()}).findings
    return [finding for finding in found if not (finding.code == UNUSED and finding.file == "scoring/fields.yaml")]


def told(*args: str, **more: str) -> list[tuple[str, str]]:
    return [(finding.code, finding.message) for finding in check(*args, **more)]


def test_static_sound_rules_have_no_finding() -> None:
    """What is cut to 0..1 and depends on the lead is fine."""
    assert check() == []


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        ("=MIN(0.5,MAX(0,years)/20)", "never exceeds 0.5: at most 25 of the 50 points that its weight promises."),
        ("=0.7", "always gives 0.7: it adds 35 points to every lead."),
        ("=IF(years>3,0.2,0.2)", "always gives 0.2: it adds 10 points to every lead."),
        ("=IFERROR(0.4/0,1)", "always gives 1: it adds 50 points to every lead."),
        ("=years/20", "can leave 0..1: years = 21 gives 1.05."),
        ("=MAX(0,years/20)", "can leave 0..1: years = 21 gives 1.05."),
        ("=1-years/100", "can leave 0..1: years = 101 gives -0.01."),
    ],
)
def test_static_factor_that_does_not_keep_its_promise_is_a_warning(factor: str, message: str) -> None:
    """With the points that it costs, or the value of a field that shows it."""
    [finding] = [each for each in check(factor) if each.code == "formula.bound"]
    assert (finding.severity, finding.cell) == ("warning", "Factors!D2")
    assert finding.message == f"The formula of the factor f of c {message}"


@pytest.mark.parametrize(
    "factor",
    [
        "=IF(years>=20,1,years/20)",  # a number field is a count: hardly ever negative
        "=share_known",  # every value stated lies in 0..1
        "=1-share_known",
        "=0.3+0.7*share_known",
        "=IF(flag,1,0.3)",
        "=IF(ISBLANK(years),0,LOOKUP(years,{0,10},{0.2,1}))",
    ],
)
def test_static_factor_that_only_odd_leads_push_out_of_bounds_is_fine(factor: str) -> None:
    """Nothing is told of negative counts and of shares above 1, which no lead is expected to have."""
    assert check(factor) == []


def test_static_formula_with_a_finding_for_a_lead_is_not_told_twice() -> None:
    """The sample lead leaves 0..1 already: one finding says so."""
    assert [finding.code for finding in check("=years/10")] == ["formula.range"]


def test_static_intermediate_carries_its_bounds_into_factors() -> None:
    """A factor of an intermediate that never exceeds 0.5."""
    top = 'formulas: {half: "=MIN(0.5,MAX(0,years)/20)"}\n'
    assert told("=half", top=top) == [
        (
            "formula.bound",
            "The formula of the factor f of c never exceeds 0.5: at most 25 of the 50 points that its weight promises.",
        )
    ]


def test_static_intermediate_with_a_dead_branch_is_told() -> None:
    """An intermediate is a formula as any other; its value is never blank, which a test for it cannot know."""
    top = 'formulas: {known: "=years"}\n'
    [(code, message)] = told("=IF(ISBLANK(known),0,MIN(1,MAX(0,known)/20))", top=top)
    assert code == "formula.dead-branch"
    assert "`ISBLANK(known)` is never TRUE here" in message


@pytest.mark.parametrize(
    ("factor", "tiers", "message"),
    [
        (
            "=MIN(0.5,MAX(0,years)/20)",
            "{A: {min: 80}, B: {min: 0}}",
            "No lead can get tier A: the highest score that the rules can give is 75, and it starts at 80.",
        ),
        (
            "=IF(years>3,1,0.5)",
            "{A: {min: 60}, B: {min: 20}, C: {min: 0}}",
            "No lead can get tier C: the lowest score that the rules can give is 25, and B starts at 20.",
        ),
    ],
)
def test_static_tier_that_no_lead_can_get_is_a_warning(factor: str, tiers: str, message: str) -> None:
    """By the highest and the lowest score that all formulas and weights together can give."""
    assert ("rule.tier-unreachable", message) in told(factor, tiers=tiers)


def test_static_tier_that_is_just_reached_is_fine() -> None:
    """A minimum of exactly the highest score can be reached; binary rounding does not count."""
    found = told("=MIN(0.6,MAX(0,years)/20)", tiers="{A: {min: 80}, B: {min: 0}}")
    assert "rule.tier-unreachable" not in [code for code, _ in found]


def test_static_vertical_is_told_on_its_merged_rules_and_only_what_is_new() -> None:
    """The base's finding is not repeated; what the vertical makes unreachable is told in its name."""
    found = told("=MIN(0.5,MAX(0,years)/20)", retail="tiers: {A: {min: 80}}\n")
    assert [code for code, _ in found] == ["formula.bound", "rule.tier-unreachable"]
    assert found[1][1].startswith("In vertical retail: No lead can get tier A")


def test_static_component_formula_sees_the_bounds_of_its_factors() -> None:
    """A component's own formula is judged on what its factors can give; a factor's weight promises nothing there."""
    rules = b"""version: "1"
tiers: {A: {min: 0}}
components:
  c:
    weight: 1
    formula: "=MAX(f,0.2)"
    factors: {f: {weight: 1, formula: "=MIN(0.5,MAX(0,x))"}}
"""
    assert [finding.message for finding in check_files({"scoring/rules.yaml": rules}).findings] == [
        "The formula of the component c never exceeds 0.5: at most 50 of the 100 points that its weight promises."
    ]


def test_unused_names_are_told_where_they_stand() -> None:
    """A list, an intermediate, a field; what one vertical uses is used."""
    top = 'lists: {paid: [Google], free: [Mail]}\nformulas: {old: "=years*2"}\n'
    vertical = 'components: {c: {factors: {f: {formula: "=IF(COUNTIF(free,source)>0,1,0)"}}}}\n'
    assert [message for code, message in told(top=top, retail=vertical) if code == UNUSED] == [
        "No formula uses the list paid.",
        "No formula uses the intermediate old.",
    ]


def test_unused_is_not_told_beside_an_error() -> None:
    """A formula that cannot be read may be the one that uses the name."""
    assert [code for code, _ in told("=IF(", top="lists: {paid: [Google]}\n")] == ["formula.syntax"]


def test_duplicate_entry_differs_in_case_only() -> None:
    """Formulas compare without case; numbers and truth values are other entries than texts."""
    top = "lists: {paid: [Google, 1, '1', true, GOOGLE]}\n"
    [(code, message)] = told("=IF(COUNTIF(paid,source)>0,1,0)", top=top)
    assert code == "rule.duplicate-entry"
    assert message == "The list paid holds GOOGLE twice: as Google."
