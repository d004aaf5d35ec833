"""Scoring a million synthetic leads with the whole default rule set: `score_many` against the same rules by hand.

The peers (`column_peers.py`) compute all 37 factors with clean semantics; their results are compared with ours on the
same leads before anything is timed. Two shapes of input: texts as a CSV gives them, and typed, dictionary-encoded
columns. Times are the best of three, memory is the growth of the process's peak.

Run: python tests/benchmarks/bench_columns.py [LEADS]
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from column_data import DAY, prepared_table, raw_table

from mergecells.apps.cli.loading import load_snapshot
from mergecells.serving.snapshot import Snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
ONE_BY_ONE = 10_000


def best(call: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest of some calls."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def peak() -> float:
    """The process's largest memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_by_one(snapshot: Snapshot, raw: Any, length: int) -> float:
    """Seconds for all leads, from a part of them, reading the texts included."""
    part = raw.slice(0, ONE_BY_ONE).to_pylist()
    readers = {name: snapshot.scorer._base.reader.text_reader(name) for name in raw.column_names}

    def score() -> None:
        for lead in part:
            snapshot.score({name: readers[name](text) for name, text in lead.items()}, DAY)

    return best(score, 1) / len(part) * length


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
    before = peak()
    ours = snapshot.score_many(raw, DAY, texts=True)
    grown = peak() - before
    print(f"\n{title}: {length:,} leads, {raw.num_columns} fields")
    print(f"  NumPy by hand:  {same(ours, in_numpy(arrays, DAY)['score'], length)}")
    print(f"  Polars by hand: {same(ours, in_polars(raw_frame, DAY, raw=True)['score'], length)}")
    times = {
        "Polars by hand, raw texts": best(lambda: in_polars(raw_frame, DAY, raw=True)),
        "score_many, raw texts": best(lambda: snapshot.score_many(raw, DAY, texts=True)),
        "Polars by hand, prepared": best(lambda: in_polars(frame, DAY, raw=False)),
        "NumPy by hand, prepared": best(lambda: in_numpy(arrays, DAY)),
        "score_many, prepared": best(lambda: snapshot.score_many(prepared, DAY)),
    }
    for name, seconds in times.items():
        print(f"  {name:28s}{seconds * 1e3:9,.0f} ms")
    by_hand = min(times["Polars by hand, prepared"], times["NumPy by hand, prepared"])
    from_texts = times["score_many, raw texts"] / times["Polars by hand, raw texts"]
    print(
        f"  from texts {from_texts:.2f} x by hand, prepared {times['score_many, prepared'] / by_hand:.2f} x the faster"
    )
    print(f"  peak memory +{grown:,.0f} MiB, the result included")


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
