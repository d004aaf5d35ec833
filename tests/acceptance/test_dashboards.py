"""Every query of every dashboard and alert finds what it asks for in a Prometheus that scrapes running programs."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from prometheus_client import start_http_server

from acceptance.service_process import ServiceProcess, service, start
from acceptance.test_alerts_end_to_end import again, logged
from dashboards.boards import BOARDS
from dashboards.model import LIVE, RATE, Query
from dashboards.page import Prometheus as Source
from dashboards.page import page
from fakes.llm_turns import REVISION, sample_turn
from hub_stage import FLEET, HubStage, hub_stage
from mergecells.adapters.metric_instruments import program_registry
from mergecells.adapters.prometheus_history import HistoryMetrics
from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics
from mergecells.domain.history import LogCounts
from mergecells.domain.llm import Attempt, BudgetState, CallContext, Outcome, QualityRecord, Usage
from prometheus_stage import PATIENCE, RULES, Prometheus, free_port, prometheus, until
from promql import selectors
from standins.github_webhooks import payload

TRACE = "ab" * 16
# On a busy machine much of it is waiting for others.
pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(300)]


@dataclass
class Running:
    """Everything that an operator has."""

    hub: HubStage
    service: ServiceProcess
    prometheus: Prometheus


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A hub, a follower of its repository and a service of the follower's folder; calls of models are fed."""
    port, live, log = free_port(), tmp_path / "live", tmp_path / "follow.log"
    live.mkdir()
    with contextlib.ExitStack() as stack:
        manifest = f"services: ['http://127.0.0.1:{port}']\n"
        hub = stack.enter_context(hub_stage(tmp_path, monkeypatch, manifest))
        serving = stack.enter_context(service(live / "current", tmp_path / "service.log", "--port", str(port)))
        assert serving.post("/v1/score", json={"years": 1}).status_code == 503
        arguments = ["follow", str(hub.github.store.folder), str(live), "--interval", "0.2", "--metrics-port", "0"]
        follower = start(arguments, log)
        stack.callback(_end, follower)
        stack.enter_context(hub.running(MERGECELLS_HUB_DRIFT_SECONDS="1", MERGECELLS_HUB_POLL_SECONDS="0.5"))
        targets = {
            "mergecells-hub": [hub.url],
            "mergecells-follow": [until(lambda: logged(log, "follow.metrics"))["address"].removesuffix("/metrics")],
            "mergecells-service": [serving.url, stack.enter_context(_fed_calls())],
        }
        server = stack.enter_context(prometheus(tmp_path / "prometheus", targets, token=FLEET))
        until(lambda: set(targets) <= server.up(), "for targets")
        stack.enter_context(again(lambda: _score(serving)))
        yield Running(hub, serving, server)


def test_dashboards_and_alerts_ask_for_what_running_programs_export(running: Running, tmp_path: Path) -> None:
    """After a day's work in small: every query answers, every selector finds series, every value it names occurs."""
    first = until(lambda: running.service.report()["revision"])
    second = _a_days_work(running)
    _wait_for_everything(running.prometheus)

    now = time.time()
    marks = running.prometheus.get("query_range", query=LIVE, start=now - 600, end=now, step=1)["result"]
    assert {first, second} <= {mark["metric"]["revision"] for mark in marks}

    exemplars = running.prometheus.get(
        "query_exemplars", query="mergecells_prompt_duration_seconds_bucket", start=now - 600, end=now
    )
    assert {each["labels"]["trace_id"] for found in exemplars for each in found["exemplars"]} == {TRACE}
    assert running.prometheus.get(
        "query_exemplars", query="mergecells_http_request_duration_seconds_bucket", start=now - 600, end=now
    )

    shown = page(Source(running.prometheus.url, now - 120, now, "5s"))
    assert "no data" not in shown
    assert second[:12] in shown
    (tmp_path / "overview.html").write_text(shown)  # to look at


def _a_days_work(running: Running) -> str:
    """Refused, submitted, updated, merged, live; then an edit that is not submitted. The revision that went live."""
    hub = running.hub
    ada = hub.add_on()
    hub.edit("Tiers", (2, 2), 10)
    refused = ada.settle(ada.submit()["id"])
    assert refused["state"] == "refused"
    for value in (82, 83):
        hub.edit("Tiers", (2, 2), value)
        proposed = ada.settle(ada.submit()["id"])
        assert proposed["state"] == "proposed"
    merged = hub.merge(1)
    assert hub.deliver("pull_request", payload("pull_request$closed")).status_code == 202
    ada.wait_for(proposed["id"], "live")
    until(lambda: running.service.runs(merged))
    hub.edit("Tiers", (2, 2), 84)
    return merged


