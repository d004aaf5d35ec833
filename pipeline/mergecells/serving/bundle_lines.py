"""A ConfigSet as lines of JSON and back, each line of a bounded size.

No single call into the parser or the validator holds the interpreter for more than a few milliseconds, so scoring goes
on while a large config loads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter

from mergecells.domain.budgets import Budgets
from mergecells.domain.configset import ConfigSet
from mergecells.domain.manifest import Manifest
from mergecells.domain.prices import Prices
from mergecells.domain.prompts import Prompt
from mergecells.domain.quality import Quality
from mergecells.domain.routing import Routing
from mergecells.domain.scoring import (
    Component,
    ConfigModel,
    Example,
    Examples,
    Factor,
    Fields,
    Formula,
    LeadField,
    LookupTable,
    Rules,
    RuleSet,
    Scalar,
    TableColumn,
    Tier,
    Vertical,
)

CHUNK = 250
"""Rows a line: about 40 KB, which parse and validate in 1 to 2 ms."""

T = TypeVar("T")


class HeadLine(ConfigModel):
    """The first line: what does not grow with the number of rules."""

    kind: Literal["head"] = "head"
    manifest: Manifest
    version: str
    tiers: dict[str, Tier]
    lists: dict[str, list[str | float | bool]]
    has_fields: bool
    has_examples: bool
    examples_date: str | None


class FormulasLine(ConfigModel):
    kind: Literal["formulas"] = "formulas"
    rows: dict[str, Formula]


class ComponentLine(ConfigModel):
    """A component without its factors, which follow in lines of their own."""

    kind: Literal["component"] = "component"
    name: str
    weight: float
    description: str
    formula: Formula | None


class FactorsLine(ConfigModel):
    kind: Literal["factors"] = "factors"
    component: str
    rows: dict[str, Factor]


class FieldsLine(ConfigModel):
    kind: Literal["fields"] = "fields"
    rows: dict[str, LeadField]


class ExamplesLine(ConfigModel):
    kind: Literal["examples"] = "examples"
    rows: dict[str, Example]


class TableLine(ConfigModel):
    """A lookup table without its rows, which follow in lines of their own."""

    kind: Literal["table"] = "table"
    name: str
    description: str
    columns: dict[str, TableColumn]


class TableRowsLine(ConfigModel):
    kind: Literal["table-rows"] = "table-rows"
    table: str
    rows: dict[str, dict[str, Scalar]]


class VerticalLine(ConfigModel):
    kind: Literal["vertical"] = "vertical"
    name: str
    vertical: Vertical


class PromptLine(ConfigModel):
    kind: Literal["prompt"] = "prompt"
    prompt: Prompt


class PartialLine(ConfigModel):
    kind: Literal["partial"] = "partial"
    name: str
    text: str


class CallsLine(ConfigModel):
    """How LLMs are called: routes, budgets, prices and the gate of quality."""

    kind: Literal["calls"] = "calls"
    routing: Routing
    budgets: Budgets
    prices: Prices
    quality: Quality


Line = Annotated[
    HeadLine
    | FormulasLine
    | ComponentLine
    | FactorsLine
    | FieldsLine
    | ExamplesLine
    | TableLine
    | TableRowsLine
    | VerticalLine
    | PromptLine
    | PartialLine
    | CallsLine,
    Field(discriminator="kind"),
]


def dump_lines(config: ConfigSet) -> Iterator[bytes]:
    """The lines of a config, without line breaks."""
    for line in _lines(config):
        yield line.model_dump_json(by_alias=True, exclude_defaults=False, exclude_unset=True).encode()


def load_lines(lines: Iterable[bytes]) -> ConfigSet:
    """The config that the lines were dumped from. Raises pydantic's ValidationError, or ValueError when lines lack."""
    parse = _line_adapter().validate_json
    loading = _Loading()
    for line in lines:
        loading.take(parse(line))
    return loading.finish()


@cache
def _line_adapter() -> TypeAdapter[Line]:
    return TypeAdapter(Line)


