"""Compares each sheet with its branch every now and then, so that drift is seen by who looks at metrics."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from mergecells.apps.hub.desks import Desk, Desks
from mergecells.authoring.drift import find_drift
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import count_findings

logger = logging.getLogger("mergecells.hub")

_FIRST_SECONDS: Final = 1.0
"""Not at the very start: the engines warm up then."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`cells` by side: `behind`, `ahead`, `errors`. `at` is Unix time."""

    at: float
    cells: dict[str, int] = field(default_factory=dict)


class DriftLook:
    """One thread for all sheets. `seconds` between two looks; 0 never looks: a look reads the whole sheet."""

    def __init__(self, desks: Desks, seconds: float) -> None:
        self._desks, self._seconds = desks, seconds
        self._last: dict[str, Compared] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        if self._seconds > 0:
            threading.Thread(target=self._work, name="drift", daemon=True).start()

    def stop(self) -> None:
        """A look that runs is let go; it writes nothing."""
        self._stopping.set()

    def last(self, desk: Desk) -> Compared | None:
        """None until the first look that could be done."""
        return self._last.get(desk.spreadsheet)

    def _work(self) -> None:
        pause = min(_FIRST_SECONDS, self._seconds)
        while not self._stopping.wait(pause):
            pause = self._seconds
            for desk in self._desks:
                self._look(desk)

    def _look(self, desk: Desk) -> None:
        try:
            with desk.line("drift") as line:
                found = find_drift(desk.sheet(line), line.session.host, desk.branch)
        except MergecellsError as error:
            logger.warning("drift is not known: %s", error, extra={"event": "hub.drift", "sheet": desk.spreadsheet})
        except Exception:  # a defect must not end the looks
            logger.exception("drift is not known", extra={"event": "hub.failure"})
        else:
            errors = count_findings(found.findings)["error"]
            cells = {"behind": len(found.behind), "ahead": len(found.ahead), "errors": errors}
            self._last[desk.spreadsheet] = Compared(time.time(), cells)
