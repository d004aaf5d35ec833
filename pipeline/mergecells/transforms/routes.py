"""Which models serve a prompt or a message, and what a message is about."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mergecells.domain.prompts import Prompt
from mergecells.domain.routing import AMBIGUOUS, DetectionRule, Intent, Routing, Rung

if TYPE_CHECKING:
    from mergecells.formula.regex import Regex

READ_CHARACTERS = 4_000
"""Of a message; what it is about shows early, and a pattern's cost grows with the text."""


# Frozen, and checking one takes as long as finding a ladder.
_NO_INTENT, _PLAIN_RUNG = Intent(), Rung()


class Detected(NamedTuple):
    """`confidence` is the winner's share of all weight that was found, 0 without any; `reason` is for people."""

    intent: str
    confidence: float
    reason: str


def prompt_ladder(routing: Routing, prompt: Prompt) -> dict[str, Rung]:
    """Model → how it is called, in the order of trying.

    The intent of the prompt's own name where there is one; else the prompt's `model.id`, called as the ladder of
    `ambiguous` says if it is in it, then the rest of that ladder. Empty when neither names a model.
    """
    own = routing.intents.get(prompt.slug)
    if own is not None and own.ladder:
        return own.ladder
    rest = routing.intents.get(AMBIGUOUS, _NO_INTENT).ladder
    own_id = prompt.front.model.id
    first = {own_id: rest.get(own_id) or _PLAIN_RUNG} if own_id else {}
    return {**first, **{name: rung for name, rung in rest.items() if name not in first}}


def detect_intent(routing: Routing, message: str) -> Detected:
    """The intent with the most weight, if it reaches the threshold and no other has as much; else `ambiguous`."""
    text = message[:READ_CHARACTERS]
    found = {name: _matches(intent, text) for name, intent in routing.intents.items()}
    weights = {name: sum(rule.weight for _, rule in rules) for name, rules in found.items() if rules}
    ranked = sorted(weights.items(), key=lambda each: -each[1])
    if not ranked or ranked[0][1] < routing.threshold:
        return Detected(AMBIGUOUS, 0.0, "No rule matches." if not ranked else "What matches has too little weight.")
    if len(ranked) > 1 and ranked[1][1] == ranked[0][1]:
        return Detected(AMBIGUOUS, 0.0, f"{ranked[0][0]} and {ranked[1][0]} have the same weight.")
    name, weight = ranked[0]
    rules = ", ".join(rule for rule, _ in found[name])
    return Detected(name, weight / sum(weights.values()), f"Rules that match: {rules}.")


def _matches(intent: Intent, text: str) -> list[tuple[str, DetectionRule]]:
    return [(name, rule) for name, rule in intent.rules.items() if rule_matches(rule, text)]


def rule_matches(rule: DetectionRule, text: str) -> bool:
    """Whether a keyword, as whole words, or the pattern is in the text. A pattern that costs too much is not."""
    if rule.words and _keywords(rule.words).search(text):
        return True
    if rule.pattern is None:
        return False
    # With the first pattern: it brings the formula language with it, which importing the client must not wait for.
    from mergecells.formula.regex import TooManyStepsError

    try:
        return _pattern(rule.pattern).test(text)
    except TooManyStepsError:
        return False


@lru_cache(maxsize=512)
def _keywords(words: tuple[str, ...]) -> re.Pattern[str]:
    # Texts only, so that there is nothing to backtrack into.
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=512)
def _pattern(text: str) -> Regex:
    from mergecells.formula.regex import compile_regex

    return compile_regex(text)
