"""`mergecells.yaml`: where the workbook, the files and the services of one config repository are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from mergecells.domain.scoring import DATE_PATTERN, ConfigModel, Dialect

RELATIVE_PATTERN = r"^[^/\\\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=RELATIVE_PATTERN)]


def _whole(value: object) -> object:
    """`10.0` is a whole number to JSON Schema, and so it is here."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
MANIFEST_NAME = "mergecells.yaml"
GOOGLE = "google"
"""In the place of a file's name: the workbook is the Google Sheet that the manifest names."""

SPREADSHEET_PATTERN = (
    r"^([A-Za-z0-9_-]{20,100}|https://docs\.google\.com/spreadsheets/([a-z]/[^/]+/)?d/[A-Za-z0-9_-]{20,100}([/?#].*)?)$"
)


class CustomTab(ConfigModel):
    """A tab of the team's own: rows of one file under one key, checked against a JSON Schema."""

    tab: str = Field(min_length=1, max_length=31)
    file: RelativePath
    root: str = Field(
        default="", description="Dotted path to the mapping that holds the rows; empty for the whole file."
    )
    key: str = Field(description="The title of the key column.")
    columns: list[str] = Field(min_length=1, description="The other columns, each the key of a scalar in a row.")
    schema_file: RelativePath | None = Field(default=None, alias="schema", description="JSON Schema of the whole file.")


class PullRequests(ConfigModel):
    host: Literal["local", "github"] = "local"
    repository: str = Field(
        default="origin",
        description="A bare git repository (local) or OWNER/NAME (github); or the name of a remote of this checkout.",
    )
    labels: list[str] = Field(default_factory=list, description="On GitHub: labels of each new pull request.")
    reviewers: list[str] = Field(
        default_factory=list,
        description="On GitHub: logins, or ORG/TEAM, to ask besides those that CODEOWNERS names.",
    )
    auto_merge: bool = Field(
        default=False,
        description="On GitHub: merge by itself once the approvals and checks that the branch asks for are there.",
    )


class GoogleWorkbook(ConfigModel):
    spreadsheet: str = Field(
        pattern=SPREADSHEET_PATTERN, max_length=400, description="The id of the Google Sheet, or its address."
    )

    @property
    def spreadsheet_id(self) -> str:
        """The id alone: what stands behind `/d/` in an address."""
        return self.spreadsheet.partition("/d/")[2].partition("/")[0].partition("?")[0].partition("#")[0] or (
            self.spreadsheet
        )


class Checks(ConfigModel):
    max_deleted_share: float = Field(
        default=0.2, ge=0, le=1, description="More rows deleted than this needs --allow-large."
    )
    max_blanked_cells: Whole = Field(
        default=10, ge=0, le=1_000_000_000, description="More cells blanked than this needs --allow-large."
    )
    evaluation_date: str | None = Field(
        default=None,
        pattern=DATE_PATTERN,
        description="Date for the sample lead; examples may state their own.",
    )
    ironcalc: bool = Field(default=True, description="Recompute formulas with IronCalc.")
    formualizer: bool = Field(default=True, description="Recompute formulas with formualizer.")
    xlcalculator: bool = Field(default=True, description="Recompute formulas with xlcalculator where it is able.")


class FormulaSettings(ConfigModel):
    dialect: Dialect = Field(
        default="excel",
        description="Whose meaning holds where Excel and Google Sheets give one function two; see docs/formulas.md.",
    )


class LeadsImpact(ConfigModel):
    """Real leads that every submission is scored with, before and after."""

    leads: str = Field(
        min_length=1, max_length=400, description="File of leads, relative to the config root; it may lie outside git."
    )
    outcome: str | None = Field(default=None, min_length=1, description="The column that tells who converted.")
    vertical: str | None = Field(
        default=None, min_length=1, description="The column that names each lead's vertical; blank: the base rules."
    )
    by: list[str] = Field(
        default_factory=list, max_length=5, description="Columns or fields by whose values tier moves are counted."
    )
    max_tier_change: float = Field(
        default=0.2, ge=0, le=1, description="A larger share of leads that change tier needs --allow-large."
    )


class EvaluationSettings(ConfigModel):
    """Whether pull requests show what changed prompts answer to their examples, before and after."""

    recordings: RelativePath | None = Field(
        default=None,
        description="File of recorded answers, relative to the config root, as evaluations/answers.jsonl.",
    )
    max_cost: float = Field(
        default=0,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="US dollars that one evaluation may cost where models are asked (diff --live); 0: none is asked.",
    )


class HubAddress(ConfigModel):
    url: str = Field(
        pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$", max_length=400, description="Its address, without a path of ours."
    )


class ManifestFile(ConfigModel):
    """`mergecells.yaml`: the workbook, the tabs, the checks and the services of one config repository."""

    # Bounds, not a literal: `true` equals the literal 1 to Python, and not to JSON Schema.
    version: Whole = Field(default=1, ge=1, le=1)
    workbook: str = Field(
        default="scoring.xlsx",
        description="The workbook, relative to the config root; or google: the Google Sheet.",
    )
    google: GoogleWorkbook | None = Field(default=None, description="The Google Sheet that is the workbook.")
    branch: str = Field(default="main", min_length=1)
    pull_requests: PullRequests = Field(default_factory=PullRequests)
    checks: Checks = Field(default_factory=Checks)
    formulas: FormulaSettings = Field(default_factory=FormulaSettings)
    impact: LeadsImpact | None = Field(default=None, description="Real leads for the impact of a submission.")
    evaluation: EvaluationSettings | None = Field(
        default=None, description="Answers of changed prompts in pull requests; left out: none."
    )
    services: list[str] = Field(default_factory=list, description="Base URLs of the services that `status` asks.")
    hub: HubAddress | None = Field(default=None, description="The hub that `status` asks in the place of the services.")
    tabs: list[CustomTab] = Field(default_factory=list)


Manifest = ManifestFile
