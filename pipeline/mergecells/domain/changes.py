"""A typed difference between two configs, in the words of the domain and not of text lines."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ChangeKind = Literal["added", "removed", "changed", "renamed", "moved"]


class Change(BaseModel):
    """One change.

    `area` is the tab (`Factors`), `key` the row (`company_info / years_in_business`), `field` the column, empty for the
    whole row. `old` and `new` are plain values.
    """

    model_config = ConfigDict(frozen=True)

    kind: ChangeKind
    area: str
    key: str
    field: str = ""
    old: float | bool | str | None = None
    new: float | bool | str | None = None
    file: str | None = None
    line: int | None = None
    cell: str | None = None


class ChangeSet(BaseModel):
    """All changes between `base` and `head`; `files` names every file that differs, also where no row does."""

    model_config = ConfigDict(frozen=True)

    base: str
    head: str
    changes: tuple[Change, ...] = ()
    files: tuple[str, ...] = ()
