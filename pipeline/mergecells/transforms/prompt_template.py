"""What the body of a prompt says, before it is ever run: its syntax, what it uses, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from mergecells.formula.remembered import remembered
from mergecells.transforms.prompt_filters import FILTERS
from mergecells.transforms.prompt_sandbox import LOOP_ATTRIBUTES, TESTS, PromptEnvironment

MAX_BODY_CHARACTERS = 50_000
MAX_NESTING = 8
_READ = 256
"""Bodies whose facts are kept: each partial is asked about once for each prompt that uses it."""


_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.Include,
    nodes.Call,
    nodes.Keyword,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Scope,
)
_HINTS: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Macro: ("macro", "Put what is shared into prompts/partials/ and include it."),
    nodes.Import: ("import", "Put what is shared into prompts/partials/ and include it."),
    nodes.FromImport: ("import", "Put what is shared into prompts/partials/ and include it."),
    nodes.Extends: ("extends", "Put what is shared into prompts/partials/ and include it."),
    nodes.Block: ("block", "Put what is shared into prompts/partials/ and include it."),
    nodes.AssignBlock: ("set … endset", "Write the text where it is used."),
    nodes.Concat: ("~", "Write the texts beside one another: {{ a }}{{ b }}."),
    nodes.Pow: ("**", "Compute it before, and give it as an input."),
    nodes.FilterBlock: ("filter … endfilter", "Apply the filter to each value."),
    nodes.CallBlock: ("call … endcall", "Write the text where it is used."),
}


_RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs"})


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """`line` counts from 1 within the body (or the partial); `about` is what stands there, to find its column."""

    message: str
    hint: str
    line: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What a body uses: free variables and partials, each with the line of its first use; problems of its syntax."""

    variables: Mapping[str, int]
    partials: Mapping[str, int]
    problems: tuple[BodyProblem, ...] = ()


@remembered(_READ)
def read_body(body: str) -> BodyFacts:
    """The facts about a body or a partial on its own; with a problem of syntax, nothing else is known."""
    if len(body) > MAX_BODY_CHARACTERS:
        message = f"The text has {len(body):,} characters; at most {MAX_BODY_CHARACTERS:,} are read."
        return BodyFacts({}, {}, (BodyProblem(message, "Move data out of the prompt.", 1),))
    try:
        tree = PromptEnvironment({}).parse(body)
        problems = tuple(_problems(tree, 0))
        variables = _Names().free(tree)
    except TemplateSyntaxError as error:
        return BodyFacts({}, {}, (_syntax(error),))
    except (RecursionError, MemoryError):
        return BodyFacts({}, {}, (BodyProblem("Too much is nested.", "Split the expression.", 1),))
    partials: dict[str, int] = {}
    for node in tree.find_all(nodes.Include):
        if isinstance(node.template, nodes.Const):
            partials.setdefault(str(node.template.value), node.lineno)
    return BodyFacts(variables, partials, problems)


def _syntax(error: TemplateSyntaxError) -> BodyProblem:
    message = (error.message or "not Jinja2").strip().rstrip(".")
    about = next(iter(re.findall(r"'([^']+)'", message)), "")
    hint = "Write {% raw %}{{{% endraw %} for braces that are text." if "unexpected" in message else ""
    if "unknown tag" in message or "Encountered" in message:
        hint = "Tags are if, elif, else, endif, for, endfor, set, include, raw."
    if "end of template" in message.lower() or "end of print" in message:
        hint = "Something is opened and never closed: an if, a for, or {{."
    return BodyProblem(f"{message[:1].upper()}{message[1:]}.", hint, error.lineno, about)


def _problems(node: nodes.Node, depth: int) -> Iterator[BodyProblem]:
    refused = _refused(node)
    if refused:
        yield refused
        return
    deeper = depth + isinstance(node, nodes.For | nodes.If)
    if deeper > MAX_NESTING:
        yield BodyProblem(f"More than {MAX_NESTING} if and for inside one another.", "Use a partial.", node.lineno)
        return
    for child in node.iter_child_nodes():
        yield from _problems(child, deeper)


