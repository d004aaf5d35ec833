"""Field masks: which fields of an answer are sent (`a(b,c),d/e`), which fields of a cell are written (`a.b,c`)."""

from __future__ import annotations

import re
from typing import Any

from standins.google.description import Api, NotDescribed

Mask = dict[str, "Mask"]
"""Field → what is wanted of it; empty means all of it. `*` stands for every field."""

_TOKEN = re.compile(r"[A-Za-z0-9_$*]+|[(),/.]")


def parse_mask(text: str) -> Mask:
    """Both forms. Raises NotDescribed for what is neither."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text.replace(" ", ""):
        raise NotDescribed("fields", f"{text!r} is no field mask")
    mask, rest = _parse(tokens)
    if rest:
        raise NotDescribed("fields", f"{text!r} has a parenthesis too many")
    return mask


def _parse(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        node = mask
        while True:
            if not tokens or tokens[0] in "(),/.":
                raise NotDescribed("fields", "a name is missing")
            node = node.setdefault(tokens[0], {})
            tokens = tokens[1:]
            if not tokens or tokens[0] not in "/.":
                break
            tokens = tokens[1:]
        if tokens and tokens[0] == "(":
            inner, tokens = _parse(tokens[1:])
            if not tokens:
                raise NotDescribed("fields", "a parenthesis is not closed")
            tokens = tokens[1:]
            node.update(inner)
        if tokens and tokens[0] == ",":
            tokens = tokens[1:]
        elif tokens and tokens[0] != ")":
            raise NotDescribed("fields", "a comma is missing")
    return mask, tokens


def check_mask(mask: Mask, api: Api, reference: str) -> None:
    """Raises NotDescribed for a field that the schema does not have."""
    for name, inner in mask.items():
        if name == "*":
            continue
        about = api.schemas[reference].get("properties", {}).get(name)
        if about is None:
            raise NotDescribed("fields", f"{reference} has no field {name}")
        while about.get("type") == "array":
            about = about["items"]
        if inner:
            if "$ref" not in about:
                raise NotDescribed("fields", f"{reference}.{name} has no fields")
            check_mask(inner, api, about["$ref"])


def apply_mask(mask: Mask, value: Any) -> Any:
    """What of `value` the mask wants; objects in which nothing is wanted stay as `{}`, so that lists keep place."""
    return _apply(mask, value, {})


def _apply(mask: Mask, value: Any, done: dict[tuple[int, int], Any]) -> Any:
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [_apply(mask, each, done) for each in value]
    if not isinstance(value, dict):
        return value
    # The format that many cells share is cut once, and stays shared.
    key = (id(mask), id(value))
    if key not in done:
        done[key] = {name: _apply(inner, value[name], done) for name, inner in mask.items() if name in value}
    return done[key]


def wants(mask: Mask, *path: str) -> bool:
    """Whether a mask wants any of what stands at `path`."""
    for name in path:
        if not mask or "*" in mask:
            return True
        if name not in mask:
            return False
        mask = mask[name]
    return True


def write_masked(mask: Mask, target: dict[str, Any], source: dict[str, Any]) -> None:
    """Set in `target` each field that the mask names to what `source` has; what `source` lacks is cleared."""
    for name in set(mask) | (set(target) | set(source) if "*" in mask else set()):
        inner = mask.get(name, {})
        if name == "*":
            continue
        if not inner:
            if name in source:
                target[name] = source[name]
            else:
                target.pop(name, None)
            continue
        below = dict(target.get(name) or {})
        write_masked(inner, below, source.get(name) or {})
        if below:
            target[name] = below
        else:
            target.pop(name, None)
