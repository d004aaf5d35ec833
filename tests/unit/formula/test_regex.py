"""Our engine for regular expressions against RE2 itself, and its bounds."""

from __future__ import annotations

import random

import pytest
import re2

from mergecells.formula.regex import MAX_STEPS, Regex, RegexError, TooManyStepsError, compile_regex

SEED = 20_240_229
PATTERNS = 1_500
LEAVES = (
    "a", "b", "c", "k", ".", "[ab]", "[^a]", "\\w", "\\d", "\\s", "\\b", "^", "$", "x", "A", "[a-c]", "\\pL",
    "[[:upper:]]", "é", "\\x41", "\\Qa.\\E", "[\\d-]", "(?i)k", "\\.",
)  # fmt: skip


def random_pattern(chance: random.Random, depth: int) -> str:
    if depth == 0:
        return chance.choice(LEAVES)
    p, q = random_pattern(chance, depth - 1), random_pattern(chance, depth - 1)
    return chance.choice(
        [
            p + q, p + q, p + q, f"(?:{p}|{q})", f"({p})", f"(?:{p})*", f"(?:{p})+?", f"({p})?", f"(?:{p}){{1,2}}",
            f"({p}|{q})*", f"(?i:{p})", f"(?m:{p})", f"(?s){p}", f"({p}){{0,2}}?", f"(|{p})+", f"{p}+{q}",
        ]
    )  # fmt: skip


def random_text(chance: random.Random) -> str:
    return "".join(chance.choice("abckKAé x1.-\n\u212a") for _ in range(chance.randint(0, 9)))


def their_spans(match: re2._Match | None, groups: int) -> tuple[tuple[int, int] | None, ...] | None:
    if match is None:
        return None
    return tuple(None if match.span(group) == (-1, -1) else match.span(group) for group in range(groups + 1))


def quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def test_regex_random_patterns_match_what_re2_matches() -> None:
    """Verdict on the pattern, whether it occurs, and every group: the automaton and the machine with groups."""
    chance, options = random.Random(SEED), quiet()
    for _ in range(PATTERNS):
        pattern = random_pattern(chance, chance.randint(0, 4))
        try:
            theirs = re2.compile(pattern, options=options)
        except re2.error:
            with pytest.raises(RegexError):
                compile_regex(pattern)
            continue
        ours = compile_regex(pattern)
        for text in (random_text(chance), random_text(chance)):
            expected = their_spans(theirs.search(text), theirs.groups)
            found, _ = ours.search(text)
            told = f"seed {SEED}: {pattern!r} in {text!r}"
            assert (found and found.spans) == expected, told
            assert ours.test(text) == (expected is not None), told


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ("(", 0), ("a)", 1), ("[a", 0), ("*", 0), ("a**", 2), ("a{2,1}", 1), ("a{1001}", 1), ("\\", 0), ("\\1", 0),
        ("x(?=a)", 1), ("x(?<!a)", 1), ("(?P<1-2>a)", 0), ("(?z)", 0), ("[b-a]", 1),
        ("[[:nope:]]", 1), ("\\p{Nope}", 0), ("\\x{110000}", 0), ("a++", 2), ("(?>a)", 0), ("\\y", 0), ("\\C", 0),
    ],
)  # fmt: skip
def test_regex_pattern_that_re2_refuses_is_refused_at_its_place(pattern: str, place: int) -> None:
    """The position is that of the character where the trouble starts."""
    if pattern != "\\C":  # one byte of a text, which a sheet has not
        with pytest.raises(re2.error):
            re2.compile(pattern, options=quiet())
    with pytest.raises(RegexError) as raised:
        compile_regex(pattern)
    assert raised.value.position == place


def test_regex_second_group_of_one_name_is_refused() -> None:
    """RE2's Python module takes it; a replacement with that name could mean either."""
    with pytest.raises(RegexError, match="second group"):
        compile_regex("(?P<a>b)(?P<a>c)")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)x", "((a*)*)*b", "(?:a?){25}a{25}"])
def test_regex_pattern_built_to_explode_is_linear(pattern: str) -> None:
    """Steps grow with the text and with the pattern, not with their powers: a backtracking engine never ends here."""
    regex = compile_regex(pattern)
    for length in (100, 400, 1_600):
        text = "a" * length + "c"
        _, steps = regex.search(text)
        assert steps <= (regex.size + 1) * (length + 2)
        regex.test(text)


def test_regex_text_too_long_for_the_pattern_stops_before_it_starts() -> None:
    """Known from the two sizes alone, so that every run gives the same answer."""
    regex = compile_regex("[a-z]{400}x")
    with pytest.raises(TooManyStepsError):
        regex.test("a" * (MAX_STEPS // regex.size + 1))
    with pytest.raises(TooManyStepsError):
        list(compile_regex("a(.*b)?").matches("a" * 3_000))


def test_regex_automaton_forgets_and_stays_right() -> None:
    """A pattern with 2^13 states in an automaton that keeps 512."""
    regex = Regex("(a|b)*a(a|b){12}c", fold=False)
    chance = random.Random(SEED)
    for _ in range(30):
        text = "".join(chance.choice("ab") for _ in range(300)) + chance.choice(["c", ""])
        assert regex.test(text) == bool(re2.search("(a|b)*a(a|b){12}c", text))
        assert len(regex._states) <= 600


def test_regex_matches_are_those_of_re2s_global_replace() -> None:
    """No empty match right after a match: `b*` in abc is found before a, at b, and at the end."""
    spans = [match.spans[0] for match in compile_regex("b*").matches("abc")]
    assert spans == [(0, 0), (1, 2), (3, 3)]
