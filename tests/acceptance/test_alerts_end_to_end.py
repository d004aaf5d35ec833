"""A fault is brought about, its alert fires and is delivered, the fault is mended, and the alert is told as resolved:
Prometheus and Alertmanager as they are shipped with Debian, the rules and routes as we ship them, real programs."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import start_http_server

import loopback
from acceptance.service_process import ServiceProcess, publish, service, start
from mergecells.adapters.metric_instruments import program_registry
from mergecells.adapters.prometheus_history import HistoryMetrics
from mergecells.adapters.prometheus_llm import PrometheusLlmMetrics
from mergecells.domain.history import LogCounts
from mergecells.domain.llm import Attempt, BudgetState
from prometheus_stage import Prometheus, Receiver, alertmanager, free_port, prometheus, receiver, until
from standins.git_place import commit, git_place

# On a busy machine much of it is waiting for others.
pytestmark = [pytest.mark.needs("prometheus", "prometheus-alertmanager"), pytest.mark.timeout(300)]


@contextlib.contextmanager
def watched(folder: Path, **jobs: list[str]) -> Iterator[tuple[Prometheus, Receiver]]:
    """Prometheus scrapes `mergecells-JOB`, `absent` once it is there; the receiver gets what Alertmanager tells."""
    targets = {f"mergecells-{job}": places for job, places in jobs.items()}
    there = {job for job in targets if not job.endswith("-absent")}
    with (
        receiver() as told,
        alertmanager(folder, told) as manager,
        prometheus(folder / "prometheus", targets, manager) as server,
    ):
        until(lambda: there <= server.up(), "for targets")
        yield server, told


@contextlib.contextmanager
def again(work: Callable[[], object]) -> Iterator[None]:
    """`work` in a thread, ten times a second, until the block ends."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(0.1):
            work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def host(running: ServiceProcess) -> str:
    return running.url.removeprefix("http://")


def test_faults_of_services_are_told_and_resolved(tmp_path: Path) -> None:
    """Two revisions side by side, a revision that cannot be loaded, a service that is gone and comes back."""
    for name in ("a", "b"):
        publish(tmp_path / name, 1, 50)
    port = str(free_port())
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(service(tmp_path / "a/current", tmp_path / "a.log"))
        second = stack.enter_context(service(tmp_path / "b/current", tmp_path / "b.log", "--port", port))
        _, told = stack.enter_context(watched(tmp_path, service=[first.url, second.url]))
        until(lambda: told.has("MergecellsWatchdog", "firing", "watchdog"))
        assert not told.has("MergecellsRevisionsDiffer", "firing")

        publish(tmp_path / "a", 2, 60)
        differ = until(lambda: told.has("MergecellsRevisionsDiffer", "firing", "team"))
        assert differ["annotations"]["summary"] == "Services of mergecells-service run 2 different revisions"
        assert differ["annotations"]["runbook_url"] == "https://example.org/runbooks/revisions-differ.md"
        assert "runbooks" not in differ["labels"]

        publish(tmp_path / "b", 3, 60, broken=True)
        until(lambda: told.has("MergecellsReloadFailing", "firing", "team", instance=host(second)))
        publish(tmp_path / "b", 2, 60)
        until(lambda: told.has("MergecellsReloadFailing", "resolved", "team", instance=host(second)))
        until(lambda: told.has("MergecellsRevisionsDiffer", "resolved", "team"))
        assert not told.has("MergecellsReloadFailing", "firing", instance=host(first))

        second.stop()
        until(lambda: told.has("MergecellsServiceDown", "firing", "on-call", instance=host(second)))
        stack.enter_context(service(tmp_path / "b/current", tmp_path / "b.log", "--port", port))
        until(lambda: told.has("MergecellsServiceDown", "resolved", "on-call", instance=host(second)))


def test_failing_requests_are_told_until_they_succeed(tmp_path: Path) -> None:
    """A service without a good config answers 503; that Prometheus asks it as well is no success."""
    (tmp_path / "live").mkdir()
    with (
        service(tmp_path / "live/current", tmp_path / "log") as running,
        watched(tmp_path, service=[running.url]) as (_, told),
        loopback.Client() as client,
        again(lambda: client.post(f"{running.url}/v1/score", json={"years": 10})),
    ):
        failing = until(lambda: told.has("MergecellsErrorRate", "firing", "on-call"))
        assert failing["annotations"]["summary"] == "100% of the requests to mergecells-service fail"
        publish(tmp_path / "live", 1, 50)
        until(lambda: told.has("MergecellsErrorRate", "resolved", "on-call"))