Check = Callable[[Prometheus], str]
"""What is missing, or an empty text."""


def _wait_for_everything(server: Prometheus) -> None:
    """Fails with what is never found. A rate needs two scrapes."""
    end, left = time.monotonic() + PATIENCE, [*_panel_checks(), *_selector_checks()]
    while missing := {check: told for check in left if (told := check(server))}:
        assert time.monotonic() < end, list(missing.values())
        left = list(missing)
        time.sleep(0.5)


def _panel_checks() -> Iterator[Check]:
    """Each query answers, with the labels of its legend."""
    for board in BOARDS:
        for panel in board.panels:
            for query in panel.queries:
                yield partial(_panel_lacks, f"{board.name}, {panel.title}", query)


def _panel_lacks(place: str, query: Query, server: Prometheus) -> str:
    found = server.query(query.expr.replace(RATE, "5s"))
    if not found:
        return f"{place}: nothing for {query.expr}"
    wanted = set(re.findall(r"\{\{(\w+)\}\}", query.legend))
    lacking = [wanted - each["metric"].keys() for each in found if not wanted <= each["metric"].keys()]
    return f"{place}: no label {lacking[0]}" if lacking else ""


def _selector_checks() -> Iterator[Check]:
    """Each selector of a panel or a rule finds series, and each value that it names occurs."""
    rules = yaml.safe_load(RULES.read_text())
    texts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    texts += [query.expr for board in BOARDS for panel in board.panels for query in panel.queries]
    wanted: set[str] = set()
    for selector in (selector for text in texts for selector in selectors(text)):
        if selector.name != "up":  # that none is down, or there at all, is what its rules hope for
            wanted |= {str(selector), *(f'{selector.name}{{{label}=~"{value}"}}' for label, value in selector.wanted())}
    for each in sorted(wanted):
        yield partial(_selector_lacks, each)


def _selector_lacks(selector: str, server: Prometheus) -> str:
    return "" if server.query(f"count({selector})") else f"no series for {selector}"


def _score(running: ServiceProcess) -> None:
    """Leads of several tiers, one with a value that does not fit."""
    leads: list[dict[str, Any]] = [{}, {"years": 12, "employees": 240}, {"years": "many"}]
    running.post("/v1/score/batch", json=leads)
    running.post("/v1/score", json=leads[1])


@contextlib.contextmanager
def _fed_calls() -> Iterator[str]:
    """The adapter that the client of models feeds, fed with every outcome; its address."""
    registry = program_registry()
    HistoryMetrics(lambda: LogCounts(written=9, dropped=1, failures=1), registry)
    metrics = PrometheusLlmMetrics(registry)
    for outcome in _outcomes():
        metrics.attempt_finished(Attempt("openai", "gpt", outcome, seconds=0.1))
        metrics.turn_finished(sample_turn(outcome=outcome, context=_context(), first_token_seconds=0.1, fallback=True))
    usage = Usage(100, 40, None, truncated=True)
    metrics.turn_finished(sample_turn(usage=usage, cost_source="unknown", context=_context()))
    metrics.turn_finished(sample_turn(cached=True, saved_cost=0.1, context=_context()))
    for result in ("hit", "miss", "shared", "bypass"):
        metrics.cache_asked(result)
    budgets = [BudgetState("day:2026-11-27", 30, 50, spent=35), BudgetState("persona:sales", 3, 5, spent=1)]
    metrics.budgets_seen(budgets)
    metrics.breaker_changed("openai", "half_open")
    for passed in (True, False):
        metrics.quality_recorded(QualityRecord(1.0, REVISION, "hook", "ab" * 32, 0.8, 0.7, 0.6, 0.5, 0.4, passed))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _outcomes() -> list[Any]:
    return [value for part in get_args(Outcome) for value in get_args(part)]


def _context() -> CallContext:
    return CallContext(persona="sales", workflow="outreach", trace_id=TRACE)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()
