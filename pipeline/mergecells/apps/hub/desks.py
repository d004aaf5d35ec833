"""A desk: one Google Sheet, the repository behind it, and how to reach both. A hub has one for each config root."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mergecells.adapters.google_http import PatientClient
from mergecells.adapters.google_pacing import Pacer
from mergecells.adapters.google_sheets import GoogleSheet
from mergecells.apps.cli.pull_request_host import HostSession, open_host, read_manifest
from mergecells.apps.cli.wiring import google_client, workbook_label
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.manifest import GOOGLE, MANIFEST_NAME, Manifest
from mergecells.domain.revision import Revision
from mergecells.transforms.yaml_to_config import parse_manifest

logger = logging.getLogger("mergecells.hub")


@dataclass(slots=True)
class Line:
    """One way to the outside: a host and a client of its own, used by one thread at a time."""

    session: HostSession
    client: PatientClient
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Desk:
    """`label` names the sheet on pull requests. Submissions, previews and the watch have a line each, so that a person
    who only looks does not wait for one who submits; all of them share the pace that Google allows."""

    root: Path
    manifest: Manifest
    spreadsheet: str
    label: str
    repository: str
    pacer: Pacer
    pace_host: Callable[[], None] | None = None
    _lines: dict[str, Line] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def branch(self) -> str:
        return self.manifest.branch

    @contextmanager
    def line(self, purpose: str) -> Iterator[Line]:
        """The line for `submit`, `look` or `watch`, for this thread alone until the block ends."""
        with self._lock:
            line = self._lines.get(purpose)
            if line is None:
                line = self._lines[purpose] = self._open()
        with line.lock:
            yield line

    def sheet(self, line: Line) -> GoogleSheet:
        """The sheet as a program that was just started sees it: nothing of an earlier read is trusted."""
        line.client.name = self.spreadsheet
        return GoogleSheet(line.client, self.spreadsheet)

    def services(self, line: Line, revision: Revision) -> list[str]:
        """The services that the manifest names at `revision`: the branch's word, not that of our checkout."""
        try:
            files = line.session.host.read_files(revision)
        except MergecellsError as error:
            logger.warning("the manifest of %s cannot be read: %s", revision[:12], error, extra={"event": "hub.watch"})
            return list(self.manifest.services)
        manifest, _ = parse_manifest({MANIFEST_NAME: files.get(MANIFEST_NAME, b"")})
        return list(manifest.services)

    def _open(self) -> Line:
        session = open_host(self.root, self.pace_host)
        client = google_client(drive=False, pacer=self.pacer, tell=_tell)
        return Line(session, client)


def open_desk(root: Path, pacer: Pacer, pace_host: Callable[[], None] | None = None) -> Desk:
    """The desk of a config root. Raises UsageError when its manifest names no Google Sheet, or when the credentials
    for the sheet or for the host are missing."""
    manifest = read_manifest(root)
    if manifest.google is None:
        raise UsageError(
            f"{root / MANIFEST_NAME} names no Google Sheet.",
            "Add google: {spreadsheet: ID or address}. docs/google-sheets.md has the set-up.",
        )
    label = workbook_label(root, manifest, GOOGLE)
    desk = Desk(root, manifest, manifest.google.spreadsheet_id, label, "", pacer, pace_host)
    with desk.line("submit") as line:
        desk.repository = getattr(getattr(line.session.host, "api", None), "slug", "")
    return desk


class Desks:
    """All desks of a hub, by spreadsheet."""

    def __init__(self, desks: list[Desk]) -> None:
        self._desks = {desk.spreadsheet: desk for desk in desks}
        if len(self._desks) < len(desks):
            raise UsageError(
                "Two config roots name the same Google Sheet.", "A sheet belongs to one config: give each its own."
            )

    def __iter__(self) -> Iterator[Desk]:
        return iter(self._desks.values())

    def get(self, spreadsheet: str) -> Desk | None:
        return self._desks.get(spreadsheet)

    def of_repository(self, slug: str) -> list[Desk]:
        """Those whose pull requests are in this repository; GitHub's names know no case."""
        return [desk for desk in self if desk.repository.lower() == slug.lower()]


def _tell(text: str) -> None:
    logger.info("%s", text, extra={"event": "hub.google-wait"})
