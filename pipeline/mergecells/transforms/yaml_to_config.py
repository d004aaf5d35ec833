"""All files of a config → a typed ConfigSet, with a finding for everything that has the wrong shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

from mergecells.domain.budgets import BUDGETS_FILE, Budgets
from mergecells.domain.configset import (
    EXAMPLES_FILE,
    FIELDS_FILE,
    RULES_FILE,
    TABLES_FOLDER,
    VERTICALS_FOLDER,
    ConfigSet,
    Document,
    LoadResult,
)
from mergecells.domain.findings import Finding, sort_findings
from mergecells.domain.manifest import MANIFEST_NAME, Manifest
from mergecells.domain.prices import PRICES_FILE, Prices
from mergecells.domain.quality import QUALITY_FILE, Quality
from mergecells.domain.revision import Files
from mergecells.domain.routing import ROUTING_FILE, Routing
from mergecells.domain.scoring import Examples, Fields, LookupTable, Rules, RuleSet, Vertical
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.prompt_to_config import read_prompts
from mergecells.transforms.salvage import salvage_table
from mergecells.transforms.yaml_nodes import parse_yaml
from mergecells.transforms.yaml_shape import validate_document

__all__ = ["BUILT_IN_TABS", "Load", "RememberedLoads", "load_config", "parse_manifest", "parse_yaml"]

ModelT = TypeVar("ModelT", bound=BaseModel)
Load: TypeAlias = Callable[[Files], LoadResult]

BUILT_IN_TABS = ("Tiers", "Components", "Factors", "Formulas", "Lists", "Lead", "Examples")
_RESERVED = frozenset(tab.lower() for tab in BUILT_IN_TABS)
_FOLDERS = {VERTICALS_FOLDER: ("vertical", _RESERVED), TABLES_FOLDER: ("lookup table", _RESERVED | {"overview"})}
"""Folders with one file for each tab: what a file is, and the names that are taken."""

_TAB_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}\Z")


def load_config(files: Files) -> LoadResult:
    """Parse and validate every config file among `files`.

    `scoring/rules.yaml` must be there; the others may be missing. All findings of all files are returned, sorted. The
    config is there whenever the rules themselves are usable, so that later checks can report their findings too:
    a caller that runs a config must refuse it on any error among the findings (`has_errors`).
    """
    with paused_collector():
        reader = _Reader(files)
        manifest = reader.read(MANIFEST_NAME, Manifest)
        rules = reader.read(RULES_FILE, Rules)
        if RULES_FILE not in files:
            hint = "Run `mergecells init`, or give the right folder with --config-root."
            reader.findings.append(
                Finding(code="schema.missing-file", message="There are no rules.", hint=hint, file=RULES_FILE)
            )
        fields, examples = reader.read(FIELDS_FILE, Fields), reader.read(EXAMPLES_FILE, Examples)
        verticals = {name: reader.read(file, Vertical) for name, file in reader.named(VERTICALS_FOLDER).items()}
        tables = {name: reader.read_table(file) for name, file in reader.named(TABLES_FOLDER).items()}
        prompts = read_prompts(files)
        reader.documents.update(prompts.documents)
        reader.findings += prompts.findings
        routing, budgets = reader.read(ROUTING_FILE, Routing), reader.read(BUDGETS_FILE, Budgets)
        prices, quality = reader.read(PRICES_FILE, Prices), reader.read(QUALITY_FILE, Quality)
        for tab in manifest.tabs if manifest else ():
            reader.parse(tab.file)
        findings = tuple(sort_findings(reader.findings))
        if rules is None:
            return LoadResult(None, findings, reader.documents)
        usable = {name: vertical for name, vertical in verticals.items() if vertical is not None}
        sound = {name: table for name, table in tables.items() if table is not None}
        dialect = (manifest or Manifest()).formulas.dialect
        rule_set = RuleSet(
            rules=rules, fields=fields, examples=examples, verticals=usable, tables=sound, dialect=dialect
        )
        config = ConfigSet(
            manifest or Manifest(),
            rule_set,
            reader.documents,
            prompts.prompts,
            prompts.partials,
            routing or Routing(),
            budgets or Budgets(),
            prices or Prices(),
            quality or Quality(),
        )
        return LoadResult(config, findings, reader.documents)


class RememberedLoads:
    """`load_config` for one piece of work that comes back to the same files: each content is read once.

    What it gives is shared, and nobody changes it. Not for a long life: it forgets nothing.
    """

    def __init__(self) -> None:
        self._loads: dict[frozenset[tuple[str, bytes]], LoadResult] = {}

    def __call__(self, files: Files) -> LoadResult:
        key = frozenset(files.items())
        found = self._loads.get(key)
        if found is None:
            found = self._loads[key] = load_config(files)
        return found


def parse_manifest(files: Files) -> tuple[Manifest, list[Finding]]:
    """The manifest; the defaults when the file is missing or not usable, which its findings then say."""
    reader = _Reader(files)
    manifest = reader.read(MANIFEST_NAME, Manifest)
    return manifest or Manifest(), reader.findings


def parse_routing(files: Files) -> Routing:
    """The routes alone; none when the file is missing or not usable."""
    return _Reader(files).read(ROUTING_FILE, Routing) or Routing()


class _Reader:
    """Reads documents one by one and gathers what is wrong with them."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.documents: dict[str, Document] = {}
        self.findings: list[Finding] = []

    def read(self, file: str, model: type[ModelT]) -> ModelT | None:
        document = self.parse(file)
        if document is None:
            return None
        built, shape = validate_document(document, model)
        self.findings += _without_repeats(shape, self.findings)
        return built

    def parse(self, file: str) -> Document | None:
        """The document, parsed once; None when the file is missing or unreadable."""
        if file not in self.files or file in self.documents:
            return self.documents.get(file)
        document, findings = parse_yaml(file, self.files[file])
        self.findings += findings
        if document is not None:
            self.documents[file] = document
        return document

    def read_table(self, file: str) -> LookupTable | None:
        """A table; what is sound of one of the wrong shape, so that formulas that name it are judged all the same."""
        table = self.read(file, LookupTable)
        document = self.documents.get(file)
        return salvage_table(document) if table is None and document is not None else table

    def named(self, folder: str) -> dict[str, str]:
        """Name → file, for every `<folder><name>.yaml` whose name can be that of a tab, in the order of the names."""
        named: dict[str, str] = {}
        for file in sorted(self.files):
            if file.startswith(folder) and file.endswith(".yaml"):
                name = file[len(folder) : -len(".yaml")]
                if self._good_name(name, file, folder):
                    named[name] = file
            elif file.startswith(folder) and file.endswith(".yml"):
                message, hint = "This file is not read.", "Name it .yaml instead of .yml."
                self.findings.append(
                    Finding(code="schema.file-name", severity="warning", message=message, hint=hint, file=file)
                )
        return named

    def _good_name(self, name: str, file: str, folder: str) -> bool:
        kind, taken = _FOLDERS[folder]
        reserved = name.lower() in taken
        if _TAB_NAME.match(name) and not reserved:
            return True
        problem = "is the name of a built-in tab" if reserved else f"is not usable as the name of a {kind} and its tab"
        hint = "Use at most 31 letters, digits and _, not starting with a digit."
        self.findings.append(Finding(code="schema.file-name", message=f"{name!r} {problem}.", hint=hint, file=file))
        return False


def _without_repeats(shape: list[Finding], parse: list[Finding]) -> list[Finding]:
    """Shape findings at places where parsing already complained say nothing new."""
    told = {(finding.file, finding.line, finding.column) for finding in parse}
    return [finding for finding in shape if (finding.file, finding.line, finding.column) not in told]
