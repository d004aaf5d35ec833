"""A stand-in for Google with a spreadsheet in it, and the real client in front of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mergecells.adapters.google_auth import DRIVE_SCOPE, SHEETS_SCOPE, find_account
from mergecells.adapters.google_http import Patience, PatientClient
from mergecells.adapters.google_sheets import GoogleSheet
from standins.google.grid import Spreadsheet
from standins.google.server import StandIn, running

ROBOT = "robot@stand-in.iam.gserviceaccount.com"


@dataclass
class FakeTime:
    """Time that passes only when somebody sleeps; `slept` holds each wait."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Stage:
    standin: StandIn
    key: dict[str, str]
    time: FakeTime
    book_id: str
    told: list[str] = field(default_factory=list)

    @property
    def book(self) -> Spreadsheet:
        return self.standin.book(self.book_id)

    def client(self, key: dict[str, str] | None = None, scopes: list[str] | None = None) -> PatientClient:
        """The real client with the real google-auth; only its clock is ours."""
        account = find_account(json.dumps(key or self.key), scopes or [SHEETS_SCOPE, DRIVE_SCOPE])
        patience = Patience(120, self.told.append, self.time.monotonic, self.time.sleep, lambda low, high: high)
        return PatientClient(account.credentials, account=account.name, endpoint=self.standin.url, patience=patience)

    def sheet(self, **options: Any) -> GoogleSheet:
        """The spreadsheet as a program that was just started sees it."""
        return GoogleSheet(self.client(), self.book_id, **options)

    def edit(self, *requests: dict[str, Any]) -> None:
        """What a person does in the browser."""
        self.standin.edit(self.book_id, *requests)

    def type(self, tab: str, address: tuple[int, int], value: Any, option: str = "USER_ENTERED") -> None:
        """Type into a cell, row and column from 1."""
        from standins.google.answers import parse_input

        start = {"sheetId": self.book.titled(tab).id, "rowIndex": address[0] - 1, "columnIndex": address[1] - 1}
        cell = {"userEnteredValue": parse_input(value, option) if value is not None else {}}
        self.edit({"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}})


@contextmanager
def staged(title: str = "Lead scoring") -> Iterator[Stage]:
    """Runs until the block ends, which fails when the stand-in saw anything that Google does not describe."""
    with running() as standin:
        key = standin.identities.service_account(ROBOT, standin.token_uri)
        book = standin.drive.add(title, ROBOT)
        yield Stage(standin, key, FakeTime(), book.id)
        assert standin.problems == []
