"""Rules over several rows, of the base and of every vertical's merged result."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding
from mergecells.transforms.name_check import unusable_name

RULES = "scoring/rules.yaml"
RETAIL = "scoring/verticals/retail.yaml"


def rules(weights: dict[str, list[float]], minima: list[float]) -> bytes:
    """Rules with these components (the first number is its own weight) and tiers."""
    components = {
        name: {
            "weight": own,
            "factors": {f"f{i}": {"weight": w, "formula": "=IF(x>1,1,0)"} for i, w in enumerate(factors)},
        }
        for name, (own, *factors) in weights.items()
    }
    tiers = {f"T{i}": {"min": minimum} for i, minimum in enumerate(minima)}
    return json.dumps({"version": "1", "tiers": tiers, "components": components}).encode()


def check(base: bytes, **verticals: str) -> list[Finding]:
    """The findings, without those about a formula that is a constant here."""
    files = {RULES: base, **{f"scoring/verticals/{name}.yaml": text.encode() for name, text in verticals.items()}}
    return [finding for finding in check_files(files).findings if finding.code != "formula.bound"]


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


SOUND = {"a": [0.5, 1.0], "b": [0.5, 0.3, 0.7]}


@pytest.mark.parametrize(("total", "good"), [(1.005, True), (0.995, True), (1.0051, False), (0.9949, False)])
def test_weights_within_the_tolerance_are_accepted(total: float, good: bool) -> None:
    """Components and factors each sum to 1 within 0.005, the limit itself included."""
    findings = check(rules({"a": [round(total - 0.5, 6), 1.0], "b": [0.5, 1.0]}, [0]))
    assert codes(findings) == ([] if good else ["rule.weight-sum"])


def test_weights_that_do_not_sum_are_told_once_for_each_place_with_the_difference() -> None:
    """The hint says how much is missing; the cells are the block of weights."""
    findings = check(rules({"a": [0.5, 0.2, 0.2], "b": [0.6, 1.0]}, [0]))
    assert [(finding.cell, finding.hint) for finding in findings] == [
        ("Components!B2:B3", "Take away 0.1 so that they sum to 1 (within 0.005)."),
        ("Factors!C2:C3", "Add 0.6 so that they sum to 1 (within 0.005)."),
    ]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_weights_shared_out_exactly_never_trip_over_rounding(parts: list[int]) -> None:
    """Any whole made of decimal shares passes: binary rounding is not a person's mistake."""
    shares = [part / sum(parts) for part in parts]
    assert check(rules({"a": [1.0, *shares]}, [0])) == []


@pytest.mark.parametrize(
    ("minima", "expected"),
    [
        ([0], []),
        ([80, 60, 0], []),
        ([60, 80, 0], ["rule.tier-order"]),
        ([60, 60, 0], ["rule.tier-order"]),
        ([80, 0, 60], ["rule.tier-order"]),
        ([80, 10], ["rule.tier-missing"]),
        ([10, 80], ["rule.tier-order", "rule.tier-missing"]),
    ],
)
def test_tiers_descend_strictly_to_zero(minima: list[float], expected: list[str]) -> None:
    """In the order of the file, whatever their number."""
    assert sorted(codes(check(rules(SOUND, minima)))) == sorted(expected)


def test_vertical_merged_result_is_checked_and_named() -> None:
    """A vertical that breaks the sum is told with its name, in its own file; the base stays clean."""
    [finding] = check(rules(SOUND, [0]), retail="components:\n  a: {weight: 0.6}\n")
    assert (finding.code, finding.file) == ("rule.weight-sum", RETAIL)
    assert finding.message.startswith("In vertical retail: ")


def test_vertical_does_not_repeat_the_mistakes_of_the_base() -> None:
    """What is wrong in the base is told once, however many verticals inherit it."""
    findings = check(rules({"a": [0.4, 1.0], "b": [0.5, 1.0]}, [0]), retail="description: x\n", saas="description: y\n")
    assert codes(findings) == ["rule.weight-sum"]


def test_vertical_may_remove_add_and_reweight() -> None:
    """Overrides that sum again to 1 have no finding."""
    text = "components:\n  b: null\n  c: {weight: 0.5, factors: {x: {weight: 1, formula: '=1'}}}\n"
    assert check(rules(SOUND, [0]), retail=text) == []


@pytest.mark.parametrize(
    "text",
    [
        "components: {zz: {description: x}}",
        "components: {zz: null}",
        "components: {a: {factors: {zz: {formula: '=1'}}}}",
        "components: {a: {factors: {zz: null}}}",
        "components: {a: {factors: {f0: null}}}",
        "components: {a: null, b: null}",
        "tiers: {T0: null}",
        "tiers: {zz: null}",
        "lists: {zz: null}",
        "formulas: {zz: null}",
        "components: {zz: {weight: 0.5}}",
    ],
)
def test_vertical_that_does_not_fit_the_base_is_an_unknown_reference(text: str) -> None:
    """Changing or removing what is not there, or leaving nothing: told at its key, and no crash in later checks."""
    findings = check(rules(SOUND, [0]), retail=text)
    assert codes(findings) == ["rule.unknown-reference"]
    assert findings[0].file == RETAIL


@pytest.mark.parametrize("name", ["Q4", "a1", "XFD1048576", "R1C1", "r", "C", "RC", "R2", "c7", "true", "FALSE"])
def test_unusable_name_that_a_spreadsheet_reads_otherwise(name: str) -> None:
    """Such a name cannot be a defined name."""
    assert unusable_name(name)


@pytest.mark.parametrize("name", ["XFE1", "A1048577", "A0", "Q4_value", "year", "_a1", "rc_time", "abcd1", "years"])
def test_unusable_name_ordinary_words_are_none(name: str) -> None:
    """Just outside a sheet's bounds, or with a letter more, it is a name like any other."""
    assert unusable_name(name) is None
