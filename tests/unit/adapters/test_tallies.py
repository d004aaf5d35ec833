"""Numbers that every request moves: a scrape shows them as it would show prometheus_client's own instruments."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import prometheus_client.metrics
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from mergecells.adapters import metric_instruments, tallies
from mergecells.adapters.metric_catalogue import METRICS
from mergecells.adapters.metric_instruments import Instruments, exemplar, exposition

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
AMOUNTS = st.one_of(st.sampled_from(METRICS["http_request_duration_seconds"].buckets), st.floats(0, 1e6))
OBSERVED = st.lists(
    st.tuples(st.sampled_from(["/v1/score", 'a "quoted" one']), AMOUNTS, st.sampled_from(["", "a" * 32]))
)


@pytest.fixture(autouse=True, scope="module")
def _same_moment() -> Iterator[None]:
    """An exemplar says when; and our programs export no `_created` (`program_registry`)."""
    clock = SimpleNamespace(time=lambda: 1_800_000_000.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tallies, "time", clock)
        patch.setattr(prometheus_client.metrics, "time", clock)
        patch.setattr(prometheus_client.metrics, "_use_created", False)
        yield


def told(busy: bool, observed: list[tuple[str, float, str]], accept: str) -> bytes:
    registry = CollectorRegistry()
    made = Instruments(registry, "mergecells")
    counter, histogram = (made.busy_counter, made.busy_histogram) if busy else (made.counter, made.histogram)
    requests, seconds = counter("http_requests"), histogram("http_request_duration_seconds")
    issues, scores = counter("score_issues"), histogram("score_points")
    for route, amount, trace in observed:
        requests.labels("POST", route, "200").inc()
        seconds.labels(route).observe(amount, exemplar(trace))
        issues.inc(2)
        scores.observe(amount)
    return exposition(registry, accept)[0]


@given(OBSERVED, st.sampled_from([OPENMETRICS, "text/plain"]))
def test_scrape_of_tallies_is_that_of_the_library(observed: list[tuple[str, float, str]], accept: str) -> None:
    """To the byte, in both formats: series, buckets, sums, exemplars, and what has no series yet."""
    assert told(True, observed, accept) == told(False, observed, accept)


def test_counter_with_listed_labels_begins_at_nought() -> None:
    """Prometheus sees no increase in a series that begins with its first event."""
    registry = CollectorRegistry()
    name = next(
        name for name, metric in METRICS.items() if metric.kind == "counter" and metric_instruments._known(metric)
    )
    Instruments(registry, "mergecells").busy_counter(name)
    lines = [line for line in exposition(registry, "text/plain")[0].decode().splitlines() if not line.startswith("#")]
    assert len(lines) == len(metric_instruments._known(METRICS[name]))
    assert all(line.endswith(" 0.0") for line in lines)


def test_tallies_lose_nothing_between_threads() -> None:
    """Batches are counted in threads, while the event loop counts too."""
    registry = CollectorRegistry()
    made = Instruments(registry, "mergecells")
    scores, points = made.busy_counter("scores"), made.busy_histogram("score_points")

    def count(_: int) -> None:
        for _ in range(500):
            scores.labels("A").inc()
            points.observe(50.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    assert registry.get_sample_value("mergecells_scores_total", {"tier": "A"}) == 4000
    assert registry.get_sample_value("mergecells_score_points_count") == 4000
    assert registry.get_sample_value("mergecells_score_points_sum") == 200_000


def test_metric_of_the_same_name_twice_is_refused() -> None:
    """As the library refuses it: two would tell two truths."""
    registry = CollectorRegistry()
    Instruments(registry, "mergecells").busy_counter("scores")
    with pytest.raises(ValueError, match="Duplicated"):
        Instruments(registry, "mergecells").busy_counter("scores")


def test_tally_of_a_trace_keeps_the_newest_of_each_bucket() -> None:
    """One exemplar a bucket is what OpenMetrics has room for."""
    tally = tallies.SpreadTally((1.0, 2.0))
    for amount, trace in ((0.5, "first"), (0.7, "second"), (1.5, "other"), (0.6, "")):
        tally.observe(amount, exemplar(trace))
    buckets, total = tally.read()
    assert [seen.labels["trace_id"] if seen else None for _, _, seen in buckets] == ["second", "other", None]
    assert total == pytest.approx(3.3)
