"""Formulas of factors, components and intermediates: what they may name, what they compute, where the mistake is."""

from __future__ import annotations

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding

RULES = "scoring/rules.yaml"
FIELDS = b"""fields:
  years: {type: number, sample: 12}
  source: {type: text, sample: Google}
  since: {type: date, sample: "2020-02-29"}
"""
HEAD = 'version: "1"\ntiers: {A: {min: 0}}\n'


def factor(formula: str, extra: str = "", component: str = "") -> bytes:
    """One component with one factor; the formula is written as it is given, quotes included."""
    top = f"{HEAD}{extra}components:\n  c:\n    weight: 1\n{component}    factors:\n"
    return f"{top}      f: {{weight: 1, formula: {formula}}}\n".encode()


def check(rules: bytes, **files: bytes) -> list[Finding]:
    """The findings, without those of `test_static_check.py`: the fields are the same for each formula here, and most
    formulas are constants."""
    found = check_files({RULES: rules, "scoring/fields.yaml": FIELDS, **files}).findings
    return [
        finding for finding in found if finding.code not in ("rule.unused", "formula.bound", "rule.tier-unreachable")
    ]


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def at(rules: bytes, finding: Finding) -> str:
    """The text of the file from the finding's position on."""
    assert finding.line
    assert finding.column
    return rules.decode().splitlines()[finding.line - 1][finding.column - 1 :]


@pytest.mark.parametrize("written", ['"=1+yaers"', "'=1+yaers'", "=1+yaers"])
def test_position_points_to_the_name_inside_the_formula(written: str) -> None:
    """Line and column are those of the wrong name, whichever way the text is quoted."""
    rules = factor(written)
    [finding] = check(rules)
    assert at(rules, finding).startswith("yaers")
    assert "character 4" in finding.message
    assert finding.hint == "Did you mean years?"


def test_position_inside_a_text_with_escapes_is_the_start_of_the_text() -> None:
    """Where the file does not show the text as it is, a guess would point to the wrong place."""
    rules = factor('"=IF(source=\\"x\\",1,yaers)"')
    [finding] = check(rules)
    assert at(rules, finding).startswith('"=IF')


def test_position_before_the_escapes_is_exact() -> None:
    """A quote that is doubled further on does not matter."""
    rules = factor("'=IF(sorce=\"it''s\",1,0)'")
    [finding] = check(rules)
    assert at(rules, finding).startswith("sorce")


def test_position_in_a_block_text_is_the_start_of_the_block() -> None:
    """A folded formula spans lines."""
    block = "f:\n        weight: 1\n        formula: >-\n          =1+\n          yaers\n"
    rules = f"{HEAD}components:\n  c:\n    weight: 1\n    factors:\n      {block}".encode()
    [finding] = check(rules)
    assert (finding.line, at(rules, finding)) == (9, ">-")


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ('"=YEARS/20"', None),
        ('"=IF(Source=""google"",1,0)"'.replace('""', '\\"'), None),
        ('"=IF(since>DATE(2019,1,1),1,0)"', None),
        ('"=years/0"', "formula.error-value"),
        ('"=source"', "formula.error-value"),
        ('"=years"', "formula.range"),
        ('"=-0.1"', "formula.range"),
        ('"=1.0000000000001"', None),
        ('"=TRUE"', None),
        ('"=nothing"', "formula.unknown-name"),
        ('"=f"', "formula.unknown-name"),
        ('"=(1"', "formula.syntax"),
        ('"=A1"', "formula.unsupported-function"),
        ('"=LAMBDA(1)"', "formula.syntax"),
        ('"=RANDBETWEEN(0,1)"', "formula.volatile"),
        ('"=INDIRECT(source)"', "formula.volatile"),
    ],
)
def test_factor_formula_has_the_finding_of_its_mistake(formula: str, code: str | None) -> None:
    """One mistake, one finding, at the factor's formula cell."""
    findings = check(factor(formula))
    assert codes(findings) == ([code] if code else [])
    assert all(finding.cell == "Factors!D2" for finding in findings)


def test_all_mistakes_of_one_formula_are_told() -> None:
    """Two unknown names, an unknown function and a volatile one: four findings, a repeated name once."""
    findings = check(factor('"=aa+bb+aa+ZZZ(1)+RAND()"'))
    assert sorted(codes(findings)) == [
        "formula.unknown-name",
        "formula.unknown-name",
        "formula.unsupported-function",
        "formula.volatile",
    ]


