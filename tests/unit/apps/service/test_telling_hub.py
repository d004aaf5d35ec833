"""When a service speaks to its hub, and what it says; a clock and a hub of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mergecells.apps.service.settings import HubToTell, read_hub, read_settings
from mergecells.apps.service.telling_hub import AGAIN_SECONDS, HubTeller, message_of
from mergecells.domain.errors import UsageError

A, B = "a" * 40, "b" * 40
TOKEN = {"MERGECELLS_HUB_ACK_TOKEN": "ack-0123456789abcdef0123456789abcdef"}
LOADED = "2026-11-27T10:00:00.000Z"


def report(revision: str | None = A, status: str = "ok", **more: Any) -> dict[str, Any]:
    about = {"loaded_at": LOADED if revision else None, "rejected": None, "unpublished": None}
    return {"revision": revision, "status": status, **about, **more}


@dataclass
class Stage:
    """`answers`: what the hub says to each message, in order, the last for good."""

    report: dict[str, Any] = field(default_factory=report)
    answers: list[str] = field(default_factory=lambda: [""])
    now: float = 0.0
    sent: list[dict[str, str]] = field(default_factory=list)

    def teller(self) -> HubTeller:
        hub = HubToTell("https://hub.example.com", "secret", "leads@host:8800")
        return HubTeller(hub, lambda: self.report, lambda: "1AbC", self.send, lambda: self.now)

    def send(self, url: str, token: str, message: Mapping[str, str], seconds: float) -> str:
        assert (url, token) == ("https://hub.example.com", "secret")
        assert seconds <= 5
        self.sent.append(dict(message))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_teller_says_what_is_new_at_once_and_the_rest_once_a_minute() -> None:
    """Looking a hundred times sends one message; a swap is told in the same look."""
    stage = Stage()
    teller = stage.teller()
    for _ in range(100):
        teller.look()
    assert [each["revision"] for each in stage.sent] == [A]
    assert stage.sent[0]["spreadsheet"] == "1AbC"
    stage.report = report(B)
    teller.look()
    assert [each["revision"] for each in stage.sent] == [A, B]
    stage.now += AGAIN_SECONDS
    teller.look()
    assert len(stage.sent) == 3


def test_teller_waits_longer_and_longer_for_a_hub_that_is_away_and_then_says_the_newest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two minutes of looks at a dead hub are a handful of tries; what is told after is what holds then; the log has one
    line for the loss and one for the return."""
    caplog.set_level("INFO", "mergecells.service")
    stage = Stage(answers=["cannot be reached: refused"])
    teller = stage.teller()
    for step in range(480):
        stage.now = step / 4
        stage.report = report(B if step > 100 else A)
        teller.look()
    assert 4 <= len(stage.sent) <= 10
    stage.answers, stage.now = [""], 1000.0
    teller.look()
    assert stage.sent[-1]["revision"] == B
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "the hub https://hub.example.com cannot be reached: refused",
        "the hub https://hub.example.com is told what this service runs",
    ]


REFUSED = {"revision": B, "reason": "tier A\n cannot be reached"}
STATES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "runs": (report(), {"status": "ok", "revision": A, "loaded_at": LOADED}),
    "edited by hand": (report(f"{A}-dirty-0123"), {"status": "ok", "revision": f"{A}-dirty-0123", "loaded_at": LOADED}),
    "refused a newer one": (
        report(status="rejected", rejected=REFUSED),
        {"status": "rejected", "revision": B, "runs": A, "reason": "tier A cannot be reached", "loaded_at": LOADED},
    ),
    "follow refused a newer one": (
        report(unpublished=REFUSED),
        {"status": "rejected", "revision": B, "runs": A, "reason": "tier A cannot be reached", "loaded_at": LOADED},
    ),
    "the newest cannot be read": (
        report(status="unreadable", rejected={"revision": None, "reason": "no such file"}),
        {"status": "ok", "revision": A, "reason": "no such file", "loaded_at": LOADED},
    ),
    "nothing yet": (
        report(None, "not-ready", rejected={"revision": None, "reason": "there are no rules"}),
        {"status": "not-ready", "reason": "there are no rules"},
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_message_tells_what_runs_and_what_was_refused(state: str) -> None:
    """Each state of `/internal/config`; what is not known is left out."""
    given, told = STATES[state]
    assert message_of("leads", given) == {"service": "leads", **told}


@pytest.mark.parametrize(
    ("url", "name", "environ", "words"),
    [
        ("http://hub.example.com", "", TOKEN, "is not https"),
        ("ftp://hub.example.com", "", TOKEN, "is not the address of a service"),
        ("https://hub.example.com?x=1", "", TOKEN, "more than the address of a hub"),
        ("https://hub.example.com", "", {}, "MERGECELLS_HUB_ACK_TOKEN is not set"),
        ("https://hub.example.com", "", {"MERGECELLS_HUB_ACK_TOKEN": "t\u00f6ken" * 9}, "not of plain characters"),
        ("https://hub.example.com", "two words", TOKEN, "is no name at a hub"),
        ("", "leads", TOKEN, "of no use without a hub"),
    ],
)
def test_hub_that_could_not_be_told_safely_is_refused(url: str, name: str, environ: dict[str, str], words: str) -> None:
    """Before the service starts, and never with the token in the message."""
    with pytest.raises(UsageError, match=words) as refused:
        read_hub(url, name, environ)
    assert TOKEN["MERGECELLS_HUB_ACK_TOKEN"] not in str(refused.value)


def test_hub_of_the_command_line_comes_before_that_of_the_environment() -> None:
    """And an empty one switches it off."""
    environ = {**TOKEN, "MERGECELLS_HUB_URL": "https://hub.example.com/"}
    assert read_settings(environ).hub == HubToTell("https://hub.example.com", TOKEN["MERGECELLS_HUB_ACK_TOKEN"])
    there = read_settings(environ, hub="http://127.0.0.1:8900").hub
    assert there is not None
    assert there.url == "http://127.0.0.1:8900"
    assert read_settings(environ, hub="").hub is None
    assert TOKEN["MERGECELLS_HUB_ACK_TOKEN"] not in repr(read_settings(environ))
