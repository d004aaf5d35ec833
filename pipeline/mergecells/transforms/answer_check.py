"""What an answer lacks of what a prompt's example expects."""

from __future__ import annotations

from mergecells.domain.prompts import ExpectedAnswer
from mergecells.formula.regex import TooManyStepsError, compile_regex


def check_answer(expected: ExpectedAnswer, text: str) -> list[str]:
    """One sentence for each expectation that the answer does not meet; texts are compared without regard to case."""
    folded = text.casefold()
    problems = [f"It does not contain {each!r}." for each in expected.contains if each.casefold() not in folded]
    problems += [f"It contains {each!r}." for each in expected.excludes if each.casefold() in folded]
    if expected.matches is not None and not _matches(expected.matches, text):
        problems.append(f"It does not match {expected.matches!r}.")
    words = len(text.split())
    if expected.min_words is not None and words < expected.min_words:
        problems.append(f"It has {words} words, fewer than {expected.min_words}.")
    if expected.max_words is not None and words > expected.max_words:
        problems.append(f"It has {words} words, more than {expected.max_words}.")
    return problems


def _matches(pattern: str, text: str) -> bool:
    try:
        return compile_regex(pattern).test(text)
    except TooManyStepsError:
        return False
