"""Sends a write: one atomic batch, or, where it is too large for one, several that can be taken up again. Never twice,
and never reported as done before it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from mergecells.adapters.google_errors import AmbiguousWriteError
from mergecells.adapters.google_http import PatientClient, RefusedRequestError
from mergecells.adapters.google_metadata import metadata_requests, write_marker
from mergecells.adapters.google_patch import WritePlan
from mergecells.adapters.google_state import METADATA_FIELDS, WRITE_KEY, GoogleState
from mergecells.domain.errors import MergecellsError, WorkbookChangedError
from mergecells.domain.workbook import WRITING

Json = dict[str, Any]
MOST_BYTES = 1_900_000
"""Google advises at most 2 MB for a request."""

_ATTEMPTS = 5


class Sending:
    """Writes to one spreadsheet."""

    def __init__(self, client: PatientClient, spreadsheet: str, most_bytes: int = MOST_BYTES) -> None:
        self._client, self._spreadsheet, self._most = client, spreadsheet, most_bytes

    def send(self, state: GoogleState, requests: list[Json]) -> None:
        """One batch; all of it or nothing. `state` learns of the write. Raises MergecellsError; WorkbookChangedError
        when another program wrote since `state` was read."""
        token = uuid.uuid4().hex
        number, claim = write_marker(state.writes, token)
        body = {"requests": [*claim, *requests]}
        unsure: MergecellsError | None = None
        for _ in range(_ATTEMPTS):
            try:
                self._client.batch_update(self._spreadsheet, body)
            except AmbiguousWriteError as error:
                unsure = error
                if self._claimed(number) == token:
                    break
                continue
            except MergecellsError as error:
                self._explain_refusal(error, number, token, unsure)
            break
        else:
            raise MergecellsError(
                f"The write did not get through: {unsure}", "The spreadsheet is as it was. Try again later."
            )
        state.writes.append(number)

    def send_plan(self, state: GoogleState, plan: WritePlan) -> int:
        """All of a plan; returns in how many requests. In several, the first leaves a note of what is under way, and
        the base revision and the end of that note come with the last."""
        whole = [*plan.structure, *plan.cells, *plan.last]
        if _size(whole) <= self._most:
            self.send(state, [*whole, *metadata_requests(state, {WRITING: None})])
            return 1
        parts = list(self._parts([*plan.structure, *plan.cells]))
        note = {WRITING: "create" if plan.creates else "fill"}
        for number, part in enumerate(parts, start=1):
            opening = list(metadata_requests(state, note)) if number == 1 else []
            closing = plan.last if number == len(parts) else []
            try:
                self.send(state, [*opening, *part, *closing, *self._end_note(number == len(parts))])
            except MergecellsError as error:
                if number == 1:
                    raise
                raise MergecellsError(
                    f"The write stopped after {number - 1} of {len(parts)} parts: {error.message}",
                    "What is there is not complete, and is marked so. Run `mergecells fill --workbook google --apply` "
                    "again: it goes on from there.",
                ) from error
        return len(parts)

    def _end_note(self, last: bool) -> list[Json]:
        key = {"metadataKey": f"mergecells.{WRITING}"}
        return [{"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": key}}}] if last else []

    def _parts(self, requests: list[Json]) -> Iterator[list[Json]]:
        part: list[Json] = []
        size = 0
        for request in requests:
            own = _size(request)
            if part and size + own > self._most:
                yield part
                part, size = [], 0
            part.append(request)
            size += own
        yield part

    def _explain_refusal(self, error: MergecellsError, number: int, token: str, unsure: MergecellsError | None) -> None:
        """Returns when the refusal means that an earlier try was carried out after all."""
        refused = error.__cause__
        if not isinstance(refused, RefusedRequestError) or refused.status != 400:
            raise error
        claimed = self._claimed(number)
        if unsure is not None and claimed == token:
            return
        if claimed is not None and claimed != token:
            raise WorkbookChangedError(
                f"Another mergecells command wrote to {self._client.name} at the same moment; nothing was written.",
                "Run this again.",
            ) from None
        raise error

    def _claimed(self, number: int) -> str | None:
        """Who has the write of this number; None when nobody has."""
        answer = self._client.spreadsheets_get(self._spreadsheet, {"fields": METADATA_FIELDS})
        held = (each for each in answer.get("developerMetadata", ()) if each.get("metadataKey") == WRITE_KEY)
        return next((each.get("metadataValue", "") for each in held if each["metadataId"] == number), None)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
