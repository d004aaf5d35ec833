"""What a condition says about names and expressions, once it is known how it came out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Final

from mergecells.formula.abstract import (
    ANY,
    ARRAY,
    BLANK,
    BOOLEAN,
    ERROR,
    ERRORS,
    FALSE,
    MISSING,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    join,
    only,
    without,
)
from mergecells.formula.abstract_comparison import ALLOWED, MIRRORED, NEGATED, limited
from mergecells.formula.intervals import truths
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    ErrorLiteral,
    Name,
    Node,
    Number,
    Omitted,
    Text,
)

MAX_CONJUNCTS: Final = 12
_DEEPEST_SHAPE: Final = 10

BINDERS: Final = frozenset(("LET", "LAMBDA", "MAP", "REDUCE", "SCAN", "BYROW", "BYCOL", "MAKEARRAY"))
"""Functions with names of their own, which must not be taken for fields: not looked into."""

_PICKS_A_CELL: Final = frozenset(("IF", "CHOOSE"))
_CONSTANTS: Final = frozenset((Number, Text, Boolean, ErrorLiteral, ArrayLiteral, Omitted))

TESTS: Final[Mapping[str, int]] = {
    "ISBLANK": BLANK,
    "ISNUMBER": NUMBER,
    "ISTEXT": TEXT,
    "ISNONTEXT": ANY & ~TEXT & ~ARRAY,
    "ISLOGICAL": BOOLEAN,
    "ISERROR": ERRORS,
    "ISERR": ERROR,
    "ISNA": MISSING,
}
"""By function: the kinds for which it is TRUE."""


class Environment:
    """What is known on one way through a formula: by name, and by the shape of an expression."""

    __slots__ = ("facts", "shapes")

    def __init__(self, facts: dict[Hashable, Abstract], shapes: bool) -> None:
        self.facts = facts
        self.shapes = shapes


class Conditions(ABC):
    """Works out what is known inside a branch. `types` has the names that are fields of the lead."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.types = types
        self.root = Environment({}, False)
        self._environments = [self.root]  # kept: their ids are keys of a memo
        self._quiet = 0

    @abstractmethod
    def value(self, node: Node, env: Environment) -> Abstract:
        """All that `node` may give."""

    def refine(self, node: Node, env: Environment, truth: bool) -> Environment | None:
        """What is known in addition when the condition came out so; None when it cannot. Nothing is said on the way."""
        self._quiet += 1
        try:
            return self._refined(node, env, truth)
        finally:
            self._quiet -= 1

    def _refined(self, node: Node, env: Environment, truth: bool) -> Environment | None:
        if type(node) is Binary and node.op in ALLOWED:
            return self._by_comparison(node, env, truth)
        if type(node) is Call:
            if node.name == "NOT":
                return self._refined(node.arguments[0], env, not truth)
            if node.name in ("AND", "OR"):
                return self._by_several(node, env, truth)
            if node.name in TESTS:
                return self._by_test(node, env, truth)
        value = self.value(node, env)
        if value.kinds & ARRAY:
            return env
        wanted = TRUE if truth else FALSE
        if not truths(value) & wanted:
            return None
        left = value
        if truth:
            left = without(value, BLANK | FALSE | ERRORS)
            left = left._replace(excluded=left.excluded | {0.0}) if left.kinds & NUMBER else left
        else:
            left = without(value, TRUE | ERRORS)
            if left.kinds & NUMBER:
                left = Abstract(left.kinds, 0.0, 0.0, left.texts, left.excluded, left.array)
        return self._assume(env, node, left)

    def _by_comparison(self, node: Binary, env: Environment, truth: bool) -> Environment | None:
        op = node.op if truth else NEGATED[node.op]
        left, right = self.value(node.left, env), self.value(node.right, env)
        narrowed = self._assume(env, node.left, limited(left, op, right))
        if narrowed is None:
            return None
        return self._assume(narrowed, node.right, limited(right, MIRRORED[op], left))

    def _by_several(self, node: Call, env: Environment, truth: bool) -> Environment | None:
        """AND that is TRUE and OR that is FALSE say all of their conditions; the other way round, one of them."""
        # A name, or what IF picks, may be a cell: AND and OR skip texts and blanks there.
        parts = [p for p in node.arguments if type(p) is Binary or (type(p) is Call and p.name not in _PICKS_A_CELL)]
        if truth == (node.name == "AND"):
            found: Environment | None = env
            for part in parts[:MAX_CONJUNCTS]:
                if found is None:
                    return None
                found = self._refined(part, found, truth)
            return found
        if len(parts) != len(node.arguments) or len(parts) > MAX_CONJUNCTS:
            return env
        ways = [way for part in parts if (way := self._refined(part, env, truth)) is not None]
        return self._either(ways) if ways else None

    def _either(self, ways: list[Environment]) -> Environment:
        if len(ways) == 1:
            return ways[0]
        shared = set(ways[0].facts).intersection(*(way.facts for way in ways[1:]))
        facts: dict[Hashable, Abstract] = {}
        for key in shared:
            fact = ways[0].facts[key]
            for way in ways[1:]:
                fact = join(fact, way.facts[key])
            facts[key] = fact
        return self._environment(facts)

    def _by_test(self, node: Call, env: Environment, truth: bool) -> Environment | None:
        operand = node.arguments[0]
        value, mask = self.value(operand, env), TESTS[node.name]
        if value.kinds & ARRAY:
            return env
        if node.name != "ISBLANK" and type(operand) is Name and operand.key in self.types:
            kept = only(value, mask) if truth else without(value, mask)
            loose = ANY & ~ARRAY & (mask if truth else ~mask)
            return self._assume(env, operand, kept if truth and kept.kinds else Abstract(loose))
        return self._assume(env, operand, only(value, mask) if truth else without(value, mask))

    def _assume(self, env: Environment, node: Node, value: Abstract) -> Environment | None:
        if not value.kinds:
            return None
        key: Hashable = node.key if type(node) is Name else self.shape(node)
        if key is None or type(node) in _CONSTANTS:
            return env
        return self._environment({**env.facts, key: value})

    def _environment(self, facts: dict[Hashable, Abstract]) -> Environment:
        env = Environment(facts, any(type(key) is tuple for key in facts))
        self._environments.append(env)
        return env

    def shape(self, node: Node, depth: int = 0) -> Hashable:
        """Equal for expressions that are written alike; None where that would take long to tell."""
        kind = type(node)
        if kind is Name:
            return node.key  # type: ignore[union-attr]
        if kind in (Number, Text, Boolean):
            return (kind.__name__, node.value)  # type: ignore[union-attr]
        if depth > _DEEPEST_SHAPE:
            return None
        parts: tuple[Node, ...]
        if kind is Call:
            head, parts = node.name, node.arguments  # type: ignore[union-attr]
        elif kind is Binary:
            head, parts = node.op, (node.left, node.right)  # type: ignore[union-attr]
        else:
            return None
        if head in BINDERS or len(parts) > MAX_CONJUNCTS:
            return None
        shapes = [self.shape(part, depth + 1) for part in parts]
        return None if any(shape is None for shape in shapes) else (head, *shapes)