def _lines(config: ConfigSet) -> Iterator[ConfigModel]:
    rules, fields, examples = config.rules.rules, config.rules.fields, config.rules.examples
    yield HeadLine(
        kind="head",
        manifest=config.manifest,
        version=rules.version,
        tiers=rules.tiers,
        lists=rules.lists,
        has_fields=fields is not None,
        has_examples=examples is not None,
        examples_date=examples.date if examples else None,
    )
    for formulas in _chunks(rules.formulas):
        yield FormulasLine(kind="formulas", rows=formulas)
    for name, body in rules.components.items():
        yield ComponentLine(
            kind="component", name=name, weight=body.weight, description=body.description, formula=body.formula
        )
        for factors in _chunks(body.factors):
            yield FactorsLine(kind="factors", component=name, rows=factors)
    for rows in _chunks(fields.fields if fields else {}):
        yield FieldsLine(kind="fields", rows=rows)
    for leads in _chunks(examples.examples if examples else {}):
        yield ExamplesLine(kind="examples", rows=leads)
    for name, table in config.rules.tables.items():
        yield TableLine(kind="table", name=name, description=table.description, columns=table.columns)
        for cells in _chunks(table.rows):
            yield TableRowsLine(kind="table-rows", table=name, rows=cells)
    for name, vertical in config.rules.verticals.items():
        yield VerticalLine(kind="vertical", name=name, vertical=vertical)
    yield from _call_lines(config)


def _call_lines(config: ConfigSet) -> Iterator[ConfigModel]:
    yield CallsLine(
        kind="calls",
        routing=config.routing,
        budgets=config.budgets,
        prices=config.prices,
        quality=config.quality,
    )
    for name, text in config.partials.items():
        yield PartialLine(kind="partial", name=name, text=text)
    for prompt in config.prompts.values():
        yield PromptLine(kind="prompt", prompt=prompt)


def _chunks(rows: Mapping[str, T]) -> Iterator[dict[str, T]]:
    left = iter(rows.items())
    while chunk := dict(islice(left, CHUNK)):
        yield chunk


class _Loading:
    """Puts validated lines together. The parts are valid, so the whole is built without validating them again."""

    def __init__(self) -> None:
        self.head: HeadLine | None = None
        self.formulas: dict[str, str] = {}
        self.components: dict[str, ComponentLine] = {}
        self.factors: dict[str, dict[str, Factor]] = {}
        self.fields: dict[str, LeadField] = {}
        self.examples: dict[str, Example] = {}
        self.tables: dict[str, TableLine] = {}
        self.table_rows: dict[str, dict[str, dict[str, Scalar]]] = {}
        self.verticals: dict[str, Vertical] = {}
        self.calls: CallsLine | None = None
        self.partials: dict[str, str] = {}
        self.prompts: dict[str, Prompt] = {}

    def take(self, line: Any) -> None:
        match line:
            case HeadLine():
                self.head = line
            case FormulasLine():
                self.formulas.update(line.rows)
            case ComponentLine():
                self.components[line.name] = line
                self.factors[line.name] = {}
            case FactorsLine():
                self.factors[line.component].update(line.rows)
            case FieldsLine():
                self.fields.update(line.rows)
            case ExamplesLine():
                self.examples.update(line.rows)
            case TableLine():
                self.tables[line.name] = line
                self.table_rows[line.name] = {}
            case TableRowsLine():
                self.table_rows[line.table].update(line.rows)
            case VerticalLine():
                self.verticals[line.name] = line.vertical
            case CallsLine():
                self.calls = line
            case PartialLine():
                self.partials[line.name] = line.text
            case PromptLine():
                self.prompts[line.prompt.slug] = line.prompt

    def finish(self) -> ConfigSet:
        if self.head is None or self.calls is None or not self.components or not all(self.factors.values()):
            raise ValueError("lines are missing")
        components = {
            name: Component.model_construct(
                weight=line.weight, description=line.description, formula=line.formula, factors=self.factors[name]
            )
            for name, line in self.components.items()
        }
        rules = Rules.model_construct(
            version=self.head.version,
            tiers=self.head.tiers,
            lists=self.head.lists,
            formulas=self.formulas,
            components=components,
        )
        rule_set = RuleSet.model_construct(
            rules=rules,
            fields=Fields.model_construct(fields=self.fields) if self.head.has_fields else None,
            examples=self._examples(self.head),
            verticals=self.verticals,
            tables={name: self._table(line) for name, line in self.tables.items()},
            dialect=self.head.manifest.formulas.dialect,
        )
        return ConfigSet(
            self.head.manifest,
            rule_set,
            prompts=self.prompts,
            partials=self.partials,
            routing=self.calls.routing,
            budgets=self.calls.budgets,
            prices=self.calls.prices,
            quality=self.calls.quality,
        )

    def _table(self, line: TableLine) -> LookupTable:
        rows = self.table_rows[line.name]
        return LookupTable.model_construct(description=line.description, columns=line.columns, rows=rows)

    def _examples(self, head: HeadLine) -> Examples | None:
        if not head.has_examples:
            return None
        return Examples.model_construct(date=head.examples_date, examples=self.examples)
