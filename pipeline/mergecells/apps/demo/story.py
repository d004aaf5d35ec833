"""The whole loop as people live it: an editor, a reviewer, two services, an operator. Every step is a real command."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergecells.adapters.service_client import ask_services
from mergecells.apps.demo.lead import LEAD, post_score
from mergecells.apps.demo.processes import Stage
from mergecells.apps.demo.timeline import Timeline
from mergecells.domain.errors import MergecellsError
from mergecells.domain.revision import short

EDITOR = "Edith Editor <edith@demo.invalid>"
REVIEWER = "Rolf Reviewer <rolf@demo.invalid>"
OPERATOR = "Olga Operator <olga@demo.invalid>"

LIVE_SECONDS = 30.0
_POLL_SECONDS = 0.01
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(slots=True)
class Story:
    """The folders and processes of one telling."""

    stage: Stage
    line: Timeline
    ports: tuple[int, int] = (0, 0)
    services: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.stage.folder / "leads"

    @property
    def bare(self) -> Path:
        return self.stage.folder / "leads.git"

    @property
    def live(self) -> Path:
        return self.stage.folder / "live"

    @property
    def workbook(self) -> Path:
        return self.root / "scoring.xlsx"

    def command(self, *arguments: str, expect: int | None = 0) -> str:
        """Run a command in the config root; what it printed for a person."""
        shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
        self.line.event(f"$ mergecells {shown}")
        done = self.stage.run(*arguments, expect=expect, folder=self.root)
        return done.output + done.messages

    def head(self) -> str:
        return self.stage.git("rev-parse", "main", folder=self.bare)

    # -- services

    def start_services(self) -> None:
        """The follower and two services, each a process of its own, and wait until both are ready."""
        self.stage.start(
            self.stage.folder / "follow.log", "follow", str(self.bare), str(self.live), "--interval", "0.1"
        )
        logs = [self.stage.folder / f"service-{number}.log" for number in (1, 2)]
        self._wait((self.live / "current").exists, "the first revision is published")
        for log, port in zip(logs, self.ports, strict=True):
            self.stage.start(log, "serve", "--config", str(self.live / "current"), "--port", str(port))
        self.services = [self._address(log) for log in logs]
        self.wait_live(self.head())

    def _address(self, log: Path) -> str:
        """What `serve` printed as its address."""

        def find() -> re.Match[str] | None:
            return _ADDRESS.search(log.read_text(encoding="utf-8"))

        self._wait(find, f"{log.name} names an address")
        found = find()
        return found[0] if found else ""

    def reports(self) -> list[Any]:
        return list(ask_services(self.services, 2.0))

    def wait_live(self, revision: str) -> float:
        """Seconds until both services run `revision`."""
        started = time.monotonic()
        self._wait(lambda: all(r.revision == revision for r in self.reports()), f"both run {short(revision)}")
        return time.monotonic() - started

    def wait_rejected(self, revision: str) -> list[Any]:
        """Until both services say that they rejected `revision`; their reports."""
        reports: list[Any] = []

        def refused() -> bool:
            reports[:] = self.reports()
            return all((r.rejected or {}).get("revision") == revision for r in reports)

        self._wait(refused, f"both reject {short(revision)}")
        return reports

    def wait_follower_rejected(self, revision: str) -> str:
        """Until the follower has written down that it rejects `revision`; its reason."""
        record = self.live / "rejected.jsonl"

        def rows() -> list[dict[str, Any]]:
            text = record.read_text(encoding="utf-8") if record.exists() else ""
            return [row for row in map(json.loads, text.splitlines()) if row["revision"] == revision]

        self._wait(lambda: bool(rows()), f"the follower rejects {short(revision)}")
        return str(rows()[-1]["reason"])

    def score(self) -> dict[str, Any]:
        """One lead over HTTP from the first service."""
        return post_score(self.services[0], LEAD)

    def _wait(self, done: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + LIVE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise MergecellsError(
                    f"Waited {LIVE_SECONDS:.0f} s in vain until {what}.", f"The logs are in {self.stage.folder}."
                )
            dead = next((p for p in self.stage.running if p.poll() is not None), None)
            if dead is not None:
                raise MergecellsError(
                    f"A process of the demo ended with {dead.returncode}.", f"The logs are in {self.stage.folder}."
                )
            time.sleep(_POLL_SECONDS)

    # -- pull requests

    def pull(self, number: int) -> dict[str, Any]:
        shown = self.stage.run("pulls", "show", str(number), "--output", "json", folder=self.root)
        return dict(json.loads(shown.output))

    def approve_and_merge(self, number: int) -> tuple[str, float]:
        """The reviewer's part. Returns the merge revision, and the seconds from there until both services run it."""
        self.line.quote(self.command("pulls", "approve", str(number), "--by", REVIEWER))
        self.line.event(f"$ mergecells pulls merge {number}")
        # The clock starts when the branch has moved, which is before the command has ended.
        before = self.head()
        log = self.stage.folder / "merge.log"
        place = ("--config-root", str(self.root))
        merging = self.stage.start(log, *place, "pulls", "merge", str(number), "--by", REVIEWER)
        self.stage.running.remove(merging)
        self._wait(lambda: self.head() != before or merging.poll() is not None, "the branch moves")
        merged_at = time.monotonic()
        if merging.poll():
            raise MergecellsError(log.read_text())
        revision = self.head()
        self.wait_live(revision)
        seconds = time.monotonic() - merged_at
        merging.wait()
        return revision, seconds
