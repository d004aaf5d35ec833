"""What the service needs of the running config: a snapshot to pin, a report, a way to ask for a reload."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mergecells.transforms.score import Score


class PinnedSnapshot(Protocol):
    """An immutable config at one revision."""

    @property
    def revision(self) -> str: ...

    @property
    def field_names(self) -> frozenset[str] | None:
        """Lower-case names of the lead's fields; None when every name is taken."""
        ...

    def score(self, lead: Mapping[str, Any], date: datetime.date | None, vertical: str | None) -> Score: ...


class LiveConfig(Protocol):
    """The config that this process follows."""

    @property
    def snapshot(self) -> PinnedSnapshot | None:
        """What serves now; None until the first good load. One attribute read, no lock."""
        ...

    def report(self) -> dict[str, Any]:
        """The document of `GET /internal/config`."""
        ...

    def reload(self) -> None:
        """Look for a new config now, without waiting for an event or the timer. Returns at once."""
        ...