def test_component_formula_sees_its_factors_first() -> None:
    """A factor's value, in 0..1, hides the field of the same name; other components' factors are out of reach."""
    rules = factor('"=1"', component='    formula: "=f*years/20"\n')
    assert check(rules) == []
    [finding] = check(factor('"=1"', component='    formula: "=g"\n'))
    assert (finding.code, finding.cell) == ("formula.unknown-name", "Components!C2")


def test_factor_formula_does_not_see_factors() -> None:
    """A factor is no name for another factor's formula."""
    assert codes(check(factor('"=f"'))) == ["formula.unknown-name"]


def test_intermediate_may_use_another_written_later() -> None:
    """The order of the file does not matter; lists count as names."""
    extra = 'lists: {good: [Google]}\nformulas:\n  b: "=a*2"\n  a: "=IF(COUNTIF(good,source)>0,0.1,0)"\n'
    assert check(factor('"=b"', extra)) == []


@pytest.mark.parametrize(
    ("formulas", "shown"),
    [
        ('a: "=b"\n  b: "=d"\n  d: "=a"', "a → b → d → a"),
        ('a: "=A+1"', "a uses itself"),
    ],
)
def test_circle_is_shown_once_and_what_needs_it_is_not_computed(formulas: str, shown: str) -> None:
    """The circle is the finding; that a factor has no value then is its consequence."""
    [finding] = check(factor('"=a"', f"formulas:\n  {formulas}\n"))
    assert finding.code == "formula.circular"
    assert shown in finding.message
    assert finding.cell == "Formulas!B2"


def test_intermediate_with_an_error_that_is_guarded_is_a_warning() -> None:
    """An intermediate may be an error when whoever uses it guards against it."""
    findings = check(factor('"=IFERROR(ratio,0)"', 'formulas: {ratio: "=1/(years-12)"}\n'))
    assert [(finding.code, finding.severity) for finding in findings] == [("formula.error-value", "warning")]


def test_intermediate_may_be_a_text_or_above_1() -> None:
    """Only what factors and components give is a share."""
    assert check(factor('"=IF(a=""x"",1,0)"'.replace('""', '\\"'), 'formulas: {a: "=source&1", b: "=years"}\n')) == []


def test_examples_are_computed_too_and_counted_in_one_finding() -> None:
    """What only a golden lead brings up is found; three leads are one finding that names the first."""
    examples = b"examples:\n  one: {lead: {years: 0}, tier: A}\n  two: {lead: {}, tier: A}\n"
    [finding] = check(factor('"=MIN(1,1/years)"'), **{"scoring/examples.yaml": examples})
    assert finding.code == "formula.error-value"
    assert "the example one" in finding.message
    assert "years = 0" in finding.message
    assert "1 more lead" in finding.message


def test_vertical_formulas_are_computed_with_what_the_vertical_changes() -> None:
    """An intermediate that a vertical changes may break a factor of the base; a removed one makes its name unknown."""
    rules = factor('"=half"', 'formulas: {half: "=0.5"}\n')
    assert check(rules) == []
    [out_of_range] = check(rules, **{"scoring/verticals/big.yaml": b'formulas: {half: "=50"}\n'})
    assert out_of_range.code == "formula.range"
    assert out_of_range.message.startswith("In vertical big: ")
    [unknown] = check(rules, **{"scoring/verticals/less.yaml": b"formulas: {half: null}\n"})
    assert unknown.code == "formula.unknown-name"


def test_names_without_fields_are_not_judged() -> None:
    """Rules alone: what a field is cannot be known; syntax and functions can."""
    assert list(check_files({RULES: factor('"=whatever/20"')}).findings) == []
    assert [each.code for each in check_files({RULES: factor('"=RAND()*whatever"')}).findings] == ["formula.volatile"]


def test_check_is_the_same_on_every_day() -> None:
    """Without a date in the config, TODAY is a fixed day: the same files never pass today and fail tomorrow."""
    [finding] = check(factor('"=YEAR(TODAY())"'))
    assert finding.code == "formula.range"
    assert "2026" in finding.message
