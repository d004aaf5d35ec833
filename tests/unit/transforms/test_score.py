"""Scores follow the contract's formula, to the letter and to the edge."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import ConfigRejectedError, UsageError
from mergecells.transforms.score import Scorer, compile_rules
from mergecells.transforms.yaml_to_config import load_config

DAY = datetime.date(2026, 3, 1)

RULES = """
version: "1.0"
tiers:
  A: {min: 80}
  B: {min: 60}
  C: {min: 0}
lists:
  good: [SaaS, Finance]
formulas:
  double: "=years*2"
  quadruple: "=double*2"
components:
  company:
    weight: 0.75
    factors:
      age: {weight: 0.5, formula: "=MIN(1,quadruple/40)"}
      industry_fit: {weight: 0.5, formula: "=IF(COUNTIF(good,industry)>0,1,0)"}
  contact:
    weight: 0.25
    formula: "=MAX(email,phone)"
    factors:
      email: {weight: 0.5}
      phone: {weight: 0.5}
"""
FIELDS = """
fields:
  years: {type: number}
  industry: {type: text}
  email: {type: text}
  phone: {type: number}
  active: {type: boolean}
  since: {type: date}
"""


def config_of(rules: str = RULES, fields: str | None = FIELDS, **verticals: str) -> ConfigSet:
    files = {"scoring/rules.yaml": rules.encode()}
    if fields is not None:
        files["scoring/fields.yaml"] = fields.encode()
    files |= {f"scoring/verticals/{name}.yaml": text.encode() for name, text in verticals.items()}
    loaded = load_config(files)
    assert loaded.config is not None, loaded.findings
    return loaded.config


def one_factor(formula: str | None = None, *, name: str = "f", fields: str | None = None) -> Scorer:
    shown = f', formula: "{formula}"' if formula else ""
    rules = f"""
version: "1"
tiers: {{A: {{min: 0}}}}
components:
  c: {{weight: 1, factors: {{{name}: {{weight: 1{shown}}}}}}}
"""
    return compile_rules(config_of(rules, fields), "r")


def test_score_weighted_factors_gives_the_contracts_sum() -> None:
    """100 x component weight x factor weight x factor value, with intermediates, lists and a component's formula."""
    scorer = compile_rules(config_of(), "abc")
    score = scorer.score({"years": 5, "industry": "saas", "email": "a@b.c"}, DAY)
    assert score.components == {"company": 100 * 0.75 * (0.5 * 0.5 + 0.5 * 1), "contact": 25.0}
    assert score.value == pytest.approx(81.25)
    assert (score.tier, score.revision, score.date, score.issues) == ("A", "abc", DAY, ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, 1.0),
        (False, 0.0),
        ("x", 1.0),
        ("", 0.0),
        (None, 0.0),
        (0.25, 0.25),
        (1, 1.0),
        (7, 1.0),
        (-3, 0.0),
        (math.nan, 0.0),
        (datetime.date(2026, 1, 1), 1.0),
    ],
)
def test_score_factor_without_formula_reads_the_field_by_the_contracts_rule(value: Any, expected: float) -> None:
    """True or a non-empty text is 1, numbers are clipped to 0..1, blank is 0, a date that is there is 1."""
    assert one_factor().score({"f": value}, DAY).value == 100 * expected


def test_score_of_names_in_other_case_is_the_same() -> None:
    """Field names, factor names and vertical names do not depend on upper and lower case."""
    scorer = compile_rules(config_of(small="components: {company: {weight: 0.5}, contact: {weight: 0.5}}\n"))
    lead = {"YEARS": 5, "Industry": "SAAS", "eMail": "a@b.c"}
    assert scorer.score(lead, DAY, "SMALL").components["company"] == 37.5
    assert scorer.score(lead, DAY, "SMALL").vertical == "small"


