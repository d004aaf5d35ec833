"""Scoring: one lead against xlcalculator on the same formulas, a file of 9,240 real leads, and requests over HTTP.

Run: python tests/benchmarks/bench_score.py
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mergecells.adapters.leads_file import LeadRow, open_leads
from mergecells.apps.cli.loading import load_snapshot
from mergecells.formula import compile_formula, to_serial
from mergecells.serving.snapshot import Snapshot
from mergecells.transforms.formula_engines import Calculation
from mergecells.transforms.formula_results import Result, compute_results
from mergecells.transforms.formula_rewrite import rewrite_formula
from mergecells.transforms.formula_sites import collect_sites
from mergecells.transforms.locate import Locator, index_cells
from mergecells.transforms.rule_view import base_view

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "tests" / "examples" / "valid" / "x_education"
LEADS = Path(os.environ.get("MERGECELLS_LEADS") or REPOSITORY.parent / "shared" / "data" / "x-education-leads.csv")
REQUESTS = 3_000


def per_call(call: Callable[[], object], seconds: float = 1.0) -> float:
    """Median over rounds of the seconds that one call takes."""
    call()
    started, rounds = time.perf_counter(), []
    repeat = 1
    while time.perf_counter() - started < seconds:
        begun = time.perf_counter()
        for _ in range(repeat):
            call()
        spent = time.perf_counter() - begun
        rounds.append(spent / repeat)
        repeat = max(1, round(repeat * 0.02 / max(spent, 1e-9)))
    return statistics.median(rounds)


def shared_formulas(snapshot: Snapshot) -> list[tuple[Result, Calculation]]:
    """The formulas of the base rules, with the sample lead's inputs, that xlcalculator can run at all.

    Its answers are not compared here but in `check`, which also knows which of them count.
    """
    view = base_view(snapshot.config, Locator({}, index_cells({}), {}))
    results = compute_results(snapshot.config, collect_sites(view, snapshot.config.rules.fields))
    sample = [result for result in results if result.scenario.example is None and result.site.formula]
    pairs = [
        (result, rewrite_formula(result.site.formula, result.inputs, 46_000.0, plain=True))
        for result in sample
        if result.site.formula
    ]
    return [(result, asked) for result, asked in pairs if asked is not None and runs(asked)]


def runs(asked: Calculation) -> bool:
    try:
        peer([asked])()
    except Exception:  # noqa: BLE001 - the engine raises anything at all
        return False
    return True


def peer(calculations: list[Calculation]) -> Callable[[], object]:
    """All formulas evaluated once by xlcalculator; parsing them is not part of it, as it is not of ours."""
    from xlcalculator import Evaluator, ModelCompiler

    evaluators = []
    for asked in calculations:
        cells = {f"S!{address}": value for address, value in asked.cells}
        model = ModelCompiler().read_and_parse_dict({**cells, "S!XFD1": asked.formula}, default_sheet="S")
        evaluators.append(Evaluator(model))
    return lambda: [evaluator.evaluate("S!XFD1") for evaluator in evaluators]


def one_lead(snapshot: Snapshot) -> None:
    pairs = shared_formulas(snapshot)
    fields = snapshot.config.rules.fields
    assert fields
    sample = {name: field.sample for name, field in fields.fields.items()}
    serial = float(to_serial(pairs[0][0].scenario.date))
    compiled = [
        (compile_formula(result.site.formula), dict(result.inputs)) for result, _ in pairs if result.site.formula
    ]
    ours = per_call(lambda: [run(inputs, serial) for run, inputs in compiled])
    whole = per_call(lambda: snapshot.score(sample))
    theirs = per_call(peer([asked for _, asked in pairs]))
    print(f"  one lead, {len(pairs)} formulas that both run:")
    print(f"    xlcalculator            {theirs * 1e6:>10,.0f} µs")
    print(f"    the same, compiled      {ours * 1e6:>10,.1f} µs   {theirs / ours:,.0f} times faster (target 100)")
    formulas = len(collect_sites(base_view(snapshot.config, Locator({}, index_cells({}), {})), fields).sites)
    ratio = (theirs / len(pairs)) / (whole / formulas)
    print(f"    the whole score         {whole * 1e6:>10,.1f} µs   {formulas} formulas; {ratio:,.0f} times faster each")


def many_leads() -> None:
    if not LEADS.is_file():
        print(f"  9,240 leads: left out, there is no {LEADS.name} (set MERGECELLS_LEADS)")
        return
    snapshot = load_snapshot(EXAMPLE)
    begun = time.perf_counter()
    source = open_leads(LEADS, None, snapshot.config.rules.fields)
    with source.source:
        rows = [row for row in source if isinstance(row, LeadRow)]
    read = time.perf_counter() - begun
    begun = time.perf_counter()
    for row in rows:
        snapshot.score(row.lead)
    scored = time.perf_counter() - begun
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--config-root", str(EXAMPLE), "-q", "score", "--leads", str(LEADS), "--out", f"{folder}/out.csv"]
        subprocess.run([sys.executable, "-m", "mergecells", *arguments], check=True)
    command = time.perf_counter() - begun
    print(
        f"  {len(rows):,} leads: read {read:.2f} s, scored {scored:.2f} s ({scored / len(rows) * 1e6:,.0f} µs a lead),"
    )
    print(f"    `mergecells score` from start to end {command:.2f} s")


def over_http(snapshot: Snapshot) -> None:
    fields = snapshot.config.rules.fields
    assert fields
    body = json.dumps({name: field.sample for name, field in fields.fields.items()})
    arguments = ["serve", "--config", str(REPOSITORY), "--port", "0"]
    environ = {**os.environ, "MERGECELLS_LOG_LEVEL": "warning"}
    with (
        tempfile.TemporaryDirectory() as state,
        subprocess.Popen(
            [sys.executable, "-m", "mergecells", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={**environ, "MERGECELLS_STATE_DIR": state},
        ) as process,
    ):
        try:
            assert process.stdout
            address = urlsplit(process.stdout.readline().strip())
            floor, score = ask(address.netloc, "GET", "/healthz", None), ask(address.netloc, "POST", "/v1/score", body)
        finally:
            process.terminate()
    print(f"  HTTP, one connection, {REQUESTS:,} requests each:   p50        p99")
    print(f"    GET /healthz (the floor)     {milliseconds(floor, 0.5)} ms {milliseconds(floor, 0.99)} ms")
    print(f"    POST /v1/score               {milliseconds(score, 0.5)} ms {milliseconds(score, 0.99)} ms")


def ask(netloc: str, method: str, path: str, body: str | None) -> list[float]:
    """Seconds of each request on one kept connection, sorted."""
    connection = http.client.HTTPConnection(netloc)
    spent = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        spent.append(time.perf_counter() - begun)
        assert answer.status == 200
    connection.close()
    return sorted(spent)


def milliseconds(sorted_seconds: list[float], share: float) -> str:
    return f"{sorted_seconds[round(share * (len(sorted_seconds) - 1))] * 1000:>8.2f}"


def main() -> None:
    warnings.simplefilter("ignore")
    snapshot = load_snapshot(REPOSITORY)
    one_lead(snapshot)
    many_leads()
    over_http(snapshot)


if __name__ == "__main__":
    main()
