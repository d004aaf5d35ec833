"""A history of calls that also remembers the newest of them: scores of a call may come before it is written."""

from __future__ import annotations

import threading
from collections import OrderedDict

from mergecells.domain.llm import QualityRecord, Turn
from mergecells.ports import TurnLog

MOST_TURNS = 2_000


class RecentTurns:
    """Implements `ports.TurnLog` in front of another."""

    def __init__(self, log: TurnLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._turns: OrderedDict[str, Turn] = OrderedDict()

    def find(self, call_id: str) -> Turn | None:
        with self._lock:
            return self._turns.get(call_id)

    def record_turn(self, turn: Turn) -> None:
        with self._lock:
            self._turns[turn.call_id] = turn
            while len(self._turns) > MOST_TURNS:
                self._turns.popitem(last=False)
        self._log.record_turn(turn)

    def record_quality(self, quality: QualityRecord) -> None:
        self._log.record_quality(quality)

    def close(self) -> None:
        self._log.close()
