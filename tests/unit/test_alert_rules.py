"""The alert rules ask for what is exported, say what to do, and each is tried with its fault and without it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mergecells.adapters.metric_catalogue import METRICS
from promql import selectors

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "deploy" / "prometheus"
TESTS = ("rules_test.yml", "rules_day_test.yml")
SERIES = {f"mergecells_{series}": metric for metric in METRICS.values() for series in metric.series()}


def rules() -> list[dict[str, Any]]:
    document = yaml.load((FOLDER / "rules.yml").read_bytes(), yaml.CSafeLoader)
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = [rule for rule in rules() if "alert" in rule]


def tried() -> Iterator[tuple[str, bool]]:
    """Each alert of the unit tests, and whether it is expected to fire."""
    for name in TESTS:
        for case in yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))["tests"]:
            for test in case["promql_expr_test"]:
                alert = re.search(r'alertname="(\w+)"', test["expr"])
                assert alert, test
                yield alert[1], bool(test["exp_samples"])


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_rule_asks_for_metrics_and_label_values_that_exist(rule: dict[str, Any]) -> None:
    """By the catalogue, which is what programs export: a rule on another name could never fire."""
    recorded = {each["record"] for each in rules() if "record" in each}
    for selector in selectors(rule["expr"]):
        if selector.name.startswith(("up", "prometheus_", "process_")) or selector.name in recorded:
            continue
        assert selector.name in SERIES, selector
        for label, value in selector.wanted():
            bound = SERIES[selector.name].labels.get(label)
            assert bound is not None, f"{selector}: no label {label}"
            assert isinstance(bound, str) or value in bound, f"{selector}: {label} is never {value}"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_says_how_bad_what_and_what_to_do(rule: dict[str, Any]) -> None:
    """Severity, summary, description, and a runbook that exists and names the alert."""
    assert rule["labels"]["severity"] in {"critical", "warning", "info", "none"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    page = rule["annotations"]["runbook_url"].removeprefix("{{ $externalLabels.runbooks }}/")
    text = (REPOSITORY / "docs" / "runbooks" / page).read_text(encoding="utf-8")
    assert f"`{rule['alert']}`" in text
    assert {"## What it means", "## How to see it", "## How to end it"} <= set(text.splitlines())
    listed = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8")
    assert f"[{rule['alert']}](runbooks/{page})" in listed


def test_every_alert_is_tried_with_its_fault_and_without_it() -> None:
    """Only the dead man's switch has no quiet state."""
    names = {rule["alert"] for rule in ALERTS}
    assert {name for name, fires in tried() if fires} == names
    assert {name for name, fires in tried() if not fires} == names - {"MergecellsWatchdog"}


@pytest.mark.needs("promtool", "amtool")
def test_configurations_are_valid(tmp_path: Path) -> None:
    """Of Prometheus, with the rules, and of Alertmanager."""
    for name in ("prometheus.yml", "rules.yml"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "hub-fleet-token").write_text("token")
    for command in (
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")],
        ["amtool", "check-config", str(FOLDER / "alertmanager.yml")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("name", TESTS)
def test_alerts_fire_on_their_fault_and_not_without_it(name: str) -> None:
    """promtool's unit tests of every rule."""
    done = subprocess.run(
        ["promtool", "test", "rules", str(FOLDER / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
