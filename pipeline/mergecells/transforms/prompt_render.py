"""A prompt and the inputs of a call → messages. Pure: the same prompt, partials and inputs give the same messages.

Needs Jinja2 (the extra `prompts`), which is imported with this module and nowhere in the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.environment import Template

from mergecells.domain.errors import PromptRenderError
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.prompts import Prompt
from mergecells.transforms.prompt_inputs import prepare_inputs
from mergecells.transforms.prompt_messages import image_mark, mark_roles, split_messages
from mergecells.transforms.prompt_meter import RenderLimits, RenderMeter
from mergecells.transforms.prompt_sandbox import PromptEnvironment, metered, unmetered
from mergecells.transforms.prompt_template import read_body

_COMPILED = 1_024
_LIMITS = RenderLimits()


def render_prompt(
    prompt: Prompt, partials: Mapping[str, str], inputs: Mapping[str, Any], limits: RenderLimits = _LIMITS
) -> RenderedPrompt:
    """The messages of one call. `partials` are those of the config; `inputs` are by name.

    Compiled templates are kept by the prompt's SHA. Raises PromptInputError for inputs that do not fit what the prompt
    declares, PromptRenderError for a template that is refused, fails, or passes a limit.
    """
    values, images = prepare_inputs(prompt, inputs)
    used = tuple((name, partials[name]) for name in prompt.partials if name in partials)
    template = _compile(prompt.sha, prompt.file, prompt.body, used)
    text = _run(prompt, template, values | {name: image_mark(name) for name in images}, limits)
    return RenderedPrompt(prompt.slug, prompt.sha, split_messages(text, images))


@lru_cache(maxsize=_COMPILED)
def _compile(_sha: str, file: str, body: str, partials: tuple[tuple[str, str], ...]) -> Template:
    known = dict(partials)
    for name, text in ((file, body), *partials):
        _refuse_problems(name, text, known)
    _refuse_circles(body, known)
    try:
        return PromptEnvironment(known).from_string(mark_roles(body))
    except (TemplateSyntaxError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise PromptRenderError(
            f"{file} cannot be compiled: {type(error).__name__}.", "Is it nested deeply?"
        ) from error


def _refuse_problems(name: str, text: str, known: Mapping[str, str]) -> None:
    facts = read_body(text)
    if facts.problems:
        first = facts.problems[0]
        raise PromptRenderError(f"{name}, line {first.line} of its text: {first.message}", first.hint)
    missing = [partial for partial in facts.partials if partial not in known]
    if missing:
        raise PromptRenderError(f"{name} includes {missing[0]!r}, and there is no prompts/partials/{missing[0]}.md.")


def include_circle(body: str, partials: Mapping[str, str]) -> str | None:
    """The name of a partial that includes itself, also through others; None without one."""
    links = {name: [each for each in read_body(text).partials if each in partials] for name, text in partials.items()}
    for start in (name for name in read_body(body).partials if name in partials):
        seen: set[str] = set()
        left = [start]
        while left:
            name = left.pop()
            for inner in links[name]:
                if inner == start:
                    return start
                if inner not in seen:
                    seen.add(inner)
                    left.append(inner)
        for inner in seen:
            if _reaches(links, inner):
                return inner
    return None


def _reaches(links: Mapping[str, list[str]], start: str) -> bool:
    seen, left = set[str](), list(links[start])
    while left:
        name = left.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            left += links[name]
    return False


def _refuse_circles(body: str, known: Mapping[str, str]) -> None:
    circle = include_circle(body, known)
    if circle:
        raise PromptRenderError(f"The partial {circle!r} includes itself.", "Take the include out.")


def _run(prompt: Prompt, template: Template, values: Mapping[str, Any], limits: RenderLimits) -> str:
    meter = RenderMeter(limits)
    token = metered(meter)
    try:
        return "".join(meter.take(chunk) for chunk in template.root_render_func(template.new_context(dict(values))))
    except UndefinedError as error:
        raise PromptRenderError(f"{prompt.file}: {error.message}.", "Declare it, or test for it with an if.") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, AttributeError) as error:
        raise PromptRenderError(f"{prompt.file} cannot be rendered: {error}.") from error
    finally:
        unmetered(token)
