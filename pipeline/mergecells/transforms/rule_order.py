"""In which order named values can be computed, and which of them wait for one another in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Order:
    """`names`: every name after all that it uses. `cycles`: names that use one another (or themselves), as written."""

    names: tuple[str, ...]
    cycles: tuple[tuple[str, ...], ...] = ()


def order_by_use(uses: Mapping[str, Collection[str]]) -> Order:
    """Order the keys of `uses` so that each comes after the keys it uses; what is not a key is no concern here.

    Linear in names and uses; where the use leaves a choice, the order of the mapping holds.
    """
    names: list[str] = []
    cycles: list[tuple[str, ...]] = []
    for group in _Search(uses).groups():
        names.extend(group)
        if len(group) > 1 or group[0] in uses[group[0]]:
            cycles.append(tuple(group))
    return Order(tuple(names), tuple(cycles))


@dataclass(slots=True)
class _Search:
    """Tarjan's strongly connected components, without recursion: a chain of 100,000 names is no danger."""

    uses: Mapping[str, Collection[str]]
    index: dict[str, int] = field(default_factory=dict)
    lowest: dict[str, int] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)

    def groups(self) -> Iterator[list[str]]:
        """Names that reach one another, each group after the groups it uses."""
        for start in self.uses:
            if start not in self.index:
                yield from self._from(start)

    def _from(self, start: str) -> Iterator[list[str]]:
        path = [(start, self._enter(start))]
        while path:
            name, rest = path[-1]
            new = self._next_new(name, rest)
            if new is not None:
                path.append((new, self._enter(new)))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self.lowest[above] = min(self.lowest[above], self.lowest[name])
            if self.lowest[name] == self.index[name]:
                yield self._close(name)

    def _enter(self, name: str) -> Iterator[str]:
        self.index[name] = self.lowest[name] = len(self.index)
        self.open[name] = None
        return iter(self.uses[name])

    def _next_new(self, name: str, rest: Iterator[str]) -> str | None:
        for used in rest:
            if used in self.open:
                self.lowest[name] = min(self.lowest[name], self.index[used])
            elif used in self.uses and used not in self.index:
                return used
        return None

    def _close(self, name: str) -> list[str]:
        group = [self.open.popitem()[0]]
        while group[-1] != name:
            group.append(self.open.popitem()[0])
        return group[::-1]
