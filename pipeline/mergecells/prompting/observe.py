"""`@observe_llm`: a function that calls a provider by itself is remembered, metered and kept within budget too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from mergecells.domain.llm import CallContext
from mergecells.prompting.client import Llm
from mergecells.prompting.observation import Observation

F = TypeVar("F", bound=Callable[..., Any])
Who = CallContext | Callable[..., CallContext]


def observe_llm(llm: Llm, *, name: str = "", model: str = "", context: Who | None = None) -> Callable[[F], F]:
    """Decorate a function, coroutine, generator or async generator that calls a provider by itself.

    Each call becomes a turn called `name` (the function's, if left out) with the revision of the config, its time, and
    the tokens and cost read from what it returns or gives: answers and stream events of the libraries of OpenAI,
    Anthropic and Gemini, or the same as mappings. Texts are counted by our own method, and labelled so. `model` is a
    name of `routing.yaml`, for the price; left out, it is the one whose id the answer tells. `context`: who calls, or a
    function of the same arguments that says so.

    What such a call will cost is not known before. So it is refused (BudgetExceededError) only when a budget is used
    up, and counted afterwards. What the function raises is raised as it is.
    """

    def decorate(function: F) -> F:
        title = name or function.__name__
        return cast(F, _wrapped(function, lambda given, named: _begin(llm, title, model, context, given, named)))

    return decorate


def _begin(
    llm: Llm, name: str, model: str, context: Who | None, given: tuple[Any, ...], named: dict[str, Any]
) -> Observation:
    who = context(*given, **named) if callable(context) else context
    return Observation(llm, name, model, who, (given, named))


Begin = Callable[[tuple[Any, ...], dict[str, Any]], Observation]


def _wrapped(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _of_async_generator(function, begin)
    if inspect.isgeneratorfunction(function):
        return _of_generator(function, begin)
    if inspect.iscoroutinefunction(function):
        return _of_coroutine(function, begin)

    @functools.wraps(function)
    def wrapper(*given: Any, **named: Any) -> Any:
        seen = begin(given, named)
        seen.open()
        with _watched(seen):
            result = function(*given, **named)
            seen.take(result)
        seen.end()
        return result

    return wrapper


def _of_coroutine(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*given: Any, **named: Any) -> Any:
        seen = begin(given, named)
        await seen.aopen()
        with _watched(seen):
            result = await function(*given, **named)
            seen.take(result)
        seen.end()
        return result

    return wrapper


def _of_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*given: Any, **named: Any) -> Iterator[Any]:
        seen = begin(given, named)
        seen.open()
        with _watched(seen):
            for item in function(*given, **named):
                seen.take(item, streamed=True)
                yield item
        seen.end()

    return wrapper


def _of_async_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*given: Any, **named: Any) -> AsyncIterator[Any]:
        seen = begin(given, named)
        await seen.aopen()
        source = function(*given, **named)
        with _watched(seen):
            try:
                async for item in source:
                    seen.take(item, streamed=True)
                    yield item
            finally:
                await source.aclose()
        seen.end()

    return wrapper


@contextmanager
def _watched(seen: Observation) -> Iterator[None]:
    """What ends a call early is recorded, and goes on: an error, a cancellation, a reader that stops."""
    try:
        yield
    except BaseException as error:
        seen.fail(error)
        raise