def _refused(node: nodes.Node) -> BodyProblem | None:
    if not isinstance(node, _ALLOWED):
        what, hint = _HINTS.get(type(node), (type(node).__name__, ""))
        return BodyProblem(f"{what} is not allowed in a prompt.", hint, node.lineno)
    if isinstance(node, nodes.Name) and node.name in _RESERVED:
        return BodyProblem(f"{node.name} is not allowed in a prompt.", "Give the input another name.", node.lineno)
    if isinstance(node, nodes.List | nodes.Dict | nodes.Tuple) and not _plain(node):
        hint = "Give the list as an input."
        return BodyProblem("A list written in a prompt holds only texts and numbers.", hint, node.lineno)
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return BodyProblem(
            f"There is no filter {node.name!r}.", f"There are: {', '.join(FILTERS)}.", node.lineno, node.name
        )
    if isinstance(node, nodes.Filter) and (node.dyn_args or node.dyn_kwargs):
        return BodyProblem("* and ** are not allowed here.", "Write the arguments out.", node.lineno)
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return BodyProblem(f"There is no test {node.name!r}.", f"There are: {', '.join(sorted(TESTS))}.", node.lineno)
    if isinstance(node, nodes.Call):
        return _refused_call(node)
    if isinstance(node, nodes.Include):
        return _refused_include(node)
    if isinstance(node, nodes.For) and node.recursive:
        return BodyProblem("A recursive loop is not allowed in a prompt.", "Use loops inside one another.", node.lineno)
    if isinstance(node, nodes.Getattr) and (node.attr.startswith("_") or not _loop_knows(node)):
        return BodyProblem(f"{node.attr!r} cannot be asked for.", "", node.lineno, node.attr)
    if isinstance(node, nodes.Assign) and not _plain_target(node.target):
        return BodyProblem("Only a name can be set.", "Write {% set name = … %}.", node.lineno)
    return None


def _plain(node: nodes.Node) -> bool:
    """Whether a list or mapping is of constants. One of variables could double with each set: 30 of them make 2^30."""
    if isinstance(node, nodes.Tuple) and node.ctx == "store":
        return True
    return all(not isinstance(each, nodes.Name | nodes.Filter | nodes.Call) for each in node.find_all(nodes.Expr))


def _plain_target(target: nodes.Node) -> bool:
    return isinstance(target, nodes.Name) or (isinstance(target, nodes.Tuple) and all(map(_plain_target, target.items)))


def _loop_knows(node: nodes.Getattr) -> bool:
    inside = node.node
    return not (isinstance(inside, nodes.Name) and inside.name == "loop") or node.attr in LOOP_ATTRIBUTES


def _refused_call(node: nodes.Call) -> BodyProblem | None:
    if node.dyn_args or node.dyn_kwargs or node.kwargs:
        return BodyProblem("Only range(…) can be called.", "Use a filter.", node.lineno)
    if isinstance(node.node, nodes.Name) and node.node.name == "range":
        return None
    name = node.node.attr if isinstance(node.node, nodes.Getattr) else getattr(node.node, "name", "")
    hint = f"Use the filter: value|{name}." if name in FILTERS else "Only range(…) can be called; use a filter."
    return BodyProblem(
        f"{name or 'This'}() cannot be called in a prompt.", hint, node.lineno, f"{name}(" if name else ""
    )


def _refused_include(node: nodes.Include) -> BodyProblem | None:
    if isinstance(node.template, nodes.Const) and isinstance(node.template.value, str) and not node.ignore_missing:
        return None
    return BodyProblem('An include names one partial: {% include "tone" %}.', "Write its name.", node.lineno, "include")


class _Names:
    """Variables that a template reads and does not set itself, with the line of the first use."""

    def free(self, tree: nodes.Template) -> dict[str, int]:
        self.found: dict[str, int] = {}
        self._all(tree.body, frozenset({"range"}))
        return self.found

    def _all(self, body: list[nodes.Node], bound: frozenset[str]) -> frozenset[str]:
        for node in body:
            bound = self._one(node, bound)
        return bound

    def _one(self, node: nodes.Node, bound: frozenset[str]) -> frozenset[str]:
        if isinstance(node, nodes.For):
            return self._loop(node, bound)
        if isinstance(node, nodes.Assign):
            self._expression(node.node, bound)
            return bound | _targets(node.target)
        if isinstance(node, nodes.If):
            self._expression(node.test, bound)
            ways = [self._all(node.body, bound), *(self._one(each, bound) for each in node.elif_)]
            ways.append(self._all(node.else_, bound))
            return bound | frozenset.intersection(*ways)
        self._expression(node, bound)
        return bound

    def _loop(self, node: nodes.For, bound: frozenset[str]) -> frozenset[str]:
        self._expression(node.iter, bound)
        inside = bound | _targets(node.target) | {"loop"}
        if node.test is not None:
            self._expression(node.test, inside)
        self._all(node.body, inside)
        self._all(node.else_, bound)
        return bound

    def _expression(self, node: nodes.Node, bound: frozenset[str]) -> None:
        names: list[Any] = [node] if isinstance(node, nodes.Name) else []
        for name in [*names, *node.find_all(nodes.Name)]:
            if name.ctx == "load" and name.name not in bound:
                self.found.setdefault(name.name, name.lineno)


def _targets(target: nodes.Node) -> frozenset[str]:
    if isinstance(target, nodes.Name):
        return frozenset({target.name})
    return frozenset(name.name for name in target.find_all(nodes.Name))
