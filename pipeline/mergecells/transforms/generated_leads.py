"""Leads made for one formula: each branch and boundary that a bounded search reaches, blanks and wrong types.

The search knows three things of the syntax tree: the constants beside each name, the decisions (comparisons,
conditions, look-ups, the smaller of two values), and how each decision comes out for a lead. Where a number decides,
the boundary is found by halving. The same formula, sample and date always give the same leads.
"""

from __future__ import annotations

import datetime
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mergecells.domain.scoring import FieldType
from mergecells.formula import Array, ErrorValue, Value, to_serial
from mergecells.formula.compiler import compile_node
from mergecells.formula.nodes import Binary, Call, Node, walk
from mergecells.transforms.formula_inline import inline, is_closed
from mergecells.transforms.lead_inputs import FACTOR_MARK, LeadInputs
from mergecells.transforms.lead_values import (
    constants_beside,
    distinct,
    names_in,
    neighbours,
    round_15,
    values_to_try,
)

SEED = 20_240_229
MOST_TRIED = 600
"""Leads that are tried for one formula; those that are kept are fewer."""
RANDOM_SHARE = 120
_HALVINGS = 60

Lead = dict[str, Value]
Outcome = tuple[int, object]
"""A decision's number, and how it came out."""

_CONDITIONS = frozenset(("IF", "IFS", "AND", "OR", "NOT", "XOR"))
_CHOOSERS = frozenset(("SWITCH", "CHOOSE", "LOOKUP", "MATCH", "XMATCH", "VLOOKUP", "HLOOKUP", "XLOOKUP", "COUNTIF"))
_ORDERS = frozenset(("MIN", "MAX", "MEDIAN"))
_GUARDS = frozenset(("IFERROR", "IFNA"))


@dataclass(frozen=True, slots=True)
class Generated:
    """The leads, and how many outcomes of decisions they reach together."""

    leads: tuple[Lead, ...]
    outcomes: int = 0


def generate_leads(inputs: LeadInputs, sample: Lead, date: datetime.date, most: int) -> Generated:
    """At most `most` leads, those first that reach what no earlier one reached. `sample` has a value for each field."""
    if not inputs.kinds or most <= 0:
        return Generated(())
    search = _Search(inputs, sample, date)
    tried = list(itertools.islice(_each_once(search.candidates()), MOST_TRIED))
    return search.chosen(tried, most)


def _each_once(leads: Iterator[Lead]) -> Iterator[Lead]:
    seen: set[object] = set()
    for lead in leads:
        key = tuple((type(value), value) for value in lead.values())
        if key not in seen:
            seen.add(key)
            yield lead


class _Search:
    def __init__(self, inputs: LeadInputs, sample: Lead, date: datetime.date) -> None:
        self.inputs, self.sample, self.date = inputs, sample, date
        self.serial = float(to_serial(date))
        self.decisions = [_Decision(part) for part in _decisions(inputs)]
        beside = constants_beside(inputs.formulas, inputs.fixed)
        carried = _through_intermediates(inputs, beside)
        self.pools = {
            name: _values(name, kind, sample[name], carried.get(name.rpartition(" ")[2], []), date)
            for name, kind in inputs.kinds.items()
        }

    def candidates(self) -> Iterator[Lead]:
        """The sample; boundaries; one field changed; fields changed at random; all blank."""
        yield dict(self.sample)
        yield dict.fromkeys(self.sample)
        boundaries = {name: self._boundaries(name) for name in self.pools}
        for name, values in boundaries.items():
            yield from ({**self.sample, name: value} for value in values)
        pools = {name: distinct([*boundaries[name], *pool]) for name, pool in self.pools.items()}
        for place in range(max(map(len, pools.values()))):
            for name, pool in pools.items():
                if place < len(pool):
                    yield {**self.sample, name: pool[place]}
        text = self.inputs.site.text
        chance = random.Random(f"{SEED} {text}")  # noqa: S311
        if len(pools) > 1:
            for _ in range(RANDOM_SHARE):
                yield {name: chance.choice(pool) for name, pool in pools.items()}

    def _boundaries(self, name: str) -> list[Value]:
        """Numbers between which a decision changes while the other fields have their sample values."""
        key = name.rpartition(" ")[2]
        decisions = [each for each in self.decisions if key in self._reach(each)]
        if not decisions or self.inputs.kinds[name] in ("text", "boolean"):
            return []
        whole = self.inputs.kinds[name] == "date"
        probes = sorted({value for value in self.pools[name] if isinstance(value, float)} | self._far(whole))
        found: list[Value] = []
        for decision in decisions:
            found += self._changes(decision, name, probes, whole)
        return distinct(found)[:40]

    def _far(self, whole: bool) -> set[float]:
        if whole:
            return {self.serial + days for days in (-4000, -1000, -100, -30, 30, 100, 1000)}
        return {0.5, 10.0, 100.0, 1000.0, 1e5, -10.0, -1000.0}

    def _reach(self, decision: _Decision) -> frozenset[str]:
        """The fields that the decision depends on."""
        names = decision.names
        for name, formula in reversed(self.inputs.intermediates):
            if name in names:
                names |= names_in(formula.root)
        return names

    def _changes(self, decision: _Decision, name: str, probes: Sequence[float], whole: bool) -> Iterator[Value]:
        def outcome(value: float) -> object:
            return decision.outcome(self.inputs.scope({**self.sample, name: value}, self.date), self.serial)

        outcomes = [outcome(value) for value in probes]
        changes = 0
        for low, high, before, after in zip(probes, probes[1:], outcomes, outcomes[1:], strict=False):
            if before != after and changes < 8:
                changes += 1
                yield from _halve(outcome, low, high, before, whole)

    def chosen(self, tried: Sequence[Lead], most: int) -> Generated:
        """Those that reach something new; those that decide in a new combination (a branch in a branch); the rest."""
        reached: set[Outcome] = set()
        combinations: set[frozenset[Outcome]] = set()
        news: list[Lead] = []
        combined: list[Lead] = []
        rest: list[Lead] = []
        for lead in tried:
            outcomes = self._outcomes(lead)
            (news if not outcomes <= reached else combined if outcomes not in combinations else rest).append(lead)
            reached |= outcomes
            combinations.add(outcomes)
        return Generated(tuple([*news, *combined, *rest][:most]), len(reached))

    def _outcomes(self, lead: Lead) -> frozenset[Outcome]:
        scope = self.inputs.scope(lead, self.date)
        return frozenset((number, each.outcome(scope, self.serial)) for number, each in enumerate(self.decisions))