def test_faults_of_the_branch_are_told_and_resolved(tmp_path: Path) -> None:
    """A head that fails its checks, a published revision that nobody runs, a repository that cannot be reached."""
    repository, folder, log = git_place(tmp_path / "repository"), tmp_path / "live", tmp_path / "follow.log"
    good = (repository / "scoring/rules.yaml").read_text()
    follower = start(["follow", str(repository), str(folder), "--interval", "0.2", "--metrics-port", "0"], log)
    try:
        address = until(lambda: logged(log, "follow.metrics"))["address"].removesuffix("/metrics")
        port = str(free_port())
        with watched(tmp_path, follow=[address], absent=[f"127.0.0.1:{port}"]) as (_, told):
            until(lambda: told.has("MergecellsRevisionNotLive", "firing", "on-call"))
            with service(folder / "current", tmp_path / "log", "--port", port):
                until(lambda: told.has("MergecellsRevisionNotLive", "resolved", "on-call"))

            (repository / "scoring/rules.yaml").write_text(good.replace("min: 65", "min: 30"))
            commit(repository, "tiers out of order")
            until(lambda: told.has("MergecellsCheckFailingOnMain", "firing", "on-call"))
            shutil.move(repository, tmp_path / "away")
            until(lambda: told.has("MergecellsFollowerStale", "firing", "on-call"))
            shutil.move(tmp_path / "away", repository)
            until(lambda: told.has("MergecellsFollowerStale", "resolved", "on-call"))
            (repository / "scoring/rules.yaml").write_text(good)
            commit(repository, "in order again")
            until(lambda: told.has("MergecellsCheckFailingOnMain", "resolved", "on-call"))
    finally:
        follower.kill()
        follower.wait()
        if follower.stdout:
            follower.stdout.close()


def test_faults_of_llm_calls_are_told_and_resolved(tmp_path: Path) -> None:
    """A provider that fails, a budget that is spent and begins anew, a history that loses records."""
    registry, counts = program_registry(), [LogCounts()]
    metrics = PrometheusLlmMetrics(registry)
    HistoryMetrics(lambda: counts[0], registry)
    server, _ = start_http_server(0, "127.0.0.1", registry)
    outcome = ["overloaded"]

    def call() -> None:
        metrics.attempt_finished(Attempt("openai", "gpt", "ok", 200, seconds=0.1))
        metrics.attempt_finished(Attempt("openai", "gpt", outcome[0], seconds=0.1))  # type: ignore[arg-type]
        dropped = counts[0].dropped + (outcome[0] != "ok")
        counts[0] = LogCounts(written=counts[0].written + 1, dropped=dropped)

    def spent(dollars: float) -> None:
        metrics.budgets_seen([BudgetState("day:2026-11-27", 30, 50, spent=dollars)])

    try:
        with watched(tmp_path, service=[f"127.0.0.1:{server.server_port}"]) as (_, told), again(call):
            spent(35)
            until(lambda: told.has("MergecellsProviderErrors", "firing", "team", provider="openai"))
            until(lambda: told.has("MergecellsTelemetryFailing", "firing", "team", result="dropped"))
            warned = until(lambda: told.has("MergecellsBudgetWarn", "firing", "team", budget="day"))
            assert warned["annotations"]["summary"] == "The budget day is past its warning: 35.00 US dollars"
            spent(50)
            until(lambda: told.has("MergecellsBudgetHalt", "firing", "on-call", budget="day"))
            outcome[0] = "ok"
            spent(0)
            until(lambda: told.has("MergecellsBudgetHalt", "resolved", "on-call", budget="day"))
            until(lambda: told.has("MergecellsProviderErrors", "resolved", "team", provider="openai"))
            until(lambda: told.has("MergecellsTelemetryFailing", "resolved", "team", result="dropped"))
    finally:
        server.shutdown()
        server.server_close()


def logged(log: Path, event: str) -> dict[str, str] | None:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return next((line for line in lines if line["event"] == event), None)
