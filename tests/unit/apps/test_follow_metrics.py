"""What a follower tells of its steps."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

import loopback
from mergecells.apps.follow_metrics import FollowMetrics, serve_metrics
from mergecells.domain.errors import MergecellsError
from mergecells.serving.follow import FollowStep
from mergecells.serving.rejections import RejectedRevision

GOOD, BAD = "a" * 40, "b" * 40


class _Seen:
    def __init__(self) -> None:
        self.now = 1000.0
        self.registry = CollectorRegistry()
        self.metrics = FollowMetrics(self.registry, now=lambda: self.now)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"mergecells_follow_{name}", labels)


def test_follower_that_publishes_has_no_lag() -> None:
    """One revision has a series, with the time of its publishing; the former one's ends."""
    seen = _Seen()
    seen.metrics.stepped(FollowStep("published", BAD, BAD))
    seen.now = 1010.0
    seen.metrics.stepped(FollowStep("published", GOOD, GOOD, seconds=0.2))
    assert seen.value("revision_published_timestamp_seconds", revision=GOOD) == 1010.0
    assert seen.value("revision_published_timestamp_seconds", revision=BAD) is None
    assert seen.value("last_success_timestamp_seconds") == 1010.0
    assert (seen.value("lag_seconds"), seen.value("head_refused")) == (0, 0)


def test_follower_lags_from_the_first_refusal_until_the_head_is_good() -> None:
    """A head that stays refused is not counted anew by each look, and its age grows between looks too."""
    seen = _Seen()
    rejected = RejectedRevision(revision=BAD, at="2026-11-27T10:00:00Z", reason="no", findings=())
    seen.metrics.stepped(FollowStep("rejected", GOOD, BAD, (rejected,)))
    seen.now = 1030.0
    seen.metrics.stepped(FollowStep("unchanged", GOOD, BAD))
    seen.now = 1040.0
    assert (seen.value("lag_seconds"), seen.value("head_refused")) == (40, 1)
    assert seen.value("rejected_revisions_total") == 1
    seen.metrics.stepped(FollowStep("published", BAD, BAD))
    assert (seen.value("lag_seconds"), seen.value("head_refused")) == (0, 0)


def test_follower_that_cannot_look_grows_stale() -> None:
    """Each failure is counted; the time of the last look stays."""
    seen = _Seen()
    seen.metrics.stepped(FollowStep("unchanged", GOOD, GOOD))
    seen.now = 2000.0
    seen.metrics.failed()
    seen.metrics.failed()
    assert seen.value("steps_total", result="failed") == 2
    assert seen.value("last_success_timestamp_seconds") == 1000.0


def test_metrics_port_in_use_is_told() -> None:
    """The address and what to do next, no traceback."""
    _, address = serve_metrics("127.0.0.1", 0)
    assert "mergecells_follow_lag_seconds 0.0" in loopback.get(address).text
    port = int(address.rpartition(":")[2].partition("/")[0])
    with pytest.raises(MergecellsError, match=f"127.0.0.1:{port}.*in use"):
        serve_metrics("127.0.0.1", port)
