"""The table of functions: name, argument kinds, implementation. Modules under `functions/` fill it.

An argument is evaluated and at once brought to its kind, before the next one is looked at. So the leftmost error wins,
and the interpreter and the compiled form agree on which.

Kinds of an argument:
    n number · t text · b condition · v any single value · e any single value or error
    N numbers to aggregate · B conditions to aggregate · T texts to join   (a tuple each)
    r a whole value, array or not, errors included, with whether it is a reference
    * lazy: the interpreter evaluates what is needed
Kinds n, t, b, v and e broadcast over arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

Dialect = Literal["excel", "google"]
DIALECTS: Final[tuple[Dialect, ...]] = ("excel", "google")
Family = Literal["logic", "math", "statistics", "text", "date", "information", "lookup", "financial", "engineering"]
Result = Literal["n", "t", "b", "v"]


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function. `kinds` has a letter per argument; with `repeats`, the last so many letters repeat.

    `syntax` is the call as documentation shows it. `result` is the type of the answer (v: any).
    `implementation` takes the arguments in their kinds, raises Fault for an error value, and is None for lazy ones.
    """

    name: str
    family: Family
    syntax: str
    summary: str
    kinds: str
    least: int
    most: int
    repeats: int
    result: Result
    implementation: Callable[..., Any] | None
    cost: Callable[..., int] | None = None
    """What a call costs, in array cells, from its arguments; None for what takes no longer than a cell."""

    @property
    def plain_name(self) -> str:
        """The name as a person writes it, without the mark of a dialect."""
        return plain_name(self.name)

    def kind_of(self, index: int) -> str:
        """The kind of the argument at `index`, from 0."""
        if index < len(self.kinds):
            return self.kinds[index]
        first = len(self.kinds) - self.repeats
        return self.kinds[first + (index - first) % self.repeats]


FUNCTIONS: Final[dict[str, FunctionSpec]] = {}
"""By name in capitals, with the meaning that Excel gives where both have it."""

GOOGLE: Final[dict[str, FunctionSpec]] = {}
"""Functions that mean something else in Google Sheets, under the name in capitals and `.google`, which no formula can
spell. The parser puts that name into the tree, so what a tree means does not depend on a setting."""

_GOOGLE_MARK: Final = ".google"


def spec_of(name: str) -> FunctionSpec | None:
    """The function of a Call's name, in any dialect."""
    return FUNCTIONS.get(name) or GOOGLE.get(name)


def plain_name(name: str) -> str:
    """`CEILING.google` → `CEILING`."""
    return name.removesuffix(_GOOGLE_MARK)


def name_in(dialect: Dialect, name: str) -> str:
    """The name under which a function stands in the tree of a formula in this dialect."""
    marked = name + _GOOGLE_MARK
    return marked if dialect == "google" and marked in GOOGLE else name


LAZY_KINDS: Final = "*"
_MOST: Final = 255

F = TypeVar("F", bound=Callable[..., Any])


def function(
    syntax: str,
    kinds: str,
    result: Result,
    family: Family,
    summary: str,
    *,
    optional: int = 0,
    repeats: int = 0,
    cost: Callable[..., int] | None = None,
    google: bool = False,
) -> Callable[[F], F]:
    """Register an implementation. The last `optional` arguments may be left out; `repeats` as in FunctionSpec.

    `google`: what the function of this name means in Google Sheets, where that differs from Excel.
    """

    def register(implementation: F) -> F:
        add(
            syntax,
            kinds,
            result,
            family,
            summary,
            implementation=implementation,
            optional=optional,
            repeats=repeats,
            cost=cost,
            google=google,
        )
        return implementation

    return register


def add(
    syntax: str,
    kinds: str,
    result: Result,
    family: Family,
    summary: str,
    *,
    implementation: Callable[..., Any] | None = None,
    optional: int = 0,
    repeats: int = 0,
    cost: Callable[..., int] | None = None,
    google: bool = False,
) -> None:
    """Put one function into the table."""
    name = syntax.split("(", 1)[0] + (_GOOGLE_MARK if google else "")
    most = _MOST if repeats else len(kinds)
    (GOOGLE if google else FUNCTIONS)[name] = FunctionSpec(
        name, family, syntax, summary, kinds, len(kinds) - optional, most, repeats, result, implementation, cost
    )
