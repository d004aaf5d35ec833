"""A vertical removes, adds and re-weights by key, and leaves the rest as it is."""

from __future__ import annotations

import pytest

from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.scoring import Rules, Vertical
from mergecells.transforms.verticals import resolve_vertical

BASE = Rules.model_validate(
    {
        "version": "1",
        "tiers": {"A": {"min": 80, "label": "hot"}, "B": {"min": 40}, "C": {"min": 0}},
        "lists": {"good": ["x"]},
        "formulas": {"double": "=years*2"},
        "components": {
            "one": {
                "weight": 0.6,
                "description": "first",
                "factors": {"a": {"weight": 0.5, "formula": "=1"}, "b": {"weight": 0.5}},
            },
            "two": {"weight": 0.4, "formula": "=c", "factors": {"c": {"weight": 1}}},
        },
    }
)


def resolved(**sections: object) -> Rules:
    return resolve_vertical(BASE, Vertical.model_validate(sections))


def test_vertical_without_overrides_is_the_base_itself() -> None:
    """Nothing to change costs nothing."""
    assert resolved() is BASE


def test_vertical_reweights_and_keeps_what_it_does_not_name() -> None:
    """A new weight leaves formula, description and the other factors alone."""
    rules = resolved(components={"one": {"weight": 0.7, "factors": {"a": {"weight": 0.9}}}, "two": {"weight": 0.3}})
    one = rules.components["one"]
    assert (one.weight, one.description, one.factors["a"].weight) == (0.7, "first", 0.9)
    assert one.factors["a"].formula == "=1"
    assert one.factors["b"] == BASE.components["one"].factors["b"]
    assert rules.components["two"].formula == "=c"


def test_vertical_null_removes_component_factor_tier_list_and_intermediate() -> None:
    """Null takes a key away at every level."""
    rules = resolved(
        components={"two": None, "one": {"factors": {"b": None}}},
        tiers={"B": None},
        lists={"good": None},
        formulas={"double": None},
    )
    assert list(rules.components) == ["one"]
    assert list(rules.components["one"].factors) == ["a"]
    assert list(rules.tiers) == ["A", "C"]
    assert rules.lists == {}
    assert rules.formulas == {}


def test_vertical_adds_component_factor_list_and_intermediate() -> None:
    """A new key with a weight is added after what is there."""
    rules = resolved(
        components={
            "three": {"weight": 0.1, "factors": {"d": {"weight": 1, "formula": "=1"}}},
            "one": {"factors": {"e": {"weight": 0.1}}},
        },
        lists={"bad": ["y"]},
        formulas={"half": "=years/2"},
    )
    assert list(rules.components) == ["one", "two", "three"]
    assert list(rules.components["one"].factors) == ["a", "b", "e"]
    assert rules.lists["bad"] == ["y"]
    assert rules.formulas["half"] == "=years/2"


def test_vertical_new_tier_goes_above_the_first_lower_one() -> None:
    """Tiers stay from the best down without the whole list being repeated."""
    rules = resolved(tiers={"S": {"min": 95}, "B2": {"min": 20}})
    assert list(rules.tiers) == ["S", "A", "B", "B2", "C"]


def test_vertical_changed_tier_stays_in_place_so_that_a_broken_order_shows() -> None:
    """A minimum above the tier before it is the check's to report, not ours to hide."""
    assert list(resolved(tiers={"B": {"min": 90}}).tiers) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"components": {"new": {"factors": {"x": {"weight": 1}}}}}, "no component new"),
        ({"components": {"one": {"factors": {"x": {"formula": "=1"}}}}}, "no factor x"),
        ({"components": {"one": {"factors": {"a": None, "b": None}}}}, "leaves no factors of one"),
        ({"components": {"one": None, "two": None}}, "leaves no components"),
        ({"tiers": {"A": None, "B": None, "C": None}}, "leaves no tiers"),
    ],
)
def test_vertical_that_fits_no_base_is_rejected_in_words(sections: dict[str, object], message: str) -> None:
    """What cannot be merged says what is missing."""
    with pytest.raises(ConfigRejectedError, match=message):
        resolved(**sections)


def test_vertical_leaves_the_base_untouched() -> None:
    """The base serves other verticals: nothing of it may change."""
    before = BASE.model_dump_json()
    resolved(components={"one": {"weight": 0.1, "factors": {"a": None}}}, tiers={"A": {"min": 90}})
    assert BASE.model_dump_json() == before
