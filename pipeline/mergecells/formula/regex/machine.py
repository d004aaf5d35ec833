"""Runs a program over a text: a lazily built automaton where yes or no is asked, Pike's machine where groups are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from mergecells.formula.regex.classes import WORD, Item
from mergecells.formula.regex.limits import MAX_ARROWS, MAX_STATES, MAX_STEPS
from mergecells.formula.regex.program import Check, Fork, Found, Instruction, Jump, Save, Take, assemble
from mergecells.formula.regex.syntax import parse_pattern
from mergecells.formula.regex.tree import RegexError

_WORD: Final = Item(WORD)
_END: Final = ""
"""What follows the last character, and precedes the first."""


class TooManyStepsError(Exception):
    """A search that would take more than MAX_STEPS."""


class Match(NamedTuple):
    """`spans` has (start, end) for the whole match and for each group; None for a group that took no part."""

    spans: tuple[tuple[int, int] | None, ...]


class _State:
    """Where the readings of a text stand before their next character; `before` is a stand-in for the last one."""

    __slots__ = ("arrows", "before", "places")

    def __init__(self, places: tuple[int, ...], before: str) -> None:
        self.places = places
        self.before = before
        self.arrows: dict[str, _State | None] = {}
        """By character: the next state, None for a match before that character is read."""


class Regex:
    """A compiled pattern. Safe to share between threads: what it remembers is only ever replaced whole."""

    def __init__(self, text: str, fold: bool) -> None:
        pattern = parse_pattern(text, fold)
        self.program: Final[tuple[Instruction, ...]] = assemble(pattern)
        self.groups: Final = pattern.groups
        self.names: Final = pattern.names
        self._asks_words = any(isinstance(step, Check) and "boundary" in step.kind for step in self.program)
        self._asks_lines = any(isinstance(step, Check) and "line" in step.kind for step in self.program)
        self._forget()

    @property
    def size(self) -> int:
        """Instructions: a search takes at most this many steps for each character."""
        return len(self.program)

    def _forget(self) -> None:
        self._states: dict[tuple[tuple[int, ...], str], _State] = {}
        self._arrows = 0
        self._start = self._state((0,), _END)

    def _check_cost(self, text: str) -> None:
        if self.size * (len(text) + 1) > MAX_STEPS:
            raise TooManyStepsError

    def test(self, text: str) -> bool:
        """Whether the pattern occurs in the text. Raises TooManyStepsError."""
        self._check_cost(text)
        state = self._start
        for character in text:
            arrows = state.arrows
            following = arrows[character] if character in arrows else self._arrow(state, character)
            if following is None:
                return True
            state = following
        return (state.arrows[_END] if _END in state.arrows else self._arrow(state, _END)) is None

    def _arrow(self, state: _State, character: str) -> _State | None:
        """Where a state leads with a character; a search may begin at each."""
        threads = _Threads(self.program, state.before, character)
        for place in state.places:
            threads.add(place)
        following = None if threads.found else self._step(threads, character)
        if self._arrows >= MAX_ARROWS or len(self._states) > MAX_STATES:
            self._forget()
        self._arrows += 1
        state.arrows[character] = following
        return following

    def _step(self, threads: _Threads, character: str) -> _State:
        program, places = self.program, {0}
        if character != _END:
            for place in threads.takes:
                if program[place].chars.holds(character):  # type: ignore[union-attr]
                    places.add(place + 1)
        return self._state(tuple(sorted(places)), self._kind(character))

    def _kind(self, character: str) -> str:
        """One character for all that assertions cannot tell apart, so that there are few states."""
        if self._asks_lines and character == "\n":
            return "\n"
        return "a" if self._asks_words and _is_word(character) else " "

    def _state(self, places: tuple[int, ...], before: str) -> _State:
        key = (places, before)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(places, before)
        return state

    def search(self, text: str, start: int = 0, budget: int = MAX_STEPS) -> tuple[Match | None, int]:
        """The leftmost match from `start` on, as Perl would choose it, and the steps. Raises TooManyStepsError."""
        program = self.program
        slots = (None,) * (2 * self.groups + 2)
        waiting: list[tuple[int, tuple[int | None, ...]]] = []
        best: tuple[int | None, ...] | None = None
        steps = 0
        before = text[start - 1] if start else _END
        for position in range(start, len(text) + 1):
            character = text[position] if position < len(text) else _END
            threads = _Threads(program, before, character)
            for place, saved in waiting:
                threads.follow(place, position, saved)
                if threads.found:
                    break
            if best is None and not threads.found:
                threads.follow(0, position, slots)
            best = threads.match or best
            steps += len(threads.seen) + 1
            if steps > budget:
                raise TooManyStepsError
            waiting = [
                (place + 1, saved)
                for place, saved in threads.ready
                if character != _END and program[place].chars.holds(character)  # type: ignore[union-attr]
            ]
            if best is not None and not waiting:
                break
            before = character
        return (None if best is None else Match(_spans(best))), steps

    def matches(self, text: str) -> Iterator[Match]:
        """Every match from left to right, as RE2's GlobalReplace finds them: none is empty right after another one.

        Raises TooManyStepsError when all searches together take too long.
        """
        position, last_end, budget = 0, -1, MAX_STEPS
        while position <= len(text):
            match, steps = self.search(text, position, budget)
            budget -= steps
            if match is None:
                return
            start, end = match.spans[0] or (0, 0)
            if start == end == last_end:
                # An empty match right after a match: RE2 copies one character and looks again.
                position = end + 1
                last_end = -1
                continue
            yield match
            last_end = end
            position = end


def _spans(slots: tuple[int | None, ...]) -> tuple[tuple[int, int] | None, ...]:
    pairs = zip(slots[::2], slots[1::2], strict=True)
    return tuple(None if start is None or end is None else (start, end) for start, end in pairs)


class _Threads:
    """The readings alive between two characters, in order of priority."""

    def __init__(self, program: tuple[Instruction, ...], before: str, after: str) -> None:
        self.program = program
        self.before = before
        self.after = after
        self.seen: set[int] = set()
        self.takes: list[int] = []
        self.ready: list[tuple[int, tuple[int | None, ...]]] = []
        self.match: tuple[int | None, ...] | None = None
        self.found = False

    def add(self, place: int) -> None:
        """Follow everything that takes no character, without groups."""
        stack = [place]
        program, seen = self.program, self.seen
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step = program[place]
            kind = type(step)
            if kind is Take:
                self.takes.append(place)
            elif kind is Fork:
                stack += (step.second, step.first)  # type: ignore[union-attr]
            elif kind is Jump:
                stack.append(step.to)  # type: ignore[union-attr]
            elif kind is Found:
                self.found = True
            elif kind is Save or _holds(step.kind, self.before, self.after):  # type: ignore[union-attr]
                stack.append(place + 1)

    def follow(self, place: int, position: int, saved: tuple[int | None, ...]) -> None:
        """The same with groups; what comes after a match has less priority and is dropped."""
        stack = [(place, saved)]
        program, seen = self.program, self.seen
        while stack:
            place, saved = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step = program[place]
            kind = type(step)
            if kind is Take:
                self.ready.append((place, saved))
            elif kind is Fork:
                stack += ((step.second, saved), (step.first, saved))  # type: ignore[union-attr]
            elif kind is Jump:
                stack.append((step.to, saved))  # type: ignore[union-attr]
            elif kind is Save:
                slot = step.slot  # type: ignore[union-attr]
                stack.append((place + 1, (*saved[:slot], position, *saved[slot + 1 :])))
            elif kind is Found:
                self.found, self.match = True, saved
                return
            elif _holds(step.kind, self.before, self.after):  # type: ignore[union-attr]
                stack.append((place + 1, saved))


def _is_word(character: str) -> bool:
    return character != _END and _WORD.holds(ord(character))


def _holds(kind: str, before: str, after: str) -> bool:
    """An assertion between two characters, each empty at its end of the text."""
    if kind == "text-start":
        return before == _END
    if kind == "text-end":
        return after == _END
    if kind == "line-start":
        return before in (_END, "\n")
    if kind == "line-end":
        return after in (_END, "\n")
    return (_is_word(before) != _is_word(after)) == (kind == "boundary")


@lru_cache(maxsize=512)
def compile_regex(text: str, fold: bool = False) -> Regex:
    """A pattern ready to run; `fold` without regard to case. Raises RegexError."""
    return Regex(text, fold)


__all__ = ["Match", "Regex", "RegexError", "TooManyStepsError", "compile_regex"]
