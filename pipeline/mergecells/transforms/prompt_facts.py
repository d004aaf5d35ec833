"""What a prompt's file holds beside its row, in words: declared inputs, the form of the answer, examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.domain.prompts import ExpectedAnswer, Prompt, PromptInput
from mergecells.transforms.prompt_types import MAX_CELL

_DEEPEST = 6
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
    "format": "{}",
}


def inputs_text(prompt: Prompt) -> str:
    """One line for each declared input: name, kind, whether it is needed, what it is, its sample."""
    return _bounded("\n".join(_input(name, one) for name, one in prompt.front.inputs.items()) or "none")


def _input(name: str, one: PromptInput) -> str:
    told = [one.kind, "required" if one.required and one.default is None else "optional"]
    told += [f"{_value(one.default)} if left out"] if one.default is not None else []
    parts = [f"{name} ({', '.join(told)})", one.description.rstrip("."), _sample(one)]
    return ". ".join(part for part in parts if part)


def _sample(one: PromptInput) -> str:
    return f"Sample: {_value(one.sample)}" if one.sample is not None else ""


def form_text(prompt: Prompt) -> str:
    """The form of the answer: `text`, or the fields of its JSON, one a line, indented as they are nested."""
    if prompt.front.outputs is None:
        return "text"
    return _bounded("\n".join(["JSON", *_fields(prompt.front.outputs, 0)]))


def _fields(schema: Any, depth: int) -> Iterator[str]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    properties = schema.get("properties")
    required = schema.get("required") or ()
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        needed = "" if name in required else ", optional"
        yield f"{'  ' * depth}{name}: {_kind(inner)}{needed}{_about(inner)}"
        yield from _fields(inner, depth + 1)
        yield from _fields(inner.get("items") if isinstance(inner, Mapping) else None, depth + 1)
    if not properties and depth == 0:
        yield from (f"each: {_kind(schema['items'])}", *_fields(schema["items"], 1)) if "items" in schema else ()


def _kind(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "anything"
    if "enum" in schema:
        return f"one of {', '.join(map(_value, schema['enum']))}"
    if "const" in schema:
        return _value(schema["const"])
    kind = schema.get("type", "anything")
    said = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    limits = [text.format(schema[key]) for key, text in _LIMITS.items() if key in schema]
    if isinstance(schema.get("items"), Mapping) and "properties" not in schema["items"]:
        said += f" of {_kind(schema['items'])}"
    return ", ".join([said, *limits])


def _about(schema: Any) -> str:
    told = schema.get("description") if isinstance(schema, Mapping) else None
    return f". {told}" if isinstance(told, str) and told else ""


def examples_text(prompt: Prompt) -> str:
    """Each example with its inputs and what is expected of the answer."""
    blocks = []
    for name, example in prompt.front.examples.items():
        lines = [f"{name}: {example.description}" if example.description else name]
        lines += [f"  {key} = {_value(value)}" for key, value in example.inputs.items()]
        lines += [f"  expected: {text}" for text in expected_texts(example.expected)]
        blocks.append("\n".join(lines))
    return _bounded("\n".join(blocks) or "none")


def expected_texts(expected: ExpectedAnswer) -> Iterator[str]:
    """What an example expects, a phrase each."""
    yield from (f"contains {_value(each)}" for each in expected.contains)
    yield from (f"does not contain {_value(each)}" for each in expected.excludes)
    if expected.matches is not None:
        yield f"matches {expected.matches}"
    if expected.min_words is not None:
        yield f"at least {expected.min_words:,} words"
    if expected.max_words is not None:
        yield f"at most {expected.max_words:,} words"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bounded(text: str) -> str:
    """What a cell holds; the file has all of it."""
    if len(text) <= MAX_CELL:
        return text
    more = f"\n… ({len(text):,} characters, more than a cell holds: see the file.)"
    return text[: MAX_CELL - len(more)] + more
