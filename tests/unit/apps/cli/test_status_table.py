"""What counts as running a revision, and how times are told."""

from __future__ import annotations

import datetime

import pytest

from mergecells.adapters.service_client import ServiceReport
from mergecells.apps.cli.status_table import ago, refused, render_status, runs

SHA = "0123456789abcdef0123456789abcdef01234567"
NOW = datetime.datetime(2026, 1, 2, 12, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("revision", "ready", "wanted", "expected"),
    [
        (SHA, True, SHA, True),
        (SHA, True, SHA[:7], True),
        (SHA, True, "f" * 40, False),
        (SHA, False, SHA, False),
        (None, True, SHA, False),
        (f"{SHA}-dirty-aa", True, SHA, False),
        (f"{SHA}-dirty-aa", True, SHA[:12], False),
        (f"{SHA}-dirty-aa", True, f"{SHA}-dirty-aa", True),
    ],
)
def test_runs_only_when_ready_and_the_very_revision(
    revision: str | None, ready: bool, wanted: str, expected: bool
) -> None:
    """An edited checkout does not run the commit that it started from."""
    assert runs(ServiceReport("http://x", ready=ready, revision=revision), wanted) is expected


@pytest.mark.parametrize(("status", "expected"), [("rejected", True), ("unreadable", False), ("ok", False)])
def test_refused_only_when_the_service_says_rejected(status: str, expected: bool) -> None:
    """What could not be read may still come: waiting goes on."""
    assert refused(ServiceReport("http://x", status=status, rejected={"revision": SHA}), SHA[:12]) is expected


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-01-02T11:59:30.000Z", "30 s ago"),
        ("2026-01-02T11:55:00Z", "5 min ago"),
        ("2026-01-02T06:00:00Z", "6 h ago"),
        ("2025-12-25T12:00:00Z", "8 d ago"),
        ("2026-01-02T12:00:05Z", "0 s ago"),
        ("2026-01-02T11:00:00", "2026-01-02T11:00:00"),
        ("soon\x1b[2J", "soon\\x1b[2J"),
        (None, "-"),
    ],
)
def test_ago_tells_a_time_in_one_unit(moment: str | None, told: str) -> None:
    """Clocks that differ and times that are none do no harm."""
    assert ago(moment, NOW) == told


def test_rejection_is_cut_and_stays_on_one_line() -> None:
    """A reason of many lines from a service does not break the table."""
    rejected = {"revision": SHA, "reason": "first\nsecond " * 200}
    report = ServiceReport("http://x", True, "a" * 40, None, "rejected", None, rejected)
    lines = render_status([report], NOW).splitlines()
    assert len(lines) == 3
    assert f"rejected {SHA[:12]}" in lines[1]
    assert lines[2].startswith("  first second")
    assert len(lines[2]) <= 302