def _values(
    name: str, kind: FieldType | None, sample: Value, constants: list[float | str], date: datetime.date
) -> list[Value]:
    """What to try for a field; a factor is a share, whatever its formula gave."""
    if not name.startswith(FACTOR_MARK):
        return values_to_try(kind, sample, constants, date)
    near = (each for value in constants if isinstance(value, float) for each in neighbours(value))
    return distinct([sample, 0.0, 1.0, 0.5, *(each for each in near if 0 <= each <= 1), 1 / 3])


def _halve(outcome: Callable[[float], object], low: float, high: float, before: object, whole: bool) -> Iterator[float]:
    """The last number below the change and the first above it; whole ones for dates."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if whole:
            middle = float(int(middle))
        if middle in (low, high):
            break
        if outcome(middle) == before:
            low = middle
        else:
            high = middle
    yield from (low, high) if whole else (round_15(low), round_15(high))
    if not whole:
        nearest = float(f"{high:.6g}")
        yield from neighbours(nearest)[:3]


class _Decision:
    """A part of a formula that decides what the rest does, and what it depends on."""

    def __init__(self, part: Node) -> None:
        self.names = names_in(part)
        self._compiled = compile_node(part)

    def outcome(self, scope: Mapping[str, Value], serial: float) -> object:
        """Comparable, and the same for values that decide the same."""
        value = self._compiled(scope, serial)
        if isinstance(value, ErrorValue):
            return value.code
        if isinstance(value, Array):
            return "array"
        return (type(value).__name__, value)


def _decisions(inputs: LeadInputs) -> Iterator[Node]:
    """Parts of the formulas that come out one way or another, each once."""
    seen: set[str] = set()
    for formula in inputs.formulas:
        for part in _parts(inline(formula.root)):
            if is_closed(part) and names_in(part) and repr(part) not in seen:
                seen.add(repr(part))
                yield part


def _parts(root: Node) -> Iterator[Node]:
    for node in walk(root):
        if isinstance(node, Binary) and node.op in ("=", "<>", "<", ">", "<=", ">="):
            yield node
        elif isinstance(node, Call):
            yield from _parts_of_call(node)


def _parts_of_call(node: Call) -> Iterator[Node]:
    arguments = node.arguments
    if node.name in _ORDERS and 2 <= len(arguments) <= 4:
        for one, other in itertools.combinations(arguments, 2):
            yield Binary("<", one, other, 0, 0)
    elif node.name in _GUARDS or node.name.startswith("IS"):
        yield Call("ISERROR" if node.name in _GUARDS else node.name, arguments[:1], 0, 0, 0)
    elif node.name in _CHOOSERS:
        yield node
    elif node.name in _CONDITIONS:
        conditions = arguments[:1] if node.name == "IF" else arguments[::2] if node.name == "IFS" else arguments
        yield from (each for each in conditions if not isinstance(each, Binary))


def _through_intermediates(inputs: LeadInputs, beside: Mapping[str, list[float | str]]) -> dict[str, list[float | str]]:
    """Constants beside an intermediate are tried for what it is made of, too."""
    carried = {name: list(values) for name, values in beside.items()}
    for name, formula in reversed(inputs.intermediates):
        for below in names_in(formula.root):
            carried[below] = list(dict.fromkeys([*carried.get(below, []), *carried.get(name, [])]))
    return carried
