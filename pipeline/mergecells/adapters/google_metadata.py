"""What a spreadsheet remembers, as developer metadata that each project with access may read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.adapters.google_state import KEY_PREFIX, WRITE_KEY, GoogleState

Json = dict[str, Any]
_FIRST_WRITE = 730_000_000
_KEPT_WRITES = 10


def metadata_requests(state: GoogleState, wanted: Mapping[str, str | None]) -> Iterator[Json]:
    """Set what differs; None removes."""
    for key, value in wanted.items():
        present = state.metadata.get(key)
        if value is None:
            if present:
                yield {"deleteDeveloperMetadata": {"dataFilter": _by_id(present[0])}}
        elif present is None:
            yield _create({"metadataKey": KEY_PREFIX + key, "metadataValue": value})
        elif present[1] != value:
            body = {"dataFilters": [_by_id(present[0])], "developerMetadata": {"metadataValue": value}}
            yield {"updateDeveloperMetadata": {**body, "fields": "metadataValue"}}


def write_marker(writes: list[int], token: str) -> tuple[int, list[Json]]:
    """The id of the next write and the requests that claim it.

    An id is given once: of two programs that read the same state only one can claim it, and a request that arrives
    twice is carried out once. Older ones are kept for a while, for a program that has slept.
    """
    number = max(writes, default=_FIRST_WRITE) + 1
    claim = _create({"metadataId": number, "metadataKey": WRITE_KEY, "metadataValue": token})
    old = sorted(writes)[:-_KEPT_WRITES] if len(writes) > _KEPT_WRITES else []
    return number, [claim, *({"deleteDeveloperMetadata": {"dataFilter": _by_id(each)}} for each in old)]


def _create(about: Json) -> Json:
    whole = {**about, "location": {"spreadsheet": True}, "visibility": "DOCUMENT"}
    return {"createDeveloperMetadata": {"developerMetadata": whole}}


def _by_id(number: int) -> Json:
    return {"developerMetadataLookup": {"metadataId": number}}
