"""What a pattern says, as a tree, and the error of one that says nothing."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from mergecells.formula.regex.classes import CharSet


class RegexError(ValueError):
    """A pattern that is not understood. `position` counts its characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class One(NamedTuple):
    """One character out of a set."""

    chars: CharSet


class Assertion(NamedTuple):
    """`kind`: text-start, text-end, line-start, line-end, boundary, no-boundary."""

    kind: str


class Sequence(NamedTuple):
    parts: tuple[Tree, ...]


class Alternatives(NamedTuple):
    parts: tuple[Tree, ...]


class Repeat(NamedTuple):
    """`most` None: without an end."""

    part: Tree
    least: int
    most: int | None
    greedy: bool


class Group(NamedTuple):
    """A capturing group, numbered from 1."""

    part: Tree
    number: int


Tree: TypeAlias = "One | Assertion | Sequence | Alternatives | Repeat | Group"


class Pattern(NamedTuple):
    tree: Tree
    groups: int
    names: dict[str, int]
