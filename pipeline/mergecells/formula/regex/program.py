"""Tree → instructions of a machine that holds all readings of a text at once (Thompson 1968, Pike; R. Cox,
"Regular Expression Matching: the Virtual Machine Approach", 2009)."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from mergecells.formula.regex.classes import CharSet
from mergecells.formula.regex.limits import MAX_PROGRAM
from mergecells.formula.regex.tree import (
    Alternatives,
    Assertion,
    Group,
    One,
    Pattern,
    RegexError,
    Repeat,
    Sequence,
    Tree,
)


class Take(NamedTuple):
    """One character of the set, then the next instruction."""

    chars: CharSet


class Fork(NamedTuple):
    """Go on at `first`, and with less priority at `second`."""

    first: int
    second: int


class Jump(NamedTuple):
    to: int


class Save(NamedTuple):
    """Keep the position in a slot: 2g where group g starts, 2g+1 where it ends."""

    slot: int


class Check(NamedTuple):
    kind: str


class Found(NamedTuple):
    pass


Instruction: TypeAlias = "Take | Fork | Jump | Save | Check | Found"
_HOLE: Final = -1


def assemble(pattern: Pattern) -> tuple[Instruction, ...]:
    """The program of a pattern. Raises RegexError beyond the limit of instructions."""
    assembler = _Assembler()
    assembler.add(Group(pattern.tree, 0))
    assembler.put(Found())
    return tuple(assembler.code)


class _Assembler:
    def __init__(self) -> None:
        self.code: list[Instruction] = []

    def put(self, instruction: Instruction) -> int:
        if len(self.code) >= MAX_PROGRAM:
            raise RegexError(f"a pattern of more than {MAX_PROGRAM} instructions; repeat less", 0)
        self.code.append(instruction)
        return len(self.code) - 1

    def add(self, tree: Tree) -> None:
        if isinstance(tree, One):
            self.put(Take(tree.chars))
        elif isinstance(tree, Assertion):
            self.put(Check(tree.kind))
        elif isinstance(tree, Sequence):
            for part in tree.parts:
                self.add(part)
        elif isinstance(tree, Group):
            self.put(Save(2 * tree.number))
            self.add(tree.part)
            self.put(Save(2 * tree.number + 1))
        elif isinstance(tree, Alternatives):
            self.alternatives(tree)
        else:
            self.repeat(tree)

    def alternatives(self, tree: Alternatives) -> None:
        exits = []
        for part in tree.parts[:-1]:
            fork = self.put(Jump(_HOLE))
            self.add(part)
            exits.append(self.put(Jump(_HOLE)))
            self.code[fork] = Fork(fork + 1, len(self.code))
        self.add(tree.parts[-1])
        for place in exits:
            self.code[place] = Jump(len(self.code))

    def repeat(self, tree: Repeat) -> None:
        if tree.least and tree.most is None:
            for _ in range(tree.least - 1):
                self.add(tree.part)
            return self.plus(tree)
        for _ in range(tree.least):
            self.add(tree.part)
        if tree.most is None:
            return self.star(tree)
        return self.optional(tree, tree.most - tree.least)

    def plus(self, tree: Repeat) -> None:
        start = len(self.code)
        self.add(tree.part)
        self.put(_fork(start, len(self.code) + 1, tree.greedy))

    def star(self, tree: Repeat) -> None:
        fork = self.put(Jump(_HOLE))
        if _may_be_empty(tree.part):
            # As RE2 has it: (x+)? instead of x*, so that an empty round does not win over none.
            self.plus(tree)
        else:
            self.add(tree.part)
            self.put(Jump(fork))
        self.code[fork] = _fork(fork + 1, len(self.code), tree.greedy)

    def optional(self, tree: Repeat, times: int) -> None:
        forks = []
        for _ in range(times):
            forks.append(self.put(Jump(_HOLE)))
            self.add(tree.part)
        for fork in forks:
            self.code[fork] = _fork(fork + 1, len(self.code), tree.greedy)


def _fork(inside: int, after: int, greedy: bool) -> Fork:
    return Fork(inside, after) if greedy else Fork(after, inside)


def _may_be_empty(tree: Tree) -> bool:
    if isinstance(tree, One):
        return False
    if isinstance(tree, Sequence):
        return all(map(_may_be_empty, tree.parts))
    if isinstance(tree, Alternatives):
        return any(map(_may_be_empty, tree.parts))
    if isinstance(tree, Repeat):
        return tree.least == 0 or _may_be_empty(tree.part)
    return not isinstance(tree, Group) or _may_be_empty(tree.part)
