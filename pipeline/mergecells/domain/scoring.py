"""The scoring rules as data: tiers, components, factors, fields, lookup tables, examples, verticals.

These models are the source of `schemas/*.schema.json`. They hold the shape only (types, ranges, required keys); rules
that look at several rows (weights that sum to 1, tiers in order) are findings of `transforms.rule_check`, so that one
run can report all of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Regular expressions are read by pydantic here and by other engines from the published schemas. Those differ on `\s`,
# `\d` and `.` (which blanks, which digits, which line ends), so each class is spelt out.
_BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
ONE_LINE_PATTERN = rf"^[^{_BLANK}]([^\x00-\x1f\x7f\u2028\u2029]*[^{_BLANK}])?$"
FORMULA_PATTERN = "^="
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A component, factor, field, list or intermediate: usable as a defined name in a formula."""

TierName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=ONE_LINE_PATTERN)]
RowName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=ONE_LINE_PATTERN)]
"""A lookup table's key as YAML has it, always a text: `Germany`, `"10"`, `"2024-02-29"`. 255 is what a lookup finds."""

ExampleName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=ONE_LINE_PATTERN)]
Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Formula = Annotated[str, StringConstraints(min_length=2, max_length=8192, pattern=FORMULA_PATTERN)]
"""A spreadsheet formula with its `=`. 8,192 characters is the limit of Excel's cells."""

Scalar = Annotated[float, Field(allow_inf_nan=False)] | bool | str | None
"""A value of a lead. A date is an ISO text (`2024-02-29`) under a field of type `date`."""

ListItem = str | Annotated[float, Field(allow_inf_nan=False)] | bool
Dialect = Literal["excel", "google"]
FieldType = Literal["text", "number", "boolean", "date"]


class ConfigModel(BaseModel):
    """Frozen, strict (no text is read as a number) and closed: an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Tier(ConfigModel):
    min: Points = Field(description="The lowest score of this tier, inclusive.")
    label: str = Field(default="", description="What people see instead of the tier's key.")
    description: str = ""


class Factor(ConfigModel):
    weight: Weight = Field(description="Share of the component; the weights of a component sum to 1.")
    formula: Formula | None = Field(
        default=None,
        description="A formula with a result in 0..1; without it, the lead's field of the same name counts.",
    )
    description: str = ""


class Component(ConfigModel):
    weight: Weight = Field(description="Share of the score; the weights of all components sum to 1.")
    description: str = ""
    formula: Formula | None = Field(
        default=None, description="Over the component's factors; replaces the weighted sum. Its result lies in 0..1."
    )
    factors: dict[Name, Factor] = Field(min_length=1)


class Rules(ConfigModel):
    """`scoring/rules.yaml`. Score = 100 x sum of component weight x sum of factor weight x factor value."""

    version: str
    tiers: dict[TierName, Tier] = Field(min_length=1)
    lists: dict[Name, list[ListItem]] = Field(
        default_factory=dict, description="Named lists that formulas test against: COUNTIF(list, value)>0."
    )
    formulas: dict[Name, Formula] = Field(
        default_factory=dict, description="Named intermediate values that formulas may use."
    )
    components: dict[Name, Component] = Field(min_length=1)


class LeadField(ConfigModel):
    column: str | None = Field(
        default=None, description="The column's title in a leads file; the field's name if left out."
    )
    type: FieldType
    sample: Scalar = Field(default=None, description="The sample lead's value, the one the workbook computes with.")
    description: str = ""


class Fields(ConfigModel):
    """`scoring/fields.yaml`: what a lead is made of."""

    fields: dict[Name, LeadField] = Field(min_length=1)


class Example(ConfigModel):
    """A golden lead and the tier and score it must get."""

    description: str = ""
    vertical: Name | None = None
    lead: dict[Name, Scalar] = Field(default_factory=dict)
    tier: TierName
    score: Points | None = Field(default=None, description="Compared within 0.05 points.")


class Examples(ConfigModel):
    """`scoring/examples.yaml`."""

    date: str | None = Field(default=None, pattern=DATE_PATTERN, description="The evaluation date of every example.")
    examples: dict[ExampleName, Example]


class TableColumn(ConfigModel):
    type: FieldType
    description: str = ""


class LookupTable(ConfigModel):
    """`scoring/tables/<name>.yaml`: a table that formulas look values up in. The first column is the key of the rows.

    Formulas name the whole body as `<name>` and one column as `<name>_<column>`; what a row leaves out is blank.
    """

    description: str = ""
    columns: dict[Name, TableColumn] = Field(min_length=1, description="From left to right; the first is the key.")
    rows: dict[RowName, dict[Name, Scalar]] = Field(
        default_factory=dict, description="Key → the other columns' cells, in the order of the table."
    )

    @property
    def key(self) -> str:
        """The name of the key column."""
        return next(iter(self.columns))


class FactorChange(ConfigModel):
    """An override; what is left out stays as in the base rules."""

    weight: Weight | None = None
    formula: Formula | None = None
    description: str | None = None


class ComponentChange(ConfigModel):
    weight: Weight | None = None
    description: str | None = None
    formula: Formula | None = None
    factors: dict[Name, FactorChange | None] = Field(
        default_factory=dict, description="A factor set to null is removed."
    )


class Vertical(ConfigModel):
    """`scoring/verticals/<name>.yaml`: overrides of the base rules by key; null removes, a new key adds."""

    description: str = ""
    tiers: dict[TierName, Tier | None] = Field(default_factory=dict)
    lists: dict[Name, list[ListItem] | None] = Field(default_factory=dict)
    formulas: dict[Name, Formula | None] = Field(default_factory=dict)
    components: dict[Name, ComponentChange | None] = Field(default_factory=dict)


class RuleSet(ConfigModel):
    """All scoring config together, parsed and of the right shape. `dialect` is the manifest's, for every formula."""

    rules: Rules
    fields: Fields | None = None
    examples: Examples | None = None
    verticals: dict[Name, Vertical] = Field(default_factory=dict)
    tables: dict[Name, LookupTable] = Field(default_factory=dict)
    dialect: Dialect = "excel"
