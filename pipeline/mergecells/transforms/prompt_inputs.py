"""The inputs of a call against what the prompt declares, within limits: what is rendered is plain and bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from mergecells.domain.errors import PromptInputError
from mergecells.domain.prompts import Prompt, PromptInput
from mergecells.transforms.plain_text import unsendable

MAX_INPUT_CHARACTERS = 500_000
"""Of all texts of one input together; a larger one fits no model and is a mistake of the caller."""

MAX_INPUT_VALUES = 20_000
MAX_INPUT_DEPTH = 16
MAX_IMAGE_CHARACTERS = 28_000_000
"""20 MB as base64, the largest that a provider takes."""

MAX_NUMBER = 1e18
_ADDRESS = re.compile(r"https://[^\s\x00-\x20\"'()<>\\]{1,8000}")
_DATA = re.compile(r"data:image/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}")
_BY_NAME = 'Give a mapping: {"company": "Acme"}.'
_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "image": "an https address or a data:image/…;base64, text (png, jpeg, webp, gif)",
}


def prepare_inputs(prompt: Prompt, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(values by name, images by name): plain copies, with defaults, and None for what is optional and missing.

    Raises PromptInputError for what is missing, not declared, of another kind or too large.
    """
    declared = prompt.front.inputs
    if not isinstance(given, Mapping):
        raise PromptInputError(f"{prompt.slug} takes its inputs by name, not {_shown(given)}.", _BY_NAME)
    unknown = sorted(map(str, given.keys() - declared.keys()))
    if unknown:
        close = get_close_matches(unknown[0], declared, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"It takes: {', '.join(declared) or 'no inputs'}."
        raise PromptInputError(f"{prompt.slug} has no input {unknown[0]!r}.", hint)
    missing = [name for name, one in declared.items() if _is_missing(one, given.get(name))]
    if missing:
        raise PromptInputError(f"{prompt.slug} needs {', '.join(missing)}.", "Give a value for each required input.")
    values: dict[str, Any] = {}
    images: dict[str, str] = {}
    for name, one in declared.items():
        value = given.get(name)
        value = one.default if value is None else value
        if value is not None:
            value = _checked(f"{prompt.slug}: {name}", one, value)
        if one.kind == "image" and value is not None:
            images[name] = value
        values[name] = value
    return values, images


def sample_inputs(prompt: Prompt, stated: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the prompt is shown with: the values of an example, then samples; nothing where there is neither."""
    samples = {name: one.sample for name, one in prompt.front.inputs.items() if one.sample is not None}
    return samples | {name: value for name, value in (stated or {}).items() if name in prompt.front.inputs}


def input_problem(one: PromptInput, value: Any) -> str | None:
    """Why `value` is no value of this input (a sample or a default, say); None when it is."""
    try:
        _checked("It", one, value)
    except PromptInputError as error:
        return error.message
    return None


def _is_missing(one: PromptInput, value: Any) -> bool:
    return one.required and one.default is None and value is None


def _checked(what: str, one: PromptInput, value: Any) -> Any:
    if not _fits(one.kind, value):
        raise PromptInputError(f"{what} must be {_KINDS[one.kind]}, not {_shown(value)}.", _hint(one.kind, value))
    if one.kind == "image":
        return value
    return _Copy(what).copy(value, 0)


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list | tuple)
        case "object":
            return isinstance(value, Mapping)
    if not isinstance(value, str) or len(value) > MAX_IMAGE_CHARACTERS:
        return False
    return bool(_ADDRESS.fullmatch(value) or _DATA.fullmatch(value))


class _Copy:
    """Copies plain values and counts what it copies."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.characters = 0
        self.values = 0

    def copy(self, value: Any, depth: int) -> Any:
        self.values += 1
        if self.values > MAX_INPUT_VALUES or depth > MAX_INPUT_DEPTH:
            message = f"{self.what} has too many values, or too many inside one another."
            hint = f"At most {MAX_INPUT_VALUES:,} values and {MAX_INPUT_DEPTH} levels: give the part that matters."
            raise PromptInputError(message, hint)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, Mapping):
            return {self._text(str(key)): self.copy(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.copy(inner, depth + 1) for inner in value]
        raise PromptInputError(
            f"{self.what} holds {_shown(value)}.", "Give texts, numbers, true or false, lists and mappings."
        )

    def _text(self, text: str) -> str:
        self.characters += len(text)
        if self.characters > MAX_INPUT_CHARACTERS:
            message = f"{self.what} has more than {MAX_INPUT_CHARACTERS:,} characters."
            raise PromptInputError(message, "Give the part that matters.")
        if found := unsendable(text):
            raise PromptInputError(f"{self.what} holds the character {found}.", "Remove it: no provider takes it.")
        return str(text)

    def _number(self, number: int | float) -> int | float:
        if isinstance(number, float) and not math.isfinite(number):
            raise PromptInputError(f"{self.what} is not a finite number.", "Leave it out where there is no number.")
        if abs(number) > MAX_NUMBER:
            raise PromptInputError(f"{self.what} is beyond {MAX_NUMBER:g}.", "Give it as a text.")
        return number


def _hint(kind: str, value: Any) -> str:
    if kind == "string" and isinstance(value, int | float):
        return f'Put it in quotes: "{_shown(value)}". Or declare the input as a number in the prompt.'
    return "Mend the value, or the input's `kind` in the prompt's front matter."


def _shown(value: Any) -> str:
    text = ascii(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
