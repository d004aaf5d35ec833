"""The reload metrics of the contract, as a scrape shows them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import mergecells
from fakes.config_samples import bad_files, sample_files, wait_for, write_files
from mergecells.adapters.prometheus_metrics import NAMESPACE_VARIABLE, PrometheusMetrics


def test_metrics_follow_a_good_and_a_bad_reload(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Counts by status, the last result, the time of the last success, and one revision at a time; a log line each."""
    registry = CollectorRegistry()
    write_files(tmp_path / "config", sample_files("one"))
    caplog.set_level(logging.INFO, "mergecells")

    def told() -> list[tuple[str, str]]:
        records = [record for record in caplog.records if record.name == "mergecells"]
        return [(getattr(record, "event", ""), getattr(record, "status", "")) for record in records]

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"mergecells_{name}", labels)

    with mergecells.open(
        tmp_path / "config", metrics=PrometheusMetrics(registry), state_dir=None, poll=0.02, quiet=0.02
    ) as config:
        first = config.current.revision
        assert value("config_reload_total", config_type="scoring", status="success") == 1
        assert value("config_info", revision=first) == 1
        assert value("config_last_reload_successful") == 1
        succeeded = value("config_last_reload_success_timestamp_seconds")
        write_files(tmp_path / "config", bad_files())
        wait_for(lambda: config.status.status == "rejected")
        wait_for(lambda: value("config_last_reload_successful") == 0)
        assert value("config_reload_total", config_type="scoring", status="failure") == 1
        assert value("config_last_reload_success_timestamp_seconds") == succeeded
        write_files(tmp_path / "config", sample_files("two"))
        wait_for(lambda: value("config_last_reload_successful") == 1)
        wait_for(lambda: value("config_info", revision=config.current.revision) == 1)
        wait_for(lambda: len(told()) == 3)  # The log line is the last of it.
        assert value("config_info", revision=first) is None
        assert value("config_reload_duration_seconds_count", config_type="scoring") == 3
    assert told() == [("config.start", "success"), ("config.reload", "failure"), ("config.reload", "success")]
    failure = caplog.records[-2]
    assert vars(failure)["serving_revision"] == first
    assert vars(failure)["duration_ms"] > 0


def test_metrics_take_their_namespace_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs on one Prometheus can be told apart."""
    monkeypatch.setenv(NAMESPACE_VARIABLE, "leads")
    registry = CollectorRegistry()
    PrometheusMetrics(registry).revision_live("abc", 1.0)
    assert registry.get_sample_value("leads_config_info", {"revision": "abc"}) == 1
