"""A Google Sheet as a WorkbookSource."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.adapters.google_http import PatientClient
from mergecells.adapters.google_marks import mark_requests, without_marks
from mergecells.adapters.google_metadata import metadata_requests
from mergecells.adapters.google_patch import plan_write
from mergecells.adapters.google_send import MOST_BYTES, Sending
from mergecells.adapters.google_state import (
    ENTERED_FIELDS,
    FIELDS,
    METADATA_FIELDS,
    GoogleState,
    find_edits,
    read_metadata,
    read_state,
)
from mergecells.domain.errors import WorkbookChangedError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Workbook
from mergecells.domain.workbook_layout import WorkbookLayout

ADDRESS = "https://docs.google.com/spreadsheets/d/{}/edit"
_SHOWN = 5


class GoogleSheet:
    """One spreadsheet. A read is one request; a write looks whether anybody edited since that read, and is one atomic
    request, so what a person types meanwhile is never overwritten by what was read before."""

    def __init__(self, client: PatientClient, spreadsheet: str, most_bytes: int = MOST_BYTES) -> None:
        self.spreadsheet = spreadsheet
        self._client = client
        self._sending = Sending(client, spreadsheet, most_bytes)
        self._title = spreadsheet
        self._state: GoogleState | None = None
        self._unread = self._stale = self._unmarked = False

    @property
    def address(self) -> str:
        return ADDRESS.format(self.spreadsheet)

    def describe(self) -> str:
        """The sheet's title once it was read, before that its id."""
        return self._title

    def exists(self) -> bool:
        """Whether anything is in it; the read that tells is also the next `read`."""
        state = self._load()
        self._unread = True
        return not state.is_new

    def read(self) -> Workbook:
        """Everything in one request, one moment. Raises WorkbookUnreadableError, MergecellsError."""
        state = self._state if self._state and self._unread else self._load()
        self._unread = False
        return state.workbook

    def write(self, layout: WorkbookLayout) -> None:
        """Bring the spreadsheet to `layout`; nothing is sent when it is there already. Raises WorkbookChangedError when
        somebody edited it since it was read, MergecellsError; the spreadsheet is then as it was."""
        state = self._fresh()
        plan = plan_write(without_marks(state), layout)
        if not plan.creates:
            plan.structure[:0] = mark_requests(state, {})
        if not plan.is_empty:
            self._sending.send_plan(state, plan)
            self._state = None
        self._unmarked = True

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Colour the cells and put a note on each; what an earlier call marked is cleared."""
        if self._unmarked and not marks:
            return
        state = self._state or self._load()
        if mark_requests(state, marks):
            state = self._fresh()
            self._sending.send(state, mark_requests(state, marks))
            self._stale = True
        self._unmarked = not marks

    def remember(self, metadata: Mapping[str, str]) -> None:
        """Replace the metadata. Raises WorkbookChangedError when another command did since this one read it."""
        state = self._state or self._load()
        answer = self._client.spreadsheets_get(self.spreadsheet, {"fields": METADATA_FIELDS})
        present, writes = read_metadata(answer)
        if present != state.metadata:
            self._state = None
            raise WorkbookChangedError(
                f"Another mergecells command changed what {self._title} remembers.", "Run this again."
            )
        state.writes = writes
        gone = dict.fromkeys(key for key in present if key not in metadata)
        requests = list(metadata_requests(state, {**gone, **metadata}))
        if requests:
            self._sending.send(state, requests)
            self._state = None

    def read_metadata(self) -> dict[str, str]:
        """What the spreadsheet remembers, without its cells: a small request."""
        answer = self._client.spreadsheets_get(self.spreadsheet, {"fields": METADATA_FIELDS})
        return {key: value for key, (_, value) in read_metadata(answer)[0].items()}

    def _load(self) -> GoogleState:
        state = read_state(self._client.spreadsheets_get(self.spreadsheet, {"fields": FIELDS}))
        self._title = self._client.name = state.workbook.source
        self._state, self._stale, self._unmarked = state, False, False
        return state

    def _fresh(self) -> GoogleState:
        """The state that was read, which still holds: a second look has found nothing edited."""
        if self._state is None:
            return self._load()
        answer = self._client.spreadsheets_get(self.spreadsheet, {"fields": ENTERED_FIELDS})
        edits = find_edits(self._state, answer)
        if edits:
            self._state = None
            more = f" and {len(edits) - _SHOWN} more" if len(edits) > _SHOWN else ""
            raise WorkbookChangedError(
                f"{self._title} was edited in the meantime: {', '.join(edits[:_SHOWN])}{more}. Nothing was written.",
                "Run this again.",
            )
        return self._load() if self._stale else self._state
