"""What remembering a call costs its caller and the writer's thread, and how long a report of many calls takes.

    python tests/benchmarks/bench_history.py

The peer of the same run is the same row inserted with the sqlite3 module alone, one transaction for each batch: what a
history without a schema of its own, retries and sums would do.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.llm_samples import turn
from mergecells.adapters.sql_history import SqlHistory, SqlTurnLog
from mergecells.adapters.sql_history_rows import turn_row
from mergecells.adapters.sql_history_synthetic import write_synthetic
from mergecells.transforms.call_tally import last_days
from mergecells.transforms.cost_report import report_costs
from mergecells.transforms.synthetic_history import synthetic_history

CALLS = 10_000
REPORTED = 100_000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_writing(folder)
        measure_report(folder)


def measure_writing(folder: Path) -> None:
    """The caller's microseconds, and processor time of all threads for each call."""
    turns = [turn(f"call-{number}", context={"run_id": f"run-{number // 6}"}) for number in range(CALLS)]
    log = SqlTurnLog(f"sqlite:///{folder / 'history.sqlite3'}", capacity=2 * CALLS, close_seconds=120)
    log.record_turn(turn("first"))
    while not log.counts().written:
        time.sleep(0.01)
    took = []
    started, processor = time.perf_counter(), time.process_time()
    for each in turns:
        before = time.perf_counter_ns()
        log.record_turn(each)
        took.append(time.perf_counter_ns() - before)
    while log.counts().waiting:
        time.sleep(0.01)
    seconds, worked = time.perf_counter() - started, time.process_time() - processor
    log.close()
    took.sort()
    peer = _peer(folder, [tuple(turn_row(each).values()) for each in turns])
    half, most = took[len(took) // 2] / 1e3, took[int(len(took) * 0.99)] / 1e3
    print(f"record_turn: p50 {half:.1f} us, p99 {most:.1f} us for the caller")
    print(f"writer: {CALLS / seconds:,.0f} calls/s, {worked / CALLS * 1e6:,.0f} us of processor time a call")
    print(
        f"sqlite3 alone, ready rows, no sums, no attempts: {CALLS / peer:,.0f} rows/s ({seconds / peer:.1f}x quicker)"
    )


def _peer(folder: Path, rows: list[tuple[object, ...]]) -> float:
    base = sqlite3.connect(folder / "peer.sqlite3", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=NORMAL")
    columns = len(rows[0])
    base.execute(f"CREATE TABLE turns ({', '.join(f'c{n}' for n in range(columns))}, PRIMARY KEY (c0))")
    started = time.perf_counter()
    for start in range(0, len(rows), 500):
        base.execute("BEGIN IMMEDIATE")
        base.executemany(f"INSERT INTO turns VALUES ({', '.join('?' * columns)})", rows[start : start + 500])
        base.execute("COMMIT")
    return time.perf_counter() - started


def measure_report(folder: Path) -> None:
    """A report by prompt over a hundred thousand calls."""
    url = f"sqlite:///{folder / 'many.sqlite3'}"
    write_synthetic(url, synthetic_history(time.time(), 28, REPORTED // 28, seed=1))
    history, period = SqlHistory(url), last_days(time.time(), 28)
    started = time.perf_counter()
    rows = sum(1 for _ in history.turns(period.before.since, period.until))
    reading = time.perf_counter() - started
    started = time.perf_counter()
    report = report_costs(history.turns(period.before.since, period.until), period, "prompt")
    whole = time.perf_counter() - started
    history.close()
    print(f"report of {rows:,} calls (synthetic): {whole:.2f} s, of which reading the rows {reading:.2f} s")
    assert report.total.calls + report.before.calls <= rows


if __name__ == "__main__":
    main()
