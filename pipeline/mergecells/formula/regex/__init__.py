"""Regular expressions in RE2's syntax, matched in linear time: pattern → tree → program → automaton."""

from mergecells.formula.regex.limits import MAX_PATTERN, MAX_PROGRAM, MAX_REPEAT, MAX_STEPS
from mergecells.formula.regex.machine import Match, Regex, TooManyStepsError, compile_regex
from mergecells.formula.regex.tree import RegexError

__all__ = [
    "MAX_PATTERN",
    "MAX_PROGRAM",
    "MAX_REPEAT",
    "MAX_STEPS",
    "Match",
    "Regex",
    "RegexError",
    "TooManyStepsError",
    "compile_regex",
]
