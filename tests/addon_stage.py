"""The add-on's own files, run by Node as Apps Script runs them (tests/addon/), in front of the stand-in for Sheets."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google_stage import Stage

REPOSITORY = Path(__file__).parents[1]
SHEETS = REPOSITORY / "sheets"
HUB = "https://hub.example.com"
"""The hub's address in the world; the harness plays it on this machine."""
GITHUB = "https://api.github.com"
ADA, BOB = "ada@example.com", "bob@example.com"
_SCOPE = "https://www.googleapis.com/auth/spreadsheets"


class ScriptError(Exception):
    """The script threw, as google.script.run would tell the page's failure handler."""


@dataclass
class AddOn:
    """`identity` makes the token that Google gives for a person, None when it gives none."""

    process: subprocess.Popen[str]
    identity: Callable[[str], str | None] = field(default=lambda person: f"identity-token-of-{person}")

    def call(self, name: str, *arguments: object, person: str = ADA) -> Any:
        """What the page or the menu calls."""
        order = {"person": person, "identity": self.identity(person), "call": name, "args": arguments}
        return self._ask(order)

    def value(self, name: str, *arguments: object, person: str = ADA) -> Any:
        """The value of an answer that must be a good one."""
        answer = self.call(name, *arguments, person=person)
        assert answer["ok"], answer["problem"]
        return answer["value"]

    def problem(self, name: str, *arguments: object, person: str = ADA) -> dict[str, Any]:
        """What the person is told when it does not work."""
        answer = self.call(name, *arguments, person=person)
        assert not answer["ok"], answer["value"]
        told: dict[str, Any] = answer["problem"]
        return told

    def aside(self, name: str, **given: object) -> Any:
        """Ask the harness itself."""
        return self._ask({"aside": name, **given})

    def route(self, address: str, played: str) -> None:
        self.aside("route", address=address, played=played)

    def open(self, entry: str = "submitToCi", person: str = ADA) -> str:
        """The sidebar's page that a menu entry opens."""
        self.call(entry, person=person)
        return str(self.aside("screen")["sidebar"])

    def _ask(self, order: Mapping[str, object]) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the harness ended"
        answer = json.loads(line)
        if "error" in answer:
            raise ScriptError(answer["error"])
        return answer["value"]


@contextmanager
def add_on(stage: Stage, folder: Path = SHEETS, routes: Mapping[str, str] | None = None) -> Iterator[AddOn]:
    """The add-on of the sheet of `stage`, which Ada and Bob may edit."""
    tokens = {person: sign_in(stage, person) for person in (ADA, BOB)}
    settings = {
        "folder": str(folder),
        "api": stage.standin.url,
        "spreadsheet": stage.book_id,
        "routes": dict(routes or {}),
        "people": tokens,
    }
    command = ["node", str(REPOSITORY / "tests/addon/run.js"), json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield AddOn(process)
        finally:
            process.kill()


def sign_in(stage: Stage, person: str) -> str:
    """An access token of somebody who may edit the sheet."""
    stage.standin.drive.access[stage.book_id].setdefault(person, "writer")
    user = stage.standin.identities.user(person, stage.standin.token_uri)
    form = {"grant_type": "refresh_token", "refresh_token": user["refresh_token"], "scope": _SCOPE}
    status, told = stage.standin.identities.exchange(form)
    assert status == 200
    return str(told["access_token"])


def remember(stage: Stage, key: str, value: str) -> None:
    """Developer metadata of the spreadsheet, as `init --google` leaves it."""
    about = {"metadataKey": f"mergecells.{key}", "metadataValue": value, "visibility": "DOCUMENT"}
    stage.edit({"createDeveloperMetadata": {"developerMetadata": {**about, "location": {"spreadsheet": True}}}})
