"""Scoring a million synthetic leads with the whole default rule set: `score_many` against the same rules by hand.

The peers (`column_peers.py`) compute all 37 factors with clean semantics; their results are compared with ours on the
same leads before anything is timed. Two shapes of input: texts as a CSV gives them, and typed, dictionary-encoded
columns. All take turns, and the best of three rounds counts: time on the wall, and processor time of all threads, which
other programs disturb less. Memory is the most that a call holds at once, at three sizes.

Run: python tests/benchmarks/bench_columns.py [LEADS]
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from column_data import DAY, prepared_table, raw_table

from mergecells.apps.cli.loading import load_snapshot
from mergecells.serving.snapshot import Snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
ONE_BY_ONE = 10_000


def in_turns(calls: Mapping[str, Callable[[], object]], rounds: int = 3) -> dict[str, tuple[float, float]]:
    """Seconds on the wall and of the processor, of each call's fastest round."""
    best = {name: (float("inf"), float("inf")) for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begun, used = time.perf_counter(), time.process_time()
            call()
            used, begun = time.process_time() - used, time.perf_counter() - begun
            best[name] = min(best[name][0], begun), min(best[name][1], used)
    return best


def growth(call: Callable[[], object]) -> float:
    """The most bytes that a call holds at once, the result included: Python's, NumPy's and Arrow's."""
    import pyarrow as pa

    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] + (pool.max_memory() or 0)
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def one_by_one(snapshot: Snapshot, raw: Any, length: int) -> float:
    """Seconds for all leads, from a part of them, reading the texts included."""
    part = raw.slice(0, ONE_BY_ONE).to_pylist()
    readers = {name: snapshot.scorer._base.reader.text_reader(name) for name in raw.column_names}

    def score() -> None:
        for lead in part:
            snapshot.score({name: readers[name](text) for name, text in lead.items()}, DAY)

    return in_turns({"": score}, 1)[""][0] / len(part) * length


def same(ours: Any, theirs: Any, length: int) -> str:
    """How far the peer's scores are from ours: rounding of ties is not the same everywhere."""
    import numpy as np

    off = np.abs(np.asarray(ours.value) - np.asarray(theirs))
    apart = int((off > 1e-7).sum())
    assert apart < length * 0.002, apart
    assert float(off.max()) < 0.05
    return f"equal within 1e-7 but for {apart:,} leads (ties in ROUND)"


def section(title: str, snapshot: Snapshot, raw: Any, types: dict[str, str]) -> None:
    """One data set."""
    import polars as pl
    from column_peers import for_numpy, in_numpy, in_polars

    length = raw.num_rows
    prepared = prepared_table(raw, types)
    raw_frame, frame = pl.from_arrow(raw), pl.from_arrow(prepared)
    assert isinstance(raw_frame, pl.DataFrame)
    assert isinstance(frame, pl.DataFrame)
    texts = [name for name, kind in types.items() if kind == "text"]
    kinds = {name: prepared.column(name).chunk(0).dictionary.to_pylist() for name in texts}
    frame = frame.with_columns([pl.col(name).cast(pl.Enum(found)) for name, found in kinds.items()])
    arrays = for_numpy(prepared, types)
    ours = snapshot.score_many(raw, DAY, texts=True)
    print(f"\n{title}: {length:,} leads, {raw.num_columns} fields")
    print(f"  NumPy by hand:  {same(ours, in_numpy(arrays, DAY)['score'], length)}")
    print(f"  Polars by hand: {same(ours, in_polars(raw_frame, DAY, raw=True)['score'], length)}")
    del ours
    times = in_turns(
        {
            "Polars by hand, raw texts": lambda: in_polars(raw_frame, DAY, raw=True),
            "score_many, raw texts": lambda: snapshot.score_many(raw, DAY, texts=True),
            "Polars by hand, prepared": lambda: in_polars(frame, DAY, raw=False),
            "NumPy by hand, prepared": lambda: in_numpy(arrays, DAY),
            "score_many, prepared": lambda: snapshot.score_many(prepared, DAY),
        }
    )
    for name, (wall, used) in times.items():
        print(f"  {name:28s}{wall * 1e3:9,.0f} ms, processor {used * 1e3:9,.0f} ms")
    for what, ours_name, peers in (
        ("from texts", "score_many, raw texts", ["Polars by hand, raw texts"]),
        ("prepared", "score_many, prepared", ["Polars by hand, prepared", "NumPy by hand, prepared"]),
    ):
        wall, used = (times[ours_name][i] / min(times[peer][i] for peer in peers) for i in (0, 1))
        print(f"  {what}: {wall:.2f} x the faster by hand, processor {used:.2f} x (target 1.5)")
    for part in (length // 4, length // 2, length):
        raw_part, typed_part = raw.slice(0, part), prepared.slice(0, part)
        texts_held = growth(lambda leads=raw_part: snapshot.score_many(leads, DAY, texts=True))  # type: ignore[misc]
        typed_held = growth(lambda leads=typed_part: snapshot.score_many(leads, DAY))  # type: ignore[misc]
        shown = f"texts {texts_held / 2**20:.0f} MiB, prepared {typed_held / 2**20:.0f} MiB"
        print(f"  memory, {part:9,} leads: {shown}; {texts_held / part:.0f} and {typed_held / part:.0f} bytes a lead")


def main() -> None:
    if importlib.util.find_spec("polars") is None or importlib.util.find_spec("pyarrow") is None:
        print("skipped: this benchmark needs polars and pyarrow")
        return
    import numpy as np
    import polars as pl
    import pyarrow as pa

    length = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    snapshot = load_snapshot(REPOSITORY)
    fields = snapshot.config.rules.fields
    assert fields is not None
    types = {name: field.type for name, field in fields.fields.items()}
    print(
        f"Python {sys.version.split()[0]}, NumPy {np.__version__}, pyarrow {pa.__version__}, Polars {pl.__version__},"
    )
    print(f"{os.cpu_count()} processors, {pl.thread_pool_size()} threads in Polars")
    raw = raw_table(length, types)
    section("Texts from short lists", snapshot, raw, types)
    print(f"  one by one, from the texts: {one_by_one(snapshot, raw, length):,.0f} s (extrapolated)")
    distinct = raw_table(length, types, personal=True)
    section("Mail addresses and telephone numbers all distinct", snapshot, distinct, types)


if __name__ == "__main__":
    main()
