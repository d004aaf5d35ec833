"""The Google Sheet of a new config repository: made or taken over, filled, shared."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    where that is given. `share`: mail addresses. `hub`, `repository`: what the sheet's add-on is told."""

    sheet: str = ""
    folder: str = ""
    share: Sequence[str] = ()
    hub: str = ""
    repository: str = ""

    @property
    def told(self) -> dict[str, str]:
        """The add-on's settings, as the sheet's metadata holds them; sheets/settings.js reads them."""
        return {key: value for key, value in (("hub", self.hub), ("repository", self.repository)) if value}

    @property
    def options(self) -> str:
        """The same as it is typed to `init`, with a blank before each."""
        return (f" --hub {self.hub}" if self.hub else "") + (f" --github {self.repository}" if self.repository else "")


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

    def fill(self, layout: WorkbookLayout, told: Mapping[str, str]) -> None:
        """Fill it, and tell its add-on where to submit. Raises MergecellsError; the sheet may then hold a part, with
        which `fill` goes on."""
        self.sheet.write(layout)
        if told:
            self.sheet.remember({**self.sheet.read().metadata, **told})

    def share(self, mails: Sequence[str]) -> list[str]:
        """Let people in; what did not work, in words. The repository is whole without it."""
        from mergecells.adapters.google_drive import share as share_file

        notes = []
        for mail in mails:
            try:
                share_file(self.client, self.sheet.spreadsheet, mail)
            except MergecellsError as error:
                notes.append(f"The sheet is not shared with {mail}: {error} Or share it in the browser: {self.address}")
        return notes


@contextlib.contextmanager
def said_what_stays(sheet: NewSheet, folder: Path, order: SheetOrder) -> Iterator[None]:
    """Whatever ends it halfway, Ctrl-C as well: the person learns which sheet stays, and how to go on or clean up.

    The folder is removed, so going on means `init` again, with the sheet that is there.
    """
    again = f"mergecells init {shlex.quote(str(folder))} --google --sheet {sheet.address}{order.options}"
    stays = f"The sheet {sheet.address} {'was made and stays' if sheet.made else 'may hold a part of the workbook'}."
    remove = " Or delete it in Drive." if sheet.made else ""
    stays = f"{stays} To go on with it: {again}.{remove}"
    try:
        yield
    except MergecellsError as error:
        raise type(error)(error.message, hint=f"{error.hint} {stays}".strip()) from error
    except BaseException:
        print(stays, file=sys.stderr)
        raise


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
