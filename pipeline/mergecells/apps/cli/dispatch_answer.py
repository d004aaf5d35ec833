"""The answer to a submission that came by a `repository_dispatch`, in the words of the hub's answers (docs/hub.md, 5).

It lies in the spreadsheet's developer metadata, of which there may be 30,000 characters in all.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any, Final

from mergecells.apps.cli.dispatch_event import DispatchEvent
from mergecells.apps.submission_documents import Json, now_text, state_of, submission_facts
from mergecells.authoring.propose import Submission
from mergecells.authoring.submit import SubmitRequest, submit_workbook
from mergecells.domain.errors import MergecellsError
from mergecells.ports import PullRequestHost, WorkbookSource

ANSWER: Final = "answer"
MOST_CHARACTERS: Final = 8_000
_LISTS: Final = ("changes", "findings", "conflicts")
_LONGEST_MESSAGE: Final = 1_000


def submit_and_answer(
    asked: DispatchEvent, source: WorkbookSource, host: PullRequestHost, request: SubmitRequest
) -> Submission:
    """Submit, and leave the answer in the workbook, also that it failed. Raises MergecellsError, as submitting does."""
    request = replace(request, answer=lambda submission: {ANSWER: answer_of(asked, submission)})
    try:
        return submit_workbook(source, host, request)
    except MergecellsError as error:
        # What cannot be reached cannot be told; the run's log has the reason all the same.
        with contextlib.suppress(MergecellsError):
            told = failure_of(asked, f"{error.message} {error.hint}".strip())
            source.remember({**source.read().metadata, ANSWER: told})
        raise


def answer_of(asked: DispatchEvent, submission: Submission) -> str:
    """How it ended; what does not fit is counted, the pull request has all of it."""
    facts = submission_facts(submission)
    state, pull = state_of(submission), submission.pull
    proposal = pull.head_revision if pull and state == "proposed" else None
    return _dumped({**_about(asked, state), **facts, "proposal": proposal})


def failure_of(asked: DispatchEvent, message: str) -> str:
    """It ended by something outside."""
    return _dumped({**_about(asked, "failed"), "message": message[:_LONGEST_MESSAGE]})


def _about(asked: DispatchEvent, state: str) -> Json:
    at = now_text()
    return {
        "id": asked.nonce,
        "state": state,
        "settled": True,
        "final": state != "proposed",
        "author": str(asked.author),
        "title": asked.title,
        "progress": [{"step": state, "at": at, "done": True}],
        "pull_request": None,
        "updated_at": at,
    }


def _dumped(document: Json) -> str:
    """As text within the bounds: from the end of the longest list, one entry at a time, warnings before errors."""
    document["findings"] = sorted(document.get("findings", []), key=lambda each: each["severity"] != "error")
    left_out = 0
    while len(text := _text(document, left_out)) > MOST_CHARACTERS:
        longest = max(_LISTS, key=lambda name: len(_text(document.get(name, []), 0)))
        if not document.get(longest):
            return _text({**document, "message": document["message"][:200], "title": document["title"][:100]}, 0)
        document[longest] = document[longest][:-1]
        left_out += 1
    return text


def _text(value: Any, left_out: int) -> str:
    if left_out:
        value = {**value, "message": f"{value['message']} {left_out} more entries are not shown here."}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
