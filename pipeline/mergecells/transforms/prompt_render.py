"""A prompt and the inputs of a call → messages. Pure: the same prompt, partials and inputs give the same messages.

Needs Jinja2 (the extra `prompts`), which is imported with this module and nowhere in the core.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.environment import Template

from mergecells.domain.errors import PromptRenderError
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.prompts import PARTIALS_FOLDER, Prompt
from mergecells.formula.remembered import remembered
from mergecells.transforms.prompt_inputs import prepare_inputs
from mergecells.transforms.prompt_messages import image_mark, mark_roles, split_messages
from mergecells.transforms.prompt_meter import RenderLimits, RenderMeter
from mergecells.transforms.prompt_sandbox import PromptEnvironment, metered, unmetered
from mergecells.transforms.prompt_template import read_body

_COMPILED = 1_024
_LIMITS = RenderLimits()
_FILTER_CALL = re.compile(r"(?:_filter_|do_)?([a-z]+)?(?:<lambda>)?\(\) ")


def render_prompt(
    prompt: Prompt, partials: Mapping[str, str], inputs: Mapping[str, Any], limits: RenderLimits = _LIMITS
) -> RenderedPrompt:
    """The messages of one call. `partials` are those of the config; `inputs` are by name.

    Compiled templates are kept by the prompt's SHA. Raises PromptInputError for inputs that do not fit what the prompt
    declares, PromptRenderError for a template that is refused, fails, or passes a limit.
    """
    values, images = prepare_inputs(prompt, inputs)
    used = tuple((name, partials[name]) for name in prompt.partials if name in partials)
    template = _compile(prompt.sha, prompt.file, prompt.body_line, prompt.body, used)
    text = _run(prompt, template, values | {name: image_mark(name) for name in images}, limits)
    try:
        return RenderedPrompt(prompt.slug, prompt.sha, split_messages(text, images))
    except PromptRenderError as error:
        raise PromptRenderError(error.problem, error.hint, prompt.file) from error


@remembered(_COMPILED)
def _compile(_sha: str, file: str, line: int, body: str, partials: tuple[tuple[str, str], ...]) -> Template:
    known = dict(partials)
    _refuse_problems(file, line, body, known)
    for name, text in partials:
        _refuse_problems(_partial_file(name), 1, text, known)
    _refuse_circles(file, body, known)
    try:
        return PromptEnvironment(known).from_string(mark_roles(body))
    except (TemplateSyntaxError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise PromptRenderError(
            f"It cannot be compiled: {type(error).__name__}.", "Is it nested deeply?", file
        ) from error


def _refuse_problems(file: str, line: int, text: str, known: Mapping[str, str]) -> None:
    """`line` is that of the file on which the text begins."""
    facts = read_body(text)
    if facts.problems:
        first = facts.problems[0]
        raise PromptRenderError(first.message, first.hint, file, line + first.line - 1)
    missing = [partial for partial in facts.partials if partial not in known]
    if missing:
        hint = f"Partials are: {', '.join(known) or 'none'}."
        raise PromptRenderError(f"There is no {_partial_file(missing[0])}, which it includes.", hint, file)


def _partial_file(name: str) -> str:
    return f"{PARTIALS_FOLDER}{name}.md"


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


def _refuse_circles(file: str, body: str, known: Mapping[str, str]) -> None:
    circle = include_circle(body, known)
    if circle:
        raise PromptRenderError(f"The partial {circle!r} includes itself.", "Take the include out.", file)


def _run(prompt: Prompt, template: Template, values: Mapping[str, Any], limits: RenderLimits) -> str:
    meter = RenderMeter(limits)
    token = metered(meter)
    try:
        return "".join(meter.take(chunk) for chunk in template.root_render_func(template.new_context(dict(values))))
    except PromptRenderError as error:
        raise PromptRenderError(error.problem, error.hint, *_place(prompt, error)) from error
    except UndefinedError as error:
        hint = "Declare it, or test for it with an if."
        raise PromptRenderError(f"{error.message}.", hint, *_place(prompt, error)) from error
    except TypeError as error:
        filter_name = _FILTER_CALL.match(str(error))
        what = f"the filter {filter_name[1]}" if filter_name and filter_name[1] else "a filter"
        hint = "docs/prompts.md lists the filters; most take nothing in parentheses."
        raise PromptRenderError(f"What {what} is given does not fit.", hint, *_place(prompt, error)) from error
    except (TemplateError, ValueError, ArithmeticError, RecursionError, AttributeError) as error:
        raise PromptRenderError(f"It cannot be rendered: {error}.", "", *_place(prompt, error)) from error
    finally:
        unmetered(token)


def _place(prompt: Prompt, error: BaseException) -> tuple[str, int]:
    """(file, line) of the innermost template that was being rendered, as Jinja2 maps its code to lines of text."""
    file, line, step = prompt.file, 0, error.__traceback__
    while step is not None:
        template = step.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            number = template.get_corresponding_lineno(step.tb_lineno)
            known = template.name is not None
            file, line = (
                (_partial_file(template.name or ""), number) if known else (prompt.file, prompt.body_line + number - 1)
            )
        step = step.tb_next
    return file, line
