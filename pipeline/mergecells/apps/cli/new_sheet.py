"""The Google Sheet of a new config repository: made or taken over, filled, shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mergecells.apps.cli.wiring import google_client
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.manifest import MANIFEST_NAME, GoogleWorkbook
from mergecells.domain.revision import Files

if TYPE_CHECKING:
    from mergecells.adapters.google_http import PatientClient
    from mergecells.adapters.google_sheets import GoogleSheet
    from mergecells.domain.workbook_layout import WorkbookLayout


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """`sheet`: the id or address of an empty one that is there; without it one is made, in the Drive folder `folder`
    where that is given. `share`: mail addresses."""

    sheet: str = ""
    folder: str = ""
    share: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewSheet:
    """A sheet that is the repository's from now on."""

    client: PatientClient
    sheet: GoogleSheet
    made: bool

    @property
    def address(self) -> str:
        return self.sheet.address

    def with_manifest(self, files: Files) -> Files:
        """The files with a manifest that names the sheet."""
        text = files[MANIFEST_NAME].decode()
        named = f'workbook: google\ngoogle:\n  spreadsheet: "{self.sheet.spreadsheet}"\n'
        before, line, after = text.partition("workbook: scoring.xlsx\n")
        whole = f"{before}{named}{after}" if line else f"{text}{named}"
        return {**files, MANIFEST_NAME: whole.encode()}

    def finish(self, layout: WorkbookLayout, share: Sequence[str]) -> None:
        """Fill it, then let people in. Raises MergecellsError that names what stays behind."""
        from mergecells.adapters.google_drive import share as share_file

        try:
            self.sheet.write(layout)
            for mail in share:
                share_file(self.client, self.sheet.spreadsheet, mail)
        except MergecellsError as error:
            stays = f"The sheet {self.address} stays; delete it in Drive. " if self.made else ""
            raise MergecellsError(error.message, f"{stays}{error.hint}") from error


def take_sheet(order: SheetOrder, title: str) -> NewSheet:
    """Find or make the sheet. Raises UsageError when the one that is there is not empty, MergecellsError."""
    from mergecells.adapters.google_drive import create_spreadsheet
    from mergecells.adapters.google_sheets import GoogleSheet

    for mail in order.share:
        if "@" not in mail:
            raise UsageError(f"--share takes a mail address, not {mail!r}.")
    client = google_client(drive=not order.sheet or bool(order.share))
    made = not order.sheet
    spreadsheet = create_spreadsheet(client, title, order.folder) if made else _given_id(order.sheet)
    client.name = title if made else spreadsheet
    sheet = GoogleSheet(client, spreadsheet)
    if sheet.exists():
        raise UsageError(f"{sheet.address} is not empty.", "Name an empty one, or leave --sheet out to have one made.")
    return NewSheet(client, sheet, made)


def _given_id(text: str) -> str:
    try:
        return GoogleWorkbook(spreadsheet=text).spreadsheet_id
    except ValueError:
        raise UsageError(
            f"{text!r} is no spreadsheet.",
            "Copy the sheet's address from the browser, or the id behind /d/ in it.",
        ) from None