@pytest.mark.parametrize(
    ("weights", "share", "value"), [([0.1] * 10, 0.8, 80.0), ([0.3333, 0.3333, 0.3334], 0.7, 70.0)]
)
def test_tier_minimum_is_inclusive_despite_binary_rounding(weights: list[float], share: float, value: float) -> None:
    """Weights that give exactly the minimum reach the tier, though their binary sum may fall a hair short of it."""
    parts = "".join(
        f"  c{at}: {{weight: {weight}, factors: {{f: {{weight: 1, formula: '={share}'}}}}}}\n"
        for at, weight in enumerate(weights)
    )
    rules = f'version: "1"\ntiers: {{A: {{min: {value}}}, B: {{min: 0}}}}\ncomponents:\n{parts}'
    score = compile_rules(config_of(rules, None)).score({}, DAY)
    assert (score.value, score.tier) == (value, "A")


def test_tier_is_chosen_before_any_rounding_for_display() -> None:
    """79.996 is shown as 80.00, and is tier B all the same."""
    rules = """
version: "1"
tiers: {A: {min: 80}, B: {min: 0}}
components: {c: {weight: 1, factors: {f: {weight: 1, formula: "=0.79996"}}}}
"""
    score = compile_rules(config_of(rules, None)).score({}, DAY)
    assert (score.value, score.tier) == (pytest.approx(79.996), "B")


@pytest.mark.parametrize(
    ("formula", "value", "issue"),
    [
        ("=1.5", 100.0, "c.f is 1.5, outside 0..1"),
        ("=-0.5", 0.0, "c.f is -0.5, outside 0..1"),
        ("=1/0", 0.0, "c.f is the error #DIV/0!"),
        ("='x'", 0.0, None),
        ("=TRUE", 100.0, ""),
        ("=FALSE", 0.0, ""),
        ("=1/3+2/3", 100.0, ""),
    ],
)
def test_factor_result_outside_its_range_counts_what_the_issues_say(
    formula: str, value: float, issue: str | None
) -> None:
    """A number outside 0..1 is clipped, an error or a text counts 0, and each is named; TRUE and FALSE are 1 and 0."""
    if issue is None:
        formula, issue = "=CONCAT(1,2)", "c.f is a text, not a number"
    score = one_factor(formula).score({}, DAY)
    assert score.value == value
    assert score.issues == ((issue,) if issue else ())


@pytest.mark.parametrize(
    ("lead", "issue"),
    [
        ({"years": "12"}, "years: a text where a number is expected"),
        ({"years": True}, "years: true or false where a number is expected"),
        ({"industry": 7}, "industry: a number where a text is expected"),
        ({"active": "yes"}, "active: a text where true or false is expected"),
        ({"since": "2026-02-30"}, "since: there is no date 2026-02-30"),
        ({"since": "1899-12-31"}, "since: dates before 1900 are texts"),
        ({"since": "soon"}, "since: a text where a date is expected"),
        ({"years": math.inf}, "years: is not finite; taken as blank"),
        ({"years": [1]}, "years: list cannot be a value; taken as blank"),
        ({"years": 10**400}, "years: is not finite; taken as blank"),
    ],
)
def test_lead_value_of_another_type_is_an_issue_and_never_guessed_at(lead: dict[str, Any], issue: str) -> None:
    """What does not fit its field is named; a text in a number field stays a text, as in a sheet."""
    assert compile_rules(config_of()).score(lead, DAY).issues == (issue,)


def test_lead_text_in_number_field_stays_text() -> None:
    """The formula sees the text "12", not the number 12."""
    scorer = one_factor("=IF(ISTEXT(n),1,0)", fields="fields: {n: {type: number}}\n")
    assert scorer.score({"n": "12"}, DAY).value == 100
    assert scorer.score({"n": 12}, DAY).value == 0
    assert scorer.score({"n": ""}, DAY).issues == ()


@pytest.mark.parametrize("since", ["2025-03-01", datetime.date(2025, 3, 1), "2025-03-01T00:00:00Z"])
def test_date_field_is_a_date_serial_and_today_is_the_given_date(since: Any) -> None:
    """A date compares with what formulas build from DATE."""
    fields = "fields: {since: {type: date}}\n"
    scorer = one_factor("=IF(since=DATE(2025,3,1),1,0)", fields=fields)
    assert scorer.score({"since": since}, DAY).value == 100


