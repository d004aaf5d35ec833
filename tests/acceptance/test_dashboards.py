"""Every query of every dashboard and alert finds what it asks for in a Prometheus that scrapes running programs."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.boards import BOARDS
from dashboards.model import LIVE, RATE, Query
from dashboards.page import Prometheus as Source
from dashboards.page import page
from dashboards.read import read_boards
from postgres_stage import Postgres
from prometheus_stage import PATIENCE, RULES, Prometheus, until
from promql import selectors
from runbook_stage import PROMPT, Demo, demo
from standins.github_webhooks import payload
from standins.google.faults import Fault

TRACE = "ab" * 16
WRITE = "sheets.spreadsheets.batchUpdate"
CALLER = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
# On a busy machine much of it is waiting for others.
pytestmark = [
    pytest.mark.needs("prometheus", "prometheus-alertmanager", "postgres", "redis-server"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres) -> Iterator[Demo]:
    with demo(tmp_path, monkeypatch, postgres, alerts=True) as made:
        made.hub.url = made.programs["hub"].url
        yield made


def test_dashboards_and_alerts_ask_for_what_running_programs_export(running: Demo, tmp_path: Path) -> None:
    """After a day's work in small: every query answers, every selector finds series, every value it names occurs; and
    that sheet and branch differ is told until they do not."""
    first = running.head
    until(
        lambda: running.prometheus.query(f'mergecells_config_info{{revision="{first}"}} == 1'), "for the first revision"
    )
    second = _a_days_work(running)
    _calls_of_all_kinds(running)
    _wait_for_everything(running.prometheus)

    now = time.time()
    marks = running.prometheus.get("query_range", query=LIVE, start=now - 600, end=now, step=1)["result"]
    assert {first, second} <= {mark["metric"]["revision"] for mark in marks}
    for metric in ("mergecells_prompt_duration_seconds_bucket", "mergecells_http_request_duration_seconds_bucket"):
        found = running.prometheus.get("query_exemplars", query=metric, start=now - 600, end=now)
        assert TRACE in {each["labels"]["trace_id"] for series in found for each in series["exemplars"]}

    source = Source(running.prometheus.url, now - 120, now, "5s")
    for board in read_boards():
        shown = page(source, [board])
        assert "no data" not in shown, board.name
        (tmp_path / f"{board.name}.html").write_text(shown)  # to look at
    _sheet_and_branch_agree_again(running)


def _a_days_work(made: Demo) -> str:
    """Refused, submitted, updated, merged, live; then an edit that is not submitted. The revision that went live."""
    hub = made.hub
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
    until(made.live)
    until(lambda: not made.fires("MergecellsSheetDrift") and not made.fires("MergecellsSheetBehind"))
    assert not made.told.has("MergecellsSheetBehind", "firing")
    hub.edit("Tiers", (2, 2), 84)
    until(lambda: made.told.has("MergecellsSheetDrift", "firing", "team"), "for the sheet that is ahead")
    return merged


def _sheet_and_branch_agree_again(made: Demo) -> None:
    """The edit is undone; a commit by hand is brought into the sheet, which for a while nobody may write to."""
    made.hub.edit("Tiers", (2, 2), 83)
    until(lambda: made.told.has("MergecellsSheetDrift", "resolved", "team"), "for the sheet that was ahead")
    # Else the hub brings it into the sheet before anybody sees that it is behind.
    faults = made.hub.google.standin.faults
    faults.add(Fault("status", WRITE, 403, "PERMISSION_DENIED", "The caller does not have permission"), times=1_000)
    made.push("C: {min: 40", "C: {min: 41")
    until(lambda: made.told.has("MergecellsSheetBehind", "firing", "team"), "for the sheet that is behind")
    faults.clear()
    filled = made.hub.checkout.run("fill", "--workbook", "google", "--merged", "--apply")
    assert filled.status == 0, filled
    until(lambda: made.told.has("MergecellsSheetBehind", "resolved", "team"), "for the sheet that was behind")


def _calls_of_all_kinds(made: Demo) -> None:
    """What providers do wrong, one after the other; a stream, a conversation, scores of an answer."""

    def call(**more: Any) -> Any:
        body = {"inputs": {"topic": uuid.uuid4().hex}, "persona": "sales", "workflow": "outreach", **more}
        return made.post(PROMPT, body, **CALLER)

    good = call().json()
    for _ in range(2):
        call(inputs={"topic": "the same"})
    call(stream=True)
    for passed in (True, False):
        scores = {"completeness": 0.9, "clarity": 0.7, "testability": 0.5, "traceability": 0.4}
        scored = made.post(
            "/v1/quality", {"call_id": good["call_id"], "validation_passed": passed, "judge": "ada", **scores}
        )
        assert scored.status_code == 201, scored.text
    for status in (401, 404, 429, 500):
        made.provider.failing = status
        call()
    made.provider.failing = 0
    made.provider.finish = "length"
    call()
    made.provider.finish = "stop"
    made.second.delay = 1.5
    made.post("/v1/threads/t/messages", {"message": "Calculate 15 percent of 240.", "stream": False})
    made.second.delay = 0.0
    made.provider.cut = True
    call()
    made.provider.cut = False
    made.provider.failing = 503
    for _ in range(6):
        call()
    made.provider.failing = 0


NEVER = {"mergecells_prompt_cost_unknown_total"}
"""What a checked config cannot bring about: `price.missing` refuses a model without a price."""

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
            for query in (query for query in panel.queries if not any(name in query.expr for name in NEVER)):
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
        if selector.name not in {"up", *NEVER}:  # that none is down, or there at all, is what its rules hope for
            wanted |= {str(selector), *(f'{selector.name}{{{label}=~"{value}"}}' for label, value in selector.wanted())}
    for each in sorted(wanted):
        yield partial(_selector_lacks, each)


def _selector_lacks(selector: str, server: Prometheus) -> str:
    return "" if server.query(f"count({selector})") else f"no series for {selector}"
