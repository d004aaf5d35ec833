"""Deleting much or blanking many cells needs an explicit yes."""

from __future__ import annotations

import json

import pytest

from mergecells.authoring.check import check_files

RULES = "scoring/rules.yaml"


def rules(factors: int, described: int) -> dict[str, bytes]:
    """One component with so many factors, the first of which are described."""
    bodies = {
        f"f{i}": {"weight": 1 / factors, "formula": "=IF(x>1,1,0)", **({"description": "x"} if i < described else {})}
        for i in range(factors)
    }
    value = {"version": "1", "tiers": {"A": {"min": 0}}, "components": {"c": {"weight": 1, "factors": bodies}}}
    return {RULES: json.dumps(value).encode()}


def codes(head: dict[str, bytes], base: dict[str, bytes], allow_large: bool = False) -> list[str]:
    return [each.code for each in check_files(head, base_files=base, allow_large=allow_large).findings]


@pytest.mark.parametrize(
    ("left", "expected"), [(20, []), (16, []), (15, ["change.too-large"]), (1, ["change.too-large"])]
)
def test_change_that_deletes_more_than_the_share_needs_a_yes(left: int, expected: list[str]) -> None:
    """A fifth of 20 rows may go without a question; the 5th row more is one."""
    assert codes(rules(left, 0), rules(20, 0)) == expected


def test_change_of_one_row_is_never_large() -> None:
    """One of three rows is more than a fifth, and still one row."""
    assert codes(rules(2, 0), rules(3, 0)) == []


@pytest.mark.parametrize(("described", "expected"), [(10, []), (9, ["change.too-large"])])
def test_change_that_blanks_many_cells_needs_a_yes(described: int, expected: list[str]) -> None:
    """Ten cells may be blanked at once, eleven are a question."""
    assert codes(rules(20, described), rules(20, 20)) == expected


def test_change_large_but_allowed_is_accepted() -> None:
    """--allow-large is the explicit yes."""
    assert codes(rules(1, 0), rules(20, 20), allow_large=True) == []


def test_change_limits_come_from_the_manifest() -> None:
    """A team may set its own limits."""
    manifest = {"mergecells.yaml": b"version: 1\nchecks: {max_deleted_share: 0.9}\n"}
    assert codes({**rules(5, 0), **manifest}, {**rules(20, 0), **manifest}) == []
