"""Prompts: what their text uses against what they declare, their lengths, their examples, their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import MergecellsError, PromptInputError, PromptRenderError
from mergecells.domain.findings import Finding, Severity
from mergecells.domain.locations import DocumentPath
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.prompts import PARTIALS_FOLDER, Prompt
from mergecells.formula.regex import RegexError, compile_regex
from mergecells.transforms.locate import Locator
from mergecells.transforms.prompt_inputs import input_problem, sample_inputs
from mergecells.transforms.prompt_types import BODY, max_characters
from mergecells.transforms.prompt_words import WordProblem, check_instructions, check_private
from mergecells.transforms.routes import prompt_ladder
from mergecells.transforms.tokens import PromptCounter

_WORD_ERRORS = ("security.secret",)


def check_prompt(prompt: Prompt, partials: Mapping[str, str] | None, locator: Locator) -> Iterator[Finding]:
    """Everything about one prompt that needs no routes. `partials` None: they are not known (a file on its own)."""
    yield from check_front(prompt, locator)
    yield from check_body(prompt, partials, locator)
    yield from check_words(prompt, locator)


def check_front(prompt: Prompt, locator: Locator) -> Iterator[Finding]:
    """Name, inputs, examples and outputs; needs no template engine."""
    if prompt.front.name != prompt.slug:
        message = f"The prompt is named {prompt.front.name!r}, its file {prompt.slug}.md."
        yield locator.finding("prompt.slug-mismatch", message, "Rename one of them.", (prompt.file, ("name",)))
    for name, one in prompt.front.inputs.items():
        for key in ("default", "sample"):
            value = getattr(one, key)
            problem = input_problem(one, value) if value is not None else None
            if problem:
                at = (prompt.file, ("inputs", name, key))
                yield locator.finding("prompt.input", f"{name}: {problem}", "", at)
    for example, body in prompt.front.examples.items():
        yield from _check_example(prompt, example, body.inputs, locator)
        yield from _check_pattern(prompt, example, body.expected.matches, locator)


def _check_example(prompt: Prompt, name: str, inputs: Mapping[str, Any], locator: Locator) -> Iterator[Finding]:
    for key, value in inputs.items():
        at: tuple[str, DocumentPath] = (prompt.file, ("examples", name, "inputs", key))
        declared = prompt.front.inputs.get(key)
        if declared is None:
            hint = f"Inputs are: {', '.join(prompt.front.inputs) or 'none'}."
            yield locator.finding("prompt.input", f"The prompt has no input {key!r}.", hint, at, key=True)
        elif value is not None and (problem := input_problem(declared, value)):
            yield locator.finding("prompt.input", f"{key}: {problem}", "", at)


def _check_pattern(prompt: Prompt, name: str, pattern: str | None, locator: Locator) -> Iterator[Finding]:
    try:
        compile_regex(pattern or "")
    except RegexError as error:
        at = (prompt.file, ("examples", name, "expected", "matches"))
        yield locator.finding("prompt.input", f"The pattern cannot be read: {error}.", "See RE2's syntax.", at)


def check_body(prompt: Prompt, partials: Mapping[str, str] | None, locator: Locator) -> Iterator[Finding]:
    """Syntax, variables and partials of the text, and that it renders with its samples. Needs Jinja2."""
    from mergecells.transforms.prompt_render import include_circle
    from mergecells.transforms.prompt_template import read_body

    facts = read_body(prompt.body)
    for problem in facts.problems:
        yield in_body(prompt, locator, "prompt.syntax", problem.message, problem.hint, problem.line, problem.about)
    if facts.problems:
        return
    used = dict(facts.variables)
    for name, line in facts.partials.items():
        if partials is None:
            continue
        if name not in partials:
            message, hint = f"There is no partial {name!r}.", f"Partials are: {', '.join(partials) or 'none'}."
            yield in_body(prompt, locator, "prompt.unknown-partial", message, hint, line, name)
            continue
        for inner in (name, *prompt.partials):
            for variable in read_body(partials[inner]).variables if inner in partials else ():
                used.setdefault(variable, line)
    circle = include_circle(prompt.body, partials or {})
    if circle:
        yield in_body(prompt, locator, "prompt.syntax", f"The partial {circle!r} includes itself.", "", 1)
        return
    undeclared = {name: line for name, line in used.items() if name not in prompt.front.inputs}
    for name, line in undeclared.items():
        hint = f"Declare it under inputs: {name}: {{kind: string}}."
        yield in_body(prompt, locator, "prompt.undeclared-variable", f"{name!r} is not declared.", hint, line, name)
    complete = partials is not None or not facts.partials
    for name in prompt.front.inputs if complete else ():
        if name not in used:
            at = (prompt.file, ("inputs", name))
            message, hint = f"The input {name!r} is not used.", "Use it, or take it out."
            yield locator.finding("prompt.unused-variable", message, hint, at, key=True, severity="warning")
    if not undeclared and complete and all(name in (partials or {}) for name in facts.partials):
        yield from _check_rendering(prompt, partials or {}, locator)


def _check_rendering(prompt: Prompt, partials: Mapping[str, str], locator: Locator) -> Iterator[Finding]:
    """With the samples, and with each example: what fails there fails in service, too."""
    from mergecells.transforms.prompt_render import render_prompt

    cases: dict[str | None, Mapping[str, Any]] = {None: {}}
    cases |= {name: body.inputs for name, body in prompt.front.examples.items()}
    for name, stated in cases.items():
        try:
            render_prompt(prompt, partials, sample_inputs(prompt, stated))
        except PromptInputError as error:
            if name is not None:
                at = (prompt.file, ("examples", name))
                hint = "Give it in the example, or a sample under inputs."
                yield locator.finding("prompt.input", error.message, hint, at, key=True)
        except PromptRenderError as error:
            told = f"With the example {name!r}: " if name else "With the samples: "
            here = error.file == prompt.file and error.line >= prompt.body_line
            message = told + (error.problem if here else error.message)
            line = error.line - prompt.body_line + 1 if here else 1
            yield in_body(prompt, locator, "prompt.syntax", message, error.hint, line)
            return


def check_words(prompt: Prompt, locator: Locator) -> Iterator[Finding]:
    """Length for its type, and what the words of the text and of its examples give away."""
    limit = max_characters(prompt.front.metadata.type)
    if len(prompt.body) > limit:
        message = f"The text has {len(prompt.body):,} characters; a {prompt.front.metadata.type} has at most {limit:,}."
        yield in_body(
            prompt, locator, "prompt.too-long", message, "Shorten it, or move what is shared to a partial.", 1
        )
    for problem in (*check_instructions(prompt.body, prompt.front.outputs is not None), *check_private(prompt.body)):
        yield in_text(prompt.file, prompt.body, prompt.body_line, problem, locator)
    for path, text in _samples(prompt):
        for problem in check_private(text):
            if problem.code == "prompt.personal-data":
                yield locator.finding(
                    problem.code, problem.message, problem.hint, (prompt.file, path), severity="warning"
                )


def _samples(prompt: Prompt) -> Iterator[tuple[DocumentPath, str]]:
    for name, one in prompt.front.inputs.items():
        yield from _texts(("inputs", name, "sample"), one.sample)
        yield from _texts(("inputs", name, "default"), one.default)
    for name, example in prompt.front.examples.items():
        for key, value in example.inputs.items():
            yield from _texts(("examples", name, "inputs", key), value)


def _texts(path: DocumentPath, value: Any) -> Iterator[tuple[DocumentPath, str]]:
    if isinstance(value, str):
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _texts((*path, key), inner)


def check_partials(partials: Mapping[str, str], locator: Locator) -> Iterator[Finding]:
    """What is wrong with the shared texts themselves. Needs Jinja2."""
    from mergecells.transforms.prompt_template import read_body

    for name, text in partials.items():
        file = f"{PARTIALS_FOLDER}{name}.md"
        for problem in read_body(text).problems:
            column = _column(text, problem.line, problem.about)
            yield Finding(
                code="prompt.syntax", message=problem.message, hint=problem.hint, file=file, line=problem.line,
                column=column,
            )  # fmt: skip
        for found in (*check_instructions(text, True), *check_private(text)):
            yield in_text(file, text, 1, found, locator)


def check_prompt_models(prompt: Prompt, config: ConfigSet, locator: Locator, count: PromptCounter) -> Iterator[Finding]:
    """The prompt against the models that serve it: known, able to see, large enough. Needs Jinja2."""
    routing, model = config.routing, prompt.front.model
    if not routing.models:
        return
    if model.id and model.id not in routing.models:
        hint = f"Models are: {', '.join(routing.models)}."
        at: tuple[str, DocumentPath] = (prompt.file, ("model", "id"))
        yield locator.finding("route.unknown-model", f"There is no model {model.id!r}.", hint, at)
    elif model.id and model.provider and routing.models[model.id].provider != model.provider:
        message = f"{model.id} is a model of {routing.models[model.id].provider!r}, not of {model.provider!r}."
        at = (prompt.file, ("model", "provider"))
        yield locator.finding("route.unknown-provider", message, "Leave provider out, or mend it.", at)
    rendered = _rendered(prompt, config)
    asked = model.options.max_output_tokens
    for name in prompt_ladder(routing, prompt):
        known = routing.models.get(name)
        if known is None:
            continue
        if any(one.kind == "image" for one in prompt.front.inputs.values()) and not known.vision:
            message = f"The prompt has an image, which {name} does not read."
            yield locator.finding(
                "route.capability",
                message,
                "Give the prompt a ladder of its own.",
                (prompt.file, ("inputs",)),
                key=True,
            )
        if asked and asked > known.max_output_tokens:
            message = f"maxOutputTokens is {asked:,}; {name} answers with at most {known.max_output_tokens:,}."
            at = (prompt.file, ("model", "options", "maxOutputTokens"))
            yield locator.finding("prompt.too-many-tokens", message, "Lower it.", at)
        if rendered is None or not rendered.may_pass(known.context_tokens - (asked or 0)):
            continue
        tokens = count(rendered, name, known)
        if tokens.tokens + (asked or 0) > known.context_tokens:
            room = f"{name} holds {known.context_tokens:,}"
            about = "" if tokens.method == "exact" else "About "
            message = f"{about}{tokens.tokens:,} tokens ({tokens.method}) and {asked or 0:,} for the answer; {room}."
            yield in_body(prompt, locator, "prompt.too-many-tokens", message, "Shorten the text or its samples.", 1)


def _rendered(prompt: Prompt, config: ConfigSet) -> RenderedPrompt | None:
    from mergecells.transforms.prompt_render import render_prompt

    try:
        return render_prompt(prompt, config.partials, sample_inputs(prompt))
    except MergecellsError:
        return None


def in_text(file: str, text: str, first_line: int, problem: WordProblem, locator: Locator) -> Finding:
    """A finding at an index of a text that begins at `first_line` of its file."""
    line = text.count("\n", 0, problem.start)
    column = problem.start - text.rfind("\n", 0, problem.start)
    severity: Severity = "error" if problem.code in _WORD_ERRORS else "warning"
    return Finding(
        code=problem.code,
        severity=severity,
        message=problem.message,
        hint=problem.hint,
        file=file,
        line=first_line + line,
        column=column,
        cell=locator.cell(file, (BODY,)),
    )


def in_body(
    prompt: Prompt, locator: Locator, code: str, message: str, hint: str, line: int, about: str = ""
) -> Finding:
    """A finding at a line of the body, counted from 1, at the column where `about` stands."""
    return Finding(
        code=code,
        message=message,
        hint=hint,
        file=prompt.file,
        line=prompt.body_line + line - 1,
        column=_column(prompt.body, line, about),
        cell=locator.cell(prompt.file, (BODY,)),
    )


def _column(text: str, line: int, about: str) -> int:
    lines = text.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    return max(shown.find(about), 0) + 1 if about else 1
