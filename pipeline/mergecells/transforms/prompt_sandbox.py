"""The Jinja2 environment that prompts run in: no calls, no attributes of objects, arithmetic on numbers only, metered.

Jinja's sandbox keeps a template from the interpreter, but not from its memory and time: `'a' * 3000000000` passes it.
Here `transforms.prompt_template` refuses before compiling what a prompt has no use for, and this environment bounds
the rest while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any

from jinja2 import DictLoader, StrictUndefined, Undefined, nodes
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mergecells.domain.errors import PromptRenderError
from mergecells.transforms.prompt_filters import FILTERS, finalize
from mergecells.transforms.prompt_messages import mark_roles
from mergecells.transforms.prompt_meter import MAX_TURNS, MAX_VALUE_CHARACTERS, RenderMeter

LOOP_ATTRIBUTES = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth"})
TESTS = frozenset(
    (
        "boolean",
        "defined",
        "divisibleby",
        "eq",
        "equalto",
        "even",
        "false",
        "float",
        "ge",
        "gt",
        "in",
        "integer",
        "le",
        "lower",
        "lt",
        "mapping",
        "ne",
        "none",
        "number",
        "odd",
        "sequence",
        "string",
        "true",
        "undefined",
        "upper",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
    )
)
TURNS = "mergecells_turns"
"""The filter that is laid around the list of each loop; `prompt_template` refuses it in a body."""

_METER: ContextVar[RenderMeter] = ContextVar("mergecells_prompt_meter")
_MAX_RESULT = 1e18


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """One for each set of partials. Compiling is not shared with any other environment."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self, partials: Mapping[str, str]) -> None:
        super().__init__(
            loader=DictLoader({name: mark_roles(text) for name, text in partials.items()}),
            undefined=StrictUndefined,
            autoescape=False,
            optimized=False,  # constants are computed while metered, not by the compiler
            finalize=finalize,
            cache_size=-1,
            auto_reload=False,
        )
        self.filters = {name: _metered(one) for name, one in FILTERS.items()} | {TURNS: _turns}
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}
        self.globals = {"range": _range}

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, TURNS, [], [], None, None, lineno=loop.lineno)
        return str(super()._generate(source, name, filename, defer_init))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An entry of a mapping, or what a loop tells about itself; never an attribute of an object."""
        if isinstance(obj, LoopContext) and attribute in LOOP_ATTRIBUTES:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj[argument]
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (KeyError, IndexError, TypeError):
                return self.undefined(obj=obj, name=argument)
        kind = "nothing" if obj is None else type(obj).__name__
        raise PromptRenderError(f"{argument!r} is asked of {kind}, which has no parts.", "Test it with an if before.")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises, with the name
            if isinstance(side, bool) or not isinstance(side, int | float):
                raise PromptRenderError(
                    f"{operator} works on numbers only.", "To join texts, write them beside one another."
                )
        if operator == "**":
            raise PromptRenderError("** is not allowed.", "Compute it before.")
        try:
            result = super().call_binop(context, operator, left, right)
        except ZeroDivisionError as error:
            raise PromptRenderError("Division by zero.", "Test the divisor with an if before.") from error
        if abs(result) > _MAX_RESULT:
            raise PromptRenderError(f"A result is beyond {_MAX_RESULT:g}.")
        return result

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        if isinstance(arg, bool) or not isinstance(arg, int | float):
            raise PromptRenderError(f"{operator} works on numbers only.")
        return super().call_unop(context, operator, arg)

    def is_safe_callable(self, obj: Any) -> bool:
        return obj is _range


def metered(meter: RenderMeter) -> Any:
    """Makes `meter` count what this thread or task renders; give the token to `unmetered`."""
    return _METER.set(meter)


def unmetered(token: Any) -> None:
    _METER.reset(token)


def _turns(items: Any) -> Any:
    if isinstance(items, Undefined):
        return items
    return _METER.get().turns_of(items) if not isinstance(items, list) else _Counted(items)


class _Counted:
    """A list whose items are counted as a loop takes them; its length is known to `loop.length`."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Any:
        return _METER.get().turns_of(self._items)


def _metered(one: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(one)
    def run(*values: Any, **named: Any) -> Any:
        _METER.get().check_time()
        for value in (*values, *named.values()):
            if isinstance(value, Undefined) and one is not FILTERS["default"]:
                str(value)  # raises, with the name
        if values and isinstance(values[0], Undefined):
            values = (None, *values[1:])
        result = one(*values, **named)
        if isinstance(result, str) and len(result) > MAX_VALUE_CHARACTERS:
            raise PromptRenderError(f"A text grows beyond {MAX_VALUE_CHARACTERS:,} characters.", "Give less.")
        return result

    return run


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_TURNS:
        raise PromptRenderError(f"range has more than {MAX_TURNS:,} numbers.", "Loop over less.")
    return numbers
