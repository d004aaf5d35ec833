"""A submission's row as it changes: each step is kept when it begins, and the step before is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mergecells.adapters.sqlite_hub import HubStore, StoredSubmission
from mergecells.apps.submission_documents import now_text

_STATE_OF_STEP = {"reading": "reading", "comparing": "checking", "checking": "checking", "proposing": "proposing"}
_WORDS_OF_STEP = {
    "reading": "The sheet is being read.",
    "comparing": "The sheet is being compared with the branch.",
    "checking": "Everything is being checked.",
    "proposing": "The pull request is being written.",
    "noting": "The sheet is being told.",
}
_MOST_STEPS = 100

Changed = Callable[[StoredSubmission, StoredSubmission], None]
"""Told of each change of a state: the row before and after."""


class Ledger:
    """Every change of a row goes through here, one at a time: a worker and the watch may both know something new."""

    def __init__(self, store: HubStore, changed: Changed = lambda *_: None) -> None:
        self.store, self._changed = store, changed
        self._lock = threading.Lock()

    def change(self, submission: str, edit: Callable[[StoredSubmission], StoredSubmission]) -> StoredSubmission | None:
        """Apply `edit` to the newest row and keep the result; None when the submission is not known any more."""
        with self._lock:
            row = self.store.find(submission)
            if row is None:
                return None
            changed = edit(row)
            if changed != row:
                changed = replace(changed, updated_at=now_text())
                self.store.save(changed)
                if changed.state != row.state:
                    self._changed(row, changed)
            return changed

    def step(self, submission: str, name: str) -> None:
        """`name` begins now."""
        state, words = _STATE_OF_STEP.get(name), _WORDS_OF_STEP.get(name, "")
        self.change(submission, lambda row: with_step(row, name, state or row.state, done=False, message=words))


def with_step(row: StoredSubmission, name: str, state: str, *, done: bool, **facts: Any) -> StoredSubmission:
    """The row in `state`, with a step begun (or, `done`, reached) and everything before it done. A step that is there
    already stays where it is: attempts that are repeated are one step."""
    steps = [{**step, "done": True} for step in row.document.get("progress", [])]
    known = next((step for step in steps if step["step"] == name), None)
    if known is not None:
        known["done"] = done
    elif len(steps) < _MOST_STEPS:
        steps.append({"step": name, "at": now_text(), "done": done})
    return replace(row, state=state, document={**row.document, "progress": steps, **facts})
