"""Builds what the commands work on: the workbook that an option or the manifest names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.domain.errors import UsageError
from mergecells.domain.manifest import GOOGLE, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mergecells.adapters.google_http import PatientClient
    from mergecells.adapters.google_pacing import Pacer
    from mergecells.adapters.google_sheets import GoogleSheet
    from mergecells.ports import WorkbookSource

CREDENTIALS, ENDPOINT = "MERGECELLS_GOOGLE_CREDENTIALS", "MERGECELLS_GOOGLE_ENDPOINT"
_EXTRA = "Install the extra: pip install 'mergecells[google]'."


def open_workbook(root: Path, manifest: Manifest, given: str | None) -> WorkbookSource:
    """The workbook that `--workbook` names (`google`, or an .xlsx file), else the manifest's. Raises UsageError."""
    name = given or manifest.workbook
    if name == GOOGLE:
        return open_sheet(manifest)
    path = Path(name) if given else root / name
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path} is not an .xlsx file.", "Save the workbook as .xlsx (Excel workbook).")
    return XlsxWorkbook(path)


def workbook_label(root: Path, manifest: Manifest, given: str | None) -> str:
    """What to call the workbook on a pull request: the same for every clone of the repository."""
    name = given or manifest.workbook
    if name == GOOGLE:
        return f"Google Sheet {manifest.google.spreadsheet_id}" if manifest.google else "Google Sheet"
    path = (Path(name) if given else root / name).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def open_sheet(manifest: Manifest) -> GoogleSheet:
    """The Google Sheet that the manifest names. Raises UsageError."""
    if manifest.google is None:
        raise UsageError(
            "mergecells.yaml names no Google Sheet.",
            "Add google: {spreadsheet: ID or address}, or start with `mergecells init --google`.",
        )
    client = google_client(drive=False)
    from mergecells.adapters.google_sheets import GoogleSheet

    client.name = manifest.google.spreadsheet_id
    return GoogleSheet(client, manifest.google.spreadsheet_id)


def google_client(
    *, drive: bool, pacer: Pacer | None = None, tell: Callable[[str], None] | None = None
) -> PatientClient:
    """A client with the credentials of the environment; with access to Drive only where files are made and shared.

    Clients of one process share a `pacer`, since Google counts the account's requests and not the client's.
    """
    try:
        from mergecells.adapters.google_auth import DRIVE_SCOPE, SHEETS_SCOPE, find_account
        from mergecells.adapters.google_http import Patience, PatientClient
    except ImportError as error:
        raise UsageError(f"Google Sheets need a package that is not installed: {error.name}.", _EXTRA) from None
    scopes = [SHEETS_SCOPE, DRIVE_SCOPE] if drive else [SHEETS_SCOPE]
    account = find_account(os.environ.get(CREDENTIALS, ""), scopes)
    patience = Patience(tell=tell or (lambda text: print(text, file=sys.stderr)))
    return PatientClient(
        account.credentials,
        account=account.name,
        endpoint=os.environ.get(ENDPOINT, ""),
        patience=patience,
        pacer=pacer,
    )
