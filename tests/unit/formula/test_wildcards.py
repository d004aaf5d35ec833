"""Wildcards: `*` any characters, `?` one, `~` makes the next one literal."""

from __future__ import annotations

import pytest

from mergecells.formula.wildcards import has_wildcards, matches, search, unescape


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*bc", "abc", False),
        ("*", "", True),
        ("?", "", False),
        ("a?c", "ABC", True),
        ("a?c", "abbc", False),
        ("*b*", "abc", True),
        ("a*c*e", "abcde", True),
        ("a*e*c", "abcde", False),
        ("a~*c", "a*c", True),
        ("a~*c", "abc", False),
        ("~~*", "~x", True),
        ("a.c*", "abc", False),
        ("(*)", "(x)", True),
        ("*a", "a\na", True),
    ],
)
def test_matches_compares_the_whole_text_without_case(pattern: str, text: str, whole: bool) -> None:
    """Pieces may not overlap, and signs of regular expressions mean themselves."""
    assert matches(pattern, text) is whole


@pytest.mark.parametrize(
    ("pattern", "text", "start", "position"),
    [("b*d", "abcd", 0, 1), ("b?d", "abcd", 0, 1), ("d*b", "abcd", 0, -1), ("?", "abc", 1, 1), ("a*", "xxa", 0, 2)],
)
def test_search_finds_the_first_place(pattern: str, text: str, start: int, position: int) -> None:
    """From 0; -1 when there is none."""
    assert search(pattern, text, start) == position


def test_has_wildcards_ignores_escaped_ones() -> None:
    """`~*` is a star."""
    assert not has_wildcards("a~*b~?")
    assert has_wildcards("a~~*")
    assert unescape("a~*b~~") == "a*b~"
