"""Results that are remembered while they are in use: what several reloads in a row did not ask for is forgotten.

A program that runs for months meets every formula that anybody ever wrote. To remember a fixed number of them is no
bound that helps: it must be large enough for ten thousand at once, and edits of one cell would fill it for weeks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from functools import wraps
from itertools import count
from typing import Final, Generic, ParamSpec, TypeVar, cast

Key = ParamSpec("Key")
Result = TypeVar("Result")

GENERATIONS: Final = 4
"""How many reloads something lives without use: three configs that one program follows may reload by turns."""
WITHOUT_RELOAD: Final = 64
"""So many revisions that were looked at and not loaded count as one reload: they bring new formulas, too, and one that
cannot even be read must not cost the formulas of what serves."""

_memories: list[Memory[object]] = []
_turn = threading.Lock()
_looks = count(1)


class Memory(Generic[Result]):
    """Results by key, none of them None. `most`: how many one generation holds where nobody calls `forget_unused`.

    Two threads may both compute the same result; they are equal.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._young: dict[Hashable, Result] = {}
        self._older: deque[dict[Hashable, Result]] = deque(maxlen=GENERATIONS - 1)
        _memories.append(cast(Memory[object], self))

    def find(self, key: Hashable) -> Result | None:
        """The result, which is in use from now on; None where it is not known."""
        found = self._young.get(key)
        if found is None:
            for generation in tuple(self._older):
                found = generation.get(key)
                if found is not None:
                    return self.keep(key, found)
        return found

    def keep(self, key: Hashable, result: Result) -> Result:
        """Remember `result`, and give it back."""
        if len(self._young) >= self._most:
            self.forget_unused()
        self._young[key] = result
        return result

    def forget_unused(self) -> None:
        with _turn:
            self._older.appendleft(self._young)
            self._young = {}

    def forget_all(self) -> None:
        self.forget_unused()
        self._older.clear()

    def __len__(self) -> int:
        return len(self._young) + sum(map(len, tuple(self._older)))


def remembered(most: int) -> Callable[[Callable[Key, Result]], Callable[Key, Result]]:
    """Decorator for a function of hashable arguments, given by position. What raises is not remembered."""

    def decorate(compute: Callable[Key, Result]) -> Callable[Key, Result]:
        memory: Memory[Result] = Memory(most)

        @wraps(compute)
        def recall(*key: Key.args, **named: Key.kwargs) -> Result:
            found = memory.find(key)
            return memory.keep(key, compute(*key, **named)) if found is None else found

        return recall

    return decorate


def forget_unused() -> None:
    """To be called after each reload: forget what the last `GENERATIONS` reloads had no use for."""
    for each in _memories:
        each.forget_unused()


def forget_now_and_then() -> None:
    """To be called after each revision that was looked at and not loaded."""
    if next(_looks) % WITHOUT_RELOAD == 0:
        forget_unused()


def forget_all() -> None:
    """As in a program that has just started; for measurements."""
    for each in _memories:
        each.forget_all()


def remembered_count() -> int:
    """All results that are remembered in this process."""
    return sum(map(len, _memories))
