"""Everything configured, parsed and of the right shape, with what is needed to say where each part came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mergecells.domain.budgets import Budgets
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath, FileLocation
from mergecells.domain.manifest import Manifest
from mergecells.domain.prices import Prices
from mergecells.domain.prompts import Prompt
from mergecells.domain.quality import Quality
from mergecells.domain.routing import Routing
from mergecells.domain.scoring import RuleSet

RULES_FILE = "scoring/rules.yaml"
FIELDS_FILE = "scoring/fields.yaml"
EXAMPLES_FILE = "scoring/examples.yaml"
VERTICALS_FOLDER = "scoring/verticals/"
TABLES_FOLDER = "scoring/tables/"


def vertical_file(name: str) -> str:
    return f"{VERTICALS_FOLDER}{name}.yaml"


def table_file(name: str) -> str:
    return f"{TABLES_FOLDER}{name}.yaml"


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file: its plain value and the position of every key and value in it.

    `value_positions[path]` and `key_positions[path]` are (line, column), counted from 1.
    """

    file: str
    value: Any
    value_positions: Mapping[DocumentPath, tuple[int, int]]
    key_positions: Mapping[DocumentPath, tuple[int, int]]

    def locate(self, path: DocumentPath) -> FileLocation:
        """The value at `path`; for what is missing, the nearest enclosing place that exists."""
        while True:
            position = self.value_positions.get(path) or self.key_positions.get(path)
            if position:
                return FileLocation(self.file, *position)
            if not path:
                return FileLocation(self.file, 1, 1)
            path = path[:-1]

    def locate_key(self, path: DocumentPath) -> FileLocation:
        """The key at the end of `path`, which is where a person looks for a row."""
        position = self.key_positions.get(path)
        return FileLocation(self.file, *position) if position else self.locate(path)


@dataclass(frozen=True, slots=True)
class ConfigSet:
    """A whole config. Only the rules must be there: without their files there are no prompts and routes, no prices but
    the bundled ones, and the default budget and gate of quality.

    `prompts` are by slug; `partials`, the texts that they share, by name.
    """

    manifest: Manifest
    rules: RuleSet
    documents: Mapping[str, Document] = field(default_factory=dict)
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    partials: Mapping[str, str] = field(default_factory=dict)
    routing: Routing = field(default_factory=Routing)
    budgets: Budgets = field(default_factory=Budgets)
    prices: Prices = field(default_factory=Prices)
    quality: Quality = field(default_factory=Quality)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`config` is None when an error among `findings` left nothing usable; documents that parsed are there anyway."""

    config: ConfigSet | None
    findings: tuple[Finding, ...]
    documents: Mapping[str, Document]
