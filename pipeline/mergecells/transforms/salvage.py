"""The sound part of rules and tables with the wrong shape somewhere, so that one mistake does not hide the others."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mergecells.domain.configset import Document
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import LookupTable, Rules

_MAPPINGS = (("tiers",), ("lists",), ("formulas",), ("components",))
_STAND_INS: dict[str, Any] = {
    "version": "",
    "tiers": {"none": {"min": 0.0}},
    "components": {"none": {"weight": 1.0, "factors": {"none": {"weight": 1.0}}}},
}
"""What the model needs where a required part is missing or empty; taken out again once the rest is valid."""

_ROUNDS = 20
"""Taking one entry out may bring up the next error; hardly ever more than twice."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """`incomplete` are the mappings that lost an entry: what needs all of their entries cannot be judged."""

    rules: Rules
    incomplete: frozenset[DocumentPath]

    @property
    def names_are_known(self) -> bool:
        """False when an intermediate or a list was lost: a formula may well name it."""
        return not self.incomplete & {("lists",), ("formulas",)}


def salvage_rules(document: Document) -> Salvage | None:
    """The rules without the entries that have the wrong shape; None when too little is left."""
    value = copy.deepcopy(document.value)
    if not isinstance(value, dict):
        return None
    incomplete: set[DocumentPath] = set()
    for _ in range(_ROUNDS):
        absent = [part for part in _STAND_INS if not value.get(part)]
        if {"tiers", "components"} <= {*absent}:
            return None
        try:
            rules = Rules.model_validate({**value, **{part: _STAND_INS[part] for part in absent}})
            lost: dict[str, dict[str, Any]] = {part: {} for part in absent if part != "version"}
            return Salvage(rules.model_copy(update=lost), frozenset(incomplete | {(part,) for part in lost}))
        except ValidationError as error:
            paths = {_what_to_drop(value, each) for each in error.errors(include_url=False)}
            # Longest first: a key inside of an entry that goes as well must still be there to be taken out.
            for path in sorted(paths, key=len, reverse=True):
                if not path or not _take_out(value, path):
                    return None
                if path[:-1] in _MAPPINGS or path[-2:-1] == ("factors",):
                    incomplete.add(path[:-1])
    return None


def _inside(value: Any, location: tuple[int | str, ...]) -> DocumentPath:
    """The part of pydantic's location that exists in the document, plus the key that is missing or unknown."""
    path: list[str | int] = []
    for segment in location:
        path.append(segment)
        inside = isinstance(value, dict) and segment in value
        if not inside:
            break
        value = value[segment]
    return tuple(path)


def _what_to_drop(value: Any, error: ErrorDetails) -> DocumentPath:
    """A key that counts for nothing goes alone; else the factor, component, tier … of which some part is wrong."""
    path = _inside(value, tuple(error["loc"]))
    if error["type"] == "extra_forbidden" or path[-1:] in (("description",), ("label",)):
        return path
    if len(path) >= 4 and path[0] == "components" and path[2] == "factors":
        return path[:4]
    return path[:2] if path[:1] in _MAPPINGS else path[:1]


def _take_out(value: Any, path: DocumentPath) -> bool:
    for segment in path[:-1]:
        value = value.get(segment) if isinstance(value, dict) else None
    if not isinstance(value, dict) or path[-1] not in value:
        return False
    del value[path[-1]]
    return True


def salvage_table(document: Document) -> LookupTable | None:
    """The columns and rows of a lookup table that are sound on their own; None without a sound column."""
    value = document.value if isinstance(document.value, dict) else {}
    parts: dict[str, dict[str, Any]] = {"columns": {}, "rows": {}}
    stand_in = {"columns": {"none": {"type": "text"}}}
    for part, kept in parts.items():
        entries = value.get(part)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            try:
                LookupTable.model_validate({**stand_in, part: {name: entry}})
            except ValidationError:
                continue
            kept[name] = entry
    return LookupTable.model_validate(parts) if parts["columns"] else None
