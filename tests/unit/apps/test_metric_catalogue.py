"""The catalogue of metrics is what programs export: nothing more, nothing less, and no label outside its bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import CollectorRegistry

from fakes.llm_turns import sample_turn
from mergecells.adapters.metric_catalogue import EVENTS, METRICS, OUTCOMES
from mergecells.adapters.metric_instruments import Instruments, exposition, program_registry
from mergecells.adapters.prometheus_history import HistoryMetrics
from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics
from mergecells.adapters.prometheus_metrics import PrometheusMetrics
from mergecells.apps.follow_metrics import FollowMetrics
from mergecells.apps.hub.metrics import HubMetrics
from mergecells.apps.hub.webhooks import EVENTS as HUB_EVENTS
from mergecells.apps.service.request_metrics import RequestMetrics
from mergecells.domain.history import LogCounts
from mergecells.domain.llm import CallContext, ErrorKind

ELSEWHERE = {name for name in METRICS if name.startswith(("hub_release_", "hub_sheet_"))}
"""Exported by a collector that needs a whole hub: tests/acceptance/test_dashboards.py scrapes one."""


def everything() -> CollectorRegistry:
    registry = program_registry()
    PrometheusMetrics(registry)
    PrometheusLlmMetrics(registry)
    FollowMetrics(registry)
    HistoryMetrics(LogCounts, registry)
    HubMetrics(registry, "mergecells")
    RequestMetrics(registry, "mergecells")
    return registry


def test_catalogue_names_exactly_what_programs_register() -> None:
    """A metric beside the catalogue would be on no page; one that nobody builds would be a dead panel."""
    families = {family.name: family for family in everything().collect() if family.name.startswith("mergecells_")}
    named = {name.removesuffix("_info") if name == "build_info" else name for name in METRICS}
    assert {name.removeprefix("mergecells_") for name in families} == named - ELSEWHERE
    assert {family.name for family in families.values() if not family.documentation.strip()} == set()


def test_catalogue_closed_labels_are_those_of_the_code() -> None:
    """What bounds a label is stated where it is decided, and repeated here for readers."""
    assert set(OUTCOMES) == {"ok", *get_args(ErrorKind)}
    assert set(EVENTS) == {*HUB_EVENTS, "ping", "other"}


def test_instrument_of_another_kind_is_refused() -> None:
    """A counter that is built as a gauge would be exported under a name that no query has."""
    with pytest.raises(ValueError, match="scores is a counter"):
        Instruments(CollectorRegistry()).gauge("scores")


def test_counters_of_known_values_start_at_nothing() -> None:
    """Prometheus sees no increase in a series that appears with 1: the first refusal would be on no panel."""
    registry = everything()
    for name, labels in (
        ("hub_submissions", {"state": "refused"}),
        ("hub_pull_requests", {"event": "opened"}),
        ("follow_steps", {"result": "rejected"}),
        ("config_reload", {"config_type": "scoring", "status": "failure"}),
    ):
        assert registry.get_sample_value(f"mergecells_{name}_total", labels) == 0
    assert registry.get_sample_value("mergecells_hub_submission_duration_seconds_count", {"until": "live"}) == 0


def test_exposition_shows_exemplars_to_who_accepts_openmetrics() -> None:
    """The trace of the last slow call is one click away; plain text, which cannot carry it, stays plain."""
    registry = program_registry()
    trace = "ab" * 16
    PrometheusLlmMetrics(registry).turn_finished(sample_turn(context=CallContext(trace_id=trace)))
    content, content_type = exposition(registry, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert content_type.startswith("application/openmetrics-text")
    assert f'# {{trace_id="{trace}"}} 0.5' in content.decode()
    assert "_created" not in content.decode()
    content, content_type = exposition(registry, "text/plain")
    assert content_type.startswith("text/plain")
    assert trace not in content.decode()


def test_metrics_of_several_processes_combine(tmp_path: Path) -> None:
    """A pre-forking server: counts add up, of requests too; the worst reload wins, a revision that is gone says 0."""
    worker = """
import sys
from mergecells.adapters.metric_instruments import Instruments
from mergecells.adapters.prometheus_metrics import PrometheusMetrics
metrics = PrometheusMetrics()
metrics.revision_live("old", 1.0)
metrics.revision_live("new", float(sys.argv[1]))
metrics.reload_finished("scoring", sys.argv[2], 0.1)
Instruments().busy_counter("scores").labels("A").inc()
Instruments().busy_histogram("http_request_duration_seconds").labels("/v1/score").observe(0.002, {"trace_id": "a" * 32})
"""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for given in (["5", "success"], ["7", "failure"]):
        subprocess.run([sys.executable, "-c", worker, *given], env=environ, check=True, capture_output=True)
    reader = """
from prometheus_client import CollectorRegistry, generate_latest, multiprocess
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(generate_latest(registry).decode())
"""
    done = subprocess.run([sys.executable, "-c", reader], env=environ, check=True, capture_output=True, text=True)
    lines = set(done.stdout.splitlines())
    assert 'mergecells_config_reload_total{config_type="scoring",status="success"} 1.0' in lines
    assert 'mergecells_config_reload_total{config_type="scoring",status="failure"} 1.0' in lines
    assert "mergecells_config_last_reload_successful 0.0" in lines
    assert "mergecells_config_last_reload_success_timestamp_seconds 7.0" in lines
    assert 'mergecells_config_info{revision="new"} 1.0' in lines
    assert 'mergecells_config_info{revision="old"} 0.0' in lines
    assert 'mergecells_scores_total{tier="A"} 2.0' in lines
    assert 'mergecells_http_request_duration_seconds_bucket{le="0.0025",route="/v1/score"} 2.0' in lines
