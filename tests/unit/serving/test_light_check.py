"""What a service checks itself: a vertical is judged by its own merged rules, also where the base answers for most."""

from __future__ import annotations

import pytest

from mergecells.serving.light_check import check_light
from mergecells.transforms.yaml_to_config import load_config

RULES = """version: "1"
tiers: {A: {min: 50}, B: {min: 0}}
lists: {paid: [ads]}
formulas: {share: "=years/10"}
components:
  one:
    weight: 1
    formula: "=MAX(age,size)"
    factors:
      age: {weight: 0.5, formula: "=share"}
      size: {weight: 0.5, formula: "=COUNTIF(paid,source)"}
"""
FIELDS = "fields: {years: {type: number}, source: {type: text}}\n"


def findings_of(vertical: str) -> list[tuple[str, str | None]]:
    files = {"scoring/rules.yaml": RULES, "scoring/fields.yaml": FIELDS, "scoring/verticals/v.yaml": vertical}
    loaded = load_config({name: text.encode() for name, text in files.items()})
    assert loaded.config is not None
    assert not loaded.findings
    return [(finding.code, finding.file) for finding in check_light(loaded.config, loaded.documents)]


@pytest.mark.parametrize(
    ("vertical", "code"),
    [
        ('components: {one: {factors: {age: {formula: "=shore"}}}}\n', "formula.unknown-name"),
        ("lists: {paid: null}\n", "formula.unknown-name"),
        ("formulas: {share: null}\n", "formula.unknown-name"),
        ('components: {one: {factors: {age: {formula: "=share+("}}}}\n', "formula.syntax"),
        ('components: {one: {factors: {age: {formula: "=RAND()"}}}}\n', "formula.volatile"),
        ("components: {one: {factors: {age: null, size: {weight: 1}}}}\n", "formula.unknown-name"),
        ('formulas: {share: "=share*2"}\n', "formula.circular"),
    ],
    ids=["unknown", "list removed", "intermediate removed", "syntax", "volatile", "factor removed", "circle"],
)
def test_vertical_that_breaks_a_formula_is_found_over_a_clean_base(vertical: str, code: str) -> None:
    """Formulas that the vertical shares with the base are not looked at again; what it changes is, and what it takes
    away from them."""
    assert code in {found for found, _ in findings_of(vertical)}


def test_vertical_that_changes_weights_alone_has_no_finding() -> None:
    """The common case: nothing to say."""
    assert findings_of("components: {one: {factors: {age: {weight: 0.4}, size: {weight: 0.6}}}}\n") == []
