"""One trace from the submitted cell to the first score, across git: real processes, a receiver that decodes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from acceptance.service_process import publish, service, sha, until
from acceptance.stage import ADA, BOB, Stage, make_stage
from mergecells.domain.loop_trace import read_trailer, split_traceparent
from standins.otlp import OtlpReceiver, attributes, otlp_receiver

STEPS = ["reading", "comparing", "checking", "proposing", "noting"]


def mergecells(stage: Stage, receiver: OtlpReceiver, *arguments: object) -> None:
    """One command line in a process of its own, which sends its spans before it ends."""
    subprocess.run(
        [sys.executable, "-m", "mergecells", "--config-root", str(stage.root), *map(str, arguments)],
        check=True,
        capture_output=True,
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base},
    )


def test_a_change_is_one_trace_from_the_cell_to_the_first_score(tmp_path: Path) -> None:
    """Submission with its steps, review, publication, the swap and the first score: each in another process, tied by
    what the commit carries."""
    stage = make_stage(tmp_path, small=True)
    stage.edit({"Tiers!B2": 82})
    with otlp_receiver() as receiver:
        mergecells(stage, receiver, "submit", "--author", ADA)
        mergecells(stage, receiver, "pulls", "approve", "1", "--by", BOB)
        mergecells(stage, receiver, "pulls", "merge", "1", "--by", BOB)
        live = tmp_path / "live"
        mergecells(stage, receiver, "follow", stage.bare, live, "--once")
        with service(live, tmp_path / "log", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.base) as running:
            for _ in range(2):
                assert running.post("/v1/score", json={}).status_code == 200
            trace_now = running.report()["trace_id"]
            table = stage.run("status", "--service", running.url)
            running.stop()
        wanted = {"submission", *STEPS, "review", "publish", "live", "first score"}
        until(lambda: wanted <= {span.name for span in receiver.spans})
        spans = [span for span in receiver.spans if span.name in wanted]
    head = stage.host.head("main")
    carried = split_traceparent(read_trailer(stage.git("-C", str(stage.bare), "log", "-1", "--format=%B", "main^2")))
    assert carried is not None
    trace, root = carried
    assert trace_now == trace
    assert table.messages.splitlines()[-1] == f"{head[:12]} is live on 1 of 1 service (trace {trace})."
    assert {span.trace_id.hex() for span in spans} == {trace}
    (submission,) = [span for span in spans if span.name == "submission"]
    assert (submission.span_id.hex(), submission.parent_span_id) == (root, b"")
    assert {span.parent_span_id.hex() for span in spans if span is not submission} == {root}
    assert [span.name for span in spans].count("first score") == 1
    late = [span for span in spans if span.name in {"publish", "live", "first score"}]
    assert {attributes(span)["mergecells.revision"] for span in late} == {head}
    starts = {span.name: span.start_time_unix_nano for span in spans}
    assert starts["submission"] <= starts["reading"] <= starts["proposing"] <= starts["publish"] <= starts["live"]


def test_services_without_a_trace_or_a_backend_run_as_before(tmp_path: Path) -> None:
    """A published tree of another publisher has none."""
    stage = make_stage(tmp_path, small=True)
    assert stage.run("follow", stage.bare, tmp_path / "live", "--once").status == 0
    assert not list((tmp_path / "live").rglob("traceparent"))
    with service(tmp_path / "live", tmp_path / "log") as running:
        assert running.post("/v1/score", json={}).status_code == 200


def test_a_service_that_refuses_a_revision_shows_in_the_trace_of_the_change(tmp_path: Path) -> None:
    """Its step `live` failed, with the reason and the service; `status` and the service name the trace to look at."""
    context = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    publish(tmp_path / "live", 1, 50)
    with otlp_receiver() as receiver, service(
        tmp_path / "live", tmp_path / "log", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.base
    ) as running:  # fmt: skip
        beside = {"manifest.json": b"{}", "bundle.jsonl": b"", "traceparent": f"{context}\n".encode()}
        publish(tmp_path / "live", 2, 50, broken=True, sealed=beside)
        rejected = until(lambda: running.report()["rejected"])
        running.stop()
        (span,) = receiver.wait_for_spans(1)
    assert rejected["trace_id"] == span.trace_id.hex() == context.split("-")[1]
    assert (span.name, span.status.code, span.status.message) == ("live", 2, rejected["reason"])
    shown = attributes(span)
    assert shown["mergecells.revision"] == sha(2)
    assert shown["mergecells.instance"].endswith(f"/{running.process.pid}")
