"""The functions that evaluate only what they choose, and which of their branches nothing reaches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mergecells.formula.abstract import (
    ANYTHING,
    ARRAY,
    BOOLEAN,
    ERROR,
    ERRORS,
    FALSE,
    MISSING,
    NUMBER,
    TRUE,
    Abstract,
    join,
    without,
)
from mergecells.formula.abstract_comparison import EQUAL, limited, outcomes
from mergecells.formula.conditions import Conditions, Environment
from mergecells.formula.intervals import as_number, truths
from mergecells.formula.nodes import Binary, Boolean, Call, Node, Number, Text
from mergecells.formula.unparse import unparse

_SHOWN: Final = 60


class Choices(Conditions):
    """IF, IFS, SWITCH, CHOOSE, IFERROR and IFNA."""

    @abstractmethod
    def tell_dead(self, node: Node, message: str) -> None:
        """A branch that nothing reaches, at `node`."""

    @abstractmethod
    def check_comparison(self, place: Node, left: Node, value: Abstract, right: Node, other: Abstract, op: str) -> None:
        """Tell of types that do not go together."""

    def choose_if(self, node: Call, env: Environment) -> Abstract:
        condition, *branches = node.arguments
        decided = self.value(condition, env)
        if decided.kinds & ARRAY:
            return self._all(branches, env)
        possible = truths(decided)
        result = Abstract(possible & ERRORS)
        if len(branches) == 1:
            branches.append(Boolean(False, node.end, node.end))
        ways = [
            self._way(condition, env, truth, branch) if possible & bit else None
            for truth, bit, branch in ((True, TRUE, branches[0]), (False, FALSE, branches[1]))
        ]
        if ways[0] is None and ways[1] is not None:
            self._never(condition, "never TRUE here, so the value for TRUE is never chosen")
        if ways[1] is None and ways[0] is not None and len(node.arguments) == 3:
            self._never(condition, "always TRUE here, so the value for FALSE is never chosen")
        for branch, way in zip(branches, ways, strict=True):
            if way is not None:
                result = join(result, self.value(branch, way))
        return result

    def choose_ifs(self, node: Call, env: Environment) -> Abstract:
        result, way = Abstract(0), env
        for index in range(0, len(node.arguments) - 1, 2):
            condition, branch = node.arguments[index : index + 2]
            decided = self.value(condition, way)
            if decided.kinds & ARRAY:
                return join(ANYTHING, self._all(node.arguments[index + 1 :], way))
            possible = truths(decided)
            result = join(result, Abstract(possible & ERRORS))
            met = self._way(condition, way, True, branch) if possible & TRUE else None
            unmet = self.refine(condition, way, False) if possible & FALSE else None
            if met is not None:
                result = join(result, self.value(branch, met))
            elif unmet is not None:
                self._never(condition, "never TRUE here, so its value is never chosen")
            if unmet is None:
                if index + 2 < len(node.arguments) and met is not None:
                    self._never(condition, "always TRUE here, so nothing behind it is ever looked at")
                return result
            way = unmet
        return join(result, Abstract(MISSING))

    def choose_switch(self, node: Call, env: Environment) -> Abstract:
        subject, *cases = node.arguments
        value = self.value(subject, env)
        if value.kinds & ARRAY:
            return self._all(cases, env)
        result, way = Abstract(value.kinds & ERRORS), env
        for index in range(0, len(cases) - 1, 2):
            case = self.value(cases[index], way)
            value = self.value(subject, way)
            if case.kinds & ARRAY:
                return join(ANYTHING, self._all(cases[index + 1 :], way))
            self.check_comparison(cases[index], subject, value, cases[index], case, "=")
            result = join(result, Abstract(case.kinds & ERRORS))
            possible = outcomes(value, case)
            met = self._met(subject, cases[index], way, "=", value, case) if possible & EQUAL else None
            unmet = self._met(subject, cases[index], way, "<>", value, case) if possible & ~EQUAL else None
            if met is not None:
                result = join(result, self.value(cases[index + 1], met))
            elif unmet is not None:
                why = "cannot be met here: an earlier case took it, or the value is never equal to it"
                self.tell_dead(cases[index], f"The case {_shown(cases[index])} {why}.")
            if unmet is None:
                return result
            way = unmet
        return join(result, self.value(cases[-1], way) if len(cases) % 2 else Abstract(MISSING))

    def _met(
        self, subject: Node, case: Node, env: Environment, op: str, value: Abstract, other: Abstract
    ) -> Environment | None:
        """After a case of SWITCH was met, or was not. `SWITCH(TRUE, a>1, …)` says it of the condition in the case."""
        if value.kinds == TRUE and other.kinds & ~ERRORS and not other.kinds & ~(BOOLEAN | ERRORS):
            return self.refine(case, env, op == "=")
        return self._assume(env, subject, limited(value, op, other))

    def choose_position(self, node: Call, env: Environment) -> Abstract:
        selector, *branches = node.arguments
        value = self.value(selector, env)
        if value.kinds & ARRAY:
            return self._all(branches, env)
        number = as_number(value)
        result = Abstract(number.kinds & ERRORS)
        if not number.kinds & NUMBER:
            return result
        count = len(branches)
        if number.low < 1.0 or number.high >= count + 1.0:
            result = join(result, Abstract(ERROR))
        first, last = max(1, int(max(1.0, number.low))), int(min(float(count), number.high))
        for place, branch in enumerate(branches, 1):
            if first <= place <= last:
                result = join(result, self.value(branch, env))
            elif first <= last:
                told = f"The value at position {place} is never chosen: the index lies in {first} to {last} here."
                self.tell_dead(branch, told)
        return result

    def catch(self, node: Call, env: Environment) -> Abstract:
        """IFERROR and IFNA. That nothing can fail is not told: a guard does no harm."""
        value = self.value(node.arguments[0], env)
        caught = ERRORS if node.name == "IFERROR" else MISSING
        otherwise = self.value(node.arguments[1], env)
        if value.kinds & ARRAY:
            return ANYTHING
        return join(without(value, caught), otherwise) if value.kinds & caught else value

    def _all(self, nodes: Sequence[Node], env: Environment) -> Abstract:
        """Chosen by an array: everything is evaluated, and the result may be anything."""
        for node in nodes:
            self.value(node, env)
        return ANYTHING

    def _way(self, condition: Node, env: Environment, truth: bool, branch: Node) -> Environment | None:
        """What is known in a branch. A comparison alone rules nothing out that its outcome did not, and what it says
        does not matter to a constant."""
        if type(branch) in (Number, Text, Boolean) and type(condition) is Binary:
            return env
        return self.refine(condition, env, truth)

    def _never(self, condition: Node, words: str) -> None:
        self.tell_dead(condition, f"{_shown(condition)} is {words}.")


def _shown(node: Node) -> str:
    text = unparse(node)
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"


CHOICES: Final[Mapping[str, Callable[[Choices, Call, Environment], Abstract]]] = {
    "IF": Choices.choose_if,
    "IFS": Choices.choose_ifs,
    "SWITCH": Choices.choose_switch,
    "CHOOSE": Choices.choose_position,
    "IFERROR": Choices.catch,
    "IFNA": Choices.catch,
}
"""By function."""
