"""`mergecells.yaml`: where the workbook, the files and the services of one config repository are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mergecells.domain.scoring import ConfigModel

RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^/\\].*$")]

MANIFEST_NAME = "mergecells.yaml"


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
    host: Literal["local"] = "local"
    repository: str = Field(
        default="origin", description="A bare git repository, or the name of a remote of this checkout."
    )


class Checks(ConfigModel):
    max_deleted_share: float = Field(
        default=0.2, ge=0, le=1, description="More rows deleted than this needs --allow-large."
    )
    max_blanked_cells: int = Field(default=10, ge=0, description="More cells blanked than this needs --allow-large.")
    evaluation_date: str | None = Field(
        default=None,
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="Date for the sample lead; examples may state their own.",
    )
    xlcalculator: bool = Field(default=True, description="Recompute formulas with xlcalculator where it is able.")


class ManifestFile(ConfigModel):
    version: Literal[1] = 1
    workbook: str = Field(default="scoring.xlsx", description="The workbook, relative to the config root.")
    branch: str = Field(default="main", min_length=1)
    pull_requests: PullRequests = Field(default_factory=PullRequests)
    checks: Checks = Field(default_factory=Checks)
    services: list[str] = Field(default_factory=list, description="Base URLs of the services that `status` asks.")
    tabs: list[CustomTab] = Field(default_factory=list)


Manifest = ManifestFile