def test_unknown_lead_names_are_left_out_when_there_are_fields() -> None:
    """A lead cannot smuggle in an intermediate or a list by its name."""
    scorer = compile_rules(config_of())
    assert scorer.score({"years": 5, "double": 1e9, "good": "x", "other": 1}, DAY) == scorer.score({"years": 5}, DAY)


def test_unknown_vertical_is_refused_with_the_known_ones() -> None:
    """Scoring in a vertical that does not exist says which do."""
    scorer = compile_rules(config_of(small="components: {}\n"))
    with pytest.raises(UsageError, match="small"):
        scorer.score({}, vertical="large")


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (RULES.replace("=years*2", "=quadruple*2"), "formula.circular"),
        (RULES.replace("=years*2", "=years*("), "formula.syntax"),
    ],
)
def test_rules_that_cannot_be_computed_are_rejected_at_compile_time(rules: str, code: str) -> None:
    """A circle or a formula that does not parse never becomes a Scorer."""
    with pytest.raises(ConfigRejectedError) as caught:
        compile_rules(config_of(rules))
    assert code in {finding.code for finding in caught.value.findings}


def test_evaluation_date_before_1900_is_refused() -> None:
    """The date system of sheets starts in 1900."""
    with pytest.raises(UsageError, match="1899"):
        one_factor().score({}, datetime.date(1899, 12, 31))


def test_score_many_equals_scoring_one_by_one() -> None:
    """Columns in, columns out, the same numbers."""
    scorer = compile_rules(config_of(), "abc")
    columns = {"years": [1, 5, None, "x"], "industry": ["saas", "x", None, "finance"]}
    many = scorer.score_many(columns, DAY)
    leads = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    single = [scorer.score(lead, DAY) for lead in leads]
    assert many.value == [score.value for score in single]
    assert many.tier == [score.tier for score in single]
    assert many.issues == [score.issues for score in single]
    assert {name: values[1] for name, values in many.components.items()} == single[1].components
    assert (len(many), many.revision, many.date) == (4, "abc", DAY)


def test_score_many_of_unequal_columns_is_refused() -> None:
    """A column that is too short is no lead with blanks."""
    with pytest.raises(UsageError, match="years: 2"):
        compile_rules(config_of()).score_many({"years": [1, 2], "industry": ["x"]})


def test_evaluate_shows_every_value_on_the_way() -> None:
    """Intermediates, raw results, factor values and shares agree with the score."""
    scorer = compile_rules(config_of(), "abc")
    seen = scorer.evaluate({"years": 5, "email": "x"}, DAY)
    assert seen.intermediates == {"double": 10.0, "quadruple": 20.0}
    assert seen.results["company", "age"] == 0.5
    assert seen.factors == {
        ("company", "age"): 0.5,
        ("company", "industry_fit"): 0.0,
        ("contact", "email"): 1.0,
        ("contact", "phone"): 0.0,
    }
    assert seen.shares == {"company": 0.25, "contact": 1.0}
    assert seen.component_results == {"contact": 1.0}
    assert seen.score == scorer.score({"years": 5, "email": "x"}, DAY)


def test_default_date_is_today_in_utc() -> None:
    """Without a date the result says which one held."""
    before = datetime.datetime.now(datetime.UTC).date()
    assert before <= one_factor().score({}).date <= datetime.datetime.now(datetime.UTC).date()


VALUES = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8), st.dates())


@given(st.dictionaries(st.sampled_from(["years", "industry", "email", "phone", "since", "active"]), VALUES))
def test_any_lead_scores_within_range_and_its_components_sum_to_it(lead: dict[str, Any]) -> None:
    """Whatever a lead holds, the score is in 0..100, is the sum of its parts, and its tier reaches its minimum."""
    score = SCORER.score(lead, DAY)
    assert 0 <= score.value <= 100
    assert score.value == pytest.approx(sum(score.components.values()), abs=1e-8)
    assert score.tier == ("A" if score.value >= 80 else "B" if score.value >= 60 else "C")


SCORER = compile_rules(config_of())
