"""A revision makes scores, cost, speed and quality worse: each alert is told, and resolved once it is taken back.

Prometheus and Alertmanager as Debian ships them, our rules, two services and a program that embeds the library.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import start_http_server

import mergecells
from acceptance.service_process import ServiceProcess, publish, rules, service
from acceptance.test_alerts_end_to_end import again, watched
from acceptance.test_serve_llm import KEY, prompts
from llm_stage import PRICES
from mergecells.adapters.metric_instruments import program_registry
from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics
from mergecells.apps.quality import QualityBook
from prometheus_stage import Prometheus, Receiver, until
from standins.llm import openai_api
from standins.llm.server import Asked, ModelServer, Reply, model_server

pytestmark = [pytest.mark.needs("prometheus", "prometheus-alertmanager"), pytest.mark.timeout(300)]

ALERTS = {
    "MergecellsTierShift": "of the leads are in another tier than the day before",
    "MergecellsLatency": "One score in a hundred takes longer than",
    "MergecellsLlmLatency": "One LLM call in twenty takes longer than",
    "MergecellsCacheHitRateLow": "of the answers come from the cache",
    "MergecellsCostAnomaly": "US dollars in an hour, three times what the day before cost an hour",
    "MergecellsQualityDrop": "Results of hook fell to",
}
GOOD, POOR = "Acme saved 40 hours.", "Various things, etc, and significantly more, etc."
HASTY = {"MergecellsLatency", "MergecellsLlmLatency"}
"""A busy machine may be as slow by itself for a moment."""
SLOW_SECONDS = 1.2
DEAR = b"=IF(SUM(MAP(SEQUENCE(4000),LAMBDA(x,x*x+years)))+SUM(MAP(SEQUENCE(4000),LAMBDA(x,x*x+years)))>0,0.5,0)"


@dataclasses.dataclass
class Callers:
    """What is asked of the services all the time; `worse` while the bad revision is live."""

    tiers: ServiceProcess
    points: ServiceProcess
    book: QualityBook
    llm: mergecells.Llm
    worse: bool = False
    count: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    def score(self) -> None:
        self.tiers.post("/v1/score/batch", json=[{"years": 10}] * 5)
        self.points.post("/v1/score", json={"years": 10})

    def complete(self) -> None:
        """A question that was asked before, three times a second; then one that never was."""
        if not self.worse:
            time.sleep(0.2)
        company = f"Acme {next(self.count)}" if self.worse else "Acme"
        self.tiers.post("/v1/prompts/hook/complete", json={"inputs": {"company": company}})

    def judge(self) -> None:
        """An answer that is made anew, and judged by the fixed rules."""
        inputs = {"company": "Acme"}
        self.book.evaluate(self.llm.call("hook", inputs, cache=False), inputs)


@contextlib.contextmanager
def embedding(config: Path, state: Path) -> Iterator[tuple[QualityBook, mergecells.Llm, str]]:
    """A program of somebody else's that calls and judges; (…, where Prometheus finds its metrics)."""
    registry = program_registry()
    metrics = PrometheusLlmMetrics(registry)
    server, _ = start_http_server(0, "127.0.0.1", registry)
    opened = mergecells.open(config)
    llm = mergecells.open_llm(opened, state_dir=state, metrics=metrics)
    book = mergecells.open_quality(opened, history_url=f"sqlite:///{state / 'history.sqlite3'}", metrics=metrics)
    try:
        yield book, llm, f"127.0.0.1:{server.server_port}"
    finally:
        book.close()
        llm.close()
        opened.close()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def at_once(work: Callable[[], object], threads: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(threads):
            stack.enter_context(again(work))
        yield


def publish_both(folder: Path, server: ModelServer, number: int, *, worse: bool) -> None:
    """The same revision for scores and prompts, dear in both, or not."""
    dear = PRICES.replace("input: 1.0", "input: 90000.0") if worse else PRICES
    more = prompts(server.url, word="Some" if worse else "One") | {"prompts/prices.yaml": dear.encode()}
    publish(folder / "tiers", number, 90 if worse else 50, more=more)
    slow = rules(50).replace(b"=IF(years=10,0.5,0)", DEAR)
    publish(folder / "points", number, 50, more={"scoring/rules.yaml": slow} if worse else None)


@pytest.fixture
def model() -> Iterator[tuple[ModelServer, threading.Event]]:
    """A provider, and what makes it slow and vague."""
    worse = threading.Event()

    def respond(asked: Asked) -> Reply:
        if worse.is_set():
            return dataclasses.replace(openai_api.answer(POOR), delay=SLOW_SECONDS)
        return openai_api.answer(GOOD)

    with model_server(respond) as server:
        yield server, worse


@pytest.fixture
def stage(
    tmp_path: Path, model: tuple[ModelServer, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Callers, Prometheus, Receiver]]:
    environ = {"ONE_KEY": KEY, "OTEL_SDK_DISABLED": "true", "MERGECELLS_LLM_CALLS_PER_MINUTE": "100000"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    publish_both(tmp_path, model[0], 1, worse=False)
    state = str(tmp_path / "state")
    with contextlib.ExitStack() as stack:
        tiers = stack.enter_context(service(tmp_path / "tiers", tmp_path / "log", MERGECELLS_STATE_DIR=state))
        points = stack.enter_context(service(tmp_path / "points", tmp_path / "log"))
        book, llm, address = stack.enter_context(embedding(tmp_path / "tiers/current", tmp_path / "embedding"))
        callers = Callers(tiers, points, book, llm)
        for first in (callers.score, callers.complete, callers.judge):
            first()
        server, told = stack.enter_context(watched(tmp_path, service=[tiers.url, points.url, address]))
        stack.enter_context(again(callers.score))
        stack.enter_context(again(callers.judge))
        stack.enter_context(at_once(callers.complete, 6))
        yield callers, server, told


def test_a_revision_that_makes_all_worse_is_told_until_it_is_taken_back(
    tmp_path: Path, model: tuple[ModelServer, threading.Event], stage: tuple[Callers, Prometheus, Receiver]
) -> None:
    """Leads change tier, a formula and a model are slow, nothing repeats, prices rise, answers get vague; nothing of
    that is told before, though there is no day before at first."""
    (server, worse), (callers, prometheus, told) = model, stage
    until(lambda: prometheus.query("mergecells:tier_share:1d_before"))
    until(lambda: prometheus.query("sum(increase(mergecells_quality_score_count[8s] offset 4s)) > 2"))
    for alert in ALERTS.keys() - HASTY:
        assert not told.has(alert, "firing")

    publish_both(tmp_path, server, 2, worse=True)
    worse.set()
    callers.worse = True
    for alert, words in ALERTS.items():
        fired = until(lambda alert=alert: told.has(alert, "firing", "team"), alert)
        assert words in fired["annotations"]["summary"]

    publish_both(tmp_path, server, 3, worse=False)
    worse.clear()
    callers.worse = False
    for alert in ALERTS:
        until(lambda alert=alert: told.has(alert, "resolved", "team"), alert)
