"""Reload: from a published tree to a serving Snapshot, and what readers notice of it.

Run: python tests/benchmarks/bench_reload.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

import mergecells
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.scoring import Examples, Fields, Rules, RuleSet, Vertical
from mergecells.formula.remembered import forget_all
from mergecells.serving.build import build_snapshot
from mergecells.serving.bundle import Origin, seal_tree
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]
PUBLICATIONS = 30
LARGE = 10_000


def default_files() -> dict[str, bytes]:
    found = [REPOSITORY / "mergecells.yaml", *sorted((REPOSITORY / "scoring").rglob("*.yaml"))]
    return {str(path.relative_to(REPOSITORY)): path.read_bytes() for path in found}


def large_files(factors: int = LARGE) -> dict[str, bytes]:
    """Ten components with formulas that all differ, so that no memory of another formula helps."""
    per = factors // 10
    lines = ['version: "1"', "tiers: {A: {min: 50}, B: {min: 0}}", "components:"]
    for component in range(10):
        lines += [f"  c{component}:", "    weight: 0.1", "    factors:"]
        lines += [
            f'      f{number}: {{weight: {1 / per:.6g}, formula: "=IF(years>={component * per + number},1,years/99)"}}'
            for number in range(per)
        ]
    return {
        "scoring/rules.yaml": "\n".join(lines).encode() + b"\n",
        "scoring/fields.yaml": b"fields: {years: {type: number}}\n",
    }


def variants(files: dict[str, bytes]) -> Iterator[ConfigTree]:
    """The same config again and again, each with one factor's formula changed, sealed as `follow` does."""
    for number in range(PUBLICATIONS + 1):
        changed = files | {"scoring/rules.yaml": _with_other_formula(files["scoring/rules.yaml"], number)}
        config = load_config(changed).config
        assert config is not None
        origin = Origin("r", "main", None, number, "now")
        yield seal_tree(f"{number:040x}", changed, config, origin)


def _with_other_formula(rules: bytes, number: int) -> bytes:
    at = rules.index(b'"=') + 2
    return rules[:at] + f"0*{number}+".encode() + rules[at:]


@contextmanager
def reader(config: mergecells.Config, pause: float) -> Iterator[list[float]]:
    """A thread that reads `current` all the time; the longest gap between two reads, in seconds, is what it saw."""
    gaps = [0.0]
    stop = threading.Event()

    def read() -> None:
        last = time.perf_counter()
        while not stop.is_set():
            _ = config.current.revision
            if pause:
                time.sleep(pause)
            now = time.perf_counter()
            gaps[0] = max(gaps[0], now - last)
            last = now

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield gaps
    finally:
        stop.set()
        thread.join()


def publish_to_live(name: str, files: dict[str, bytes], pause: float, target: int) -> None:
    """From the rename of `current` to `config.current.revision` being the new one, with one reader beside."""
    with tempfile.TemporaryDirectory() as folder:
        trees = PublishedTrees(Path(folder))
        prepared = list(variants(files))
        trees.publish(prepared[0])
        config = mergecells.open(Path(folder) / "current", state_dir=Path(folder) / "state")
        live = threading.Event()
        config.on_swap(lambda _: live.set())
        times = []
        with reader(config, pause) as gaps:
            time.sleep(1.0)
            idle = gaps[0]  # What this machine does to a reader while nothing is loaded.
            gaps[0] = 0.0
            for tree in prepared[1:]:
                live.clear()
                times.append(_publish(trees, tree, live))
                time.sleep(0.02)
            worst = gaps[0]
        config.close()
    how = "busy reader" if not pause else "reader with pauses"
    bare = median(lambda: bare_load(files), 3 if len(files["scoring/rules.yaml"]) > LARGE else 20) * 1000
    p95 = sorted(times)[min(len(times) - 1, int(len(times) * 0.95))] * 1000
    print(
        f"{name:28s} {how:20s} publish → serving p50 {_ms(times, 50)} p95 {_ms(times, 95)} (target {target} ms; "
        f"{p95 / bare:.2f} x parsing and validating the YAML, {bare:.0f} ms)   "
        f"longest reader stall {worst * 1000:6.1f} ms (target 50 ms; without reloads {idle * 1000:.1f} ms)"
    )


def _publish(trees: PublishedTrees, tree: ConfigTree, live: threading.Event) -> float:
    from mergecells.adapters import published_tree

    swapped = 0.0
    swap_link = published_tree.swap_link

    def timed(link: Path, target: str) -> None:
        nonlocal swapped
        swapped = time.perf_counter()
        swap_link(link, target)

    published_tree.swap_link = timed
    try:
        trees.publish(tree)
    finally:
        published_tree.swap_link = swap_link
    assert live.wait(30)
    return time.perf_counter() - swapped


def _ms(times: list[float], percent: int) -> str:
    ordered = sorted(times)
    return f"{ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000:6.1f} ms"


def median(call: Callable[[], object], rounds: int) -> float:
    call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def bare_load(files: dict[str, bytes]) -> RuleSet:
    """The fastest sound parse and validation of the same files: libyaml and pydantic, no positions and no checks."""
    models = {"rules": Rules, "fields": Fields, "examples": Examples}
    parts: dict[str, object] = {}
    verticals: dict[str, object] = {}
    for name, content in files.items():
        value = yaml.load(content, Loader=yaml.CSafeLoader)
        stem = Path(name).stem
        if "verticals/" in name:
            verticals[stem] = Vertical.model_validate(value)
        elif stem in models:
            parts[stem] = models[stem].model_validate(value)
    return RuleSet.model_validate({**parts, "verticals": verticals})


def builds(name: str, files: dict[str, bytes], rounds: int) -> None:
    """Building a Snapshot from the bundle and from YAML, against the bare parse and validation."""
    config = load_config(files).config
    assert config is not None
    sealed = seal_tree("a" * 40, files, config, Origin("r", "main", None, 1, "now"))
    plain = ConfigTree("untracked", files)

    def cold() -> None:
        forget_all()
        build_snapshot(sealed)

    bare = median(lambda: bare_load(files), rounds)
    whole = median(lambda: build_snapshot(plain), rounds)
    warm, first = median(lambda: build_snapshot(sealed), rounds), median(cold, rounds)
    print(
        f"{name:28s} bundle {warm * 1000:7.1f} ms (no formula known yet {first * 1000:7.1f} ms)   "
        f"YAML with checks {whole * 1000:7.1f} ms = {whole / bare:.2f} x bare parse and validation, "
        f"{bare * 1000:.1f} ms (target 1.5 x)"
    )


def reads_and_scores() -> None:
    """What a request pays."""
    with tempfile.TemporaryDirectory() as folder:
        PublishedTrees(Path(folder)).publish(next(variants(default_files())))
        config = mergecells.open(Path(folder) / "current", state_dir=None)
        fields = config.current.config.rules.fields
        assert fields is not None
        lead = {name: field.sample for name, field in fields.fields.items()}
        count = 1_000_000
        started = time.perf_counter()
        for _ in range(count):
            _ = config.current
        read = (time.perf_counter() - started) / count
        score = median(lambda: config.current.score(lead), 2000)
        config.close()
    print(f"config.current: {read * 1e9:.0f} ns (loop included)   one lead, 37 factors: {score * 1e6:.0f} µs")
    print(f"    {read / _one_attribute():.1f} x reading one attribute of a plain object (target: one attribute read)")


def _one_attribute() -> float:
    """Seconds of one attribute read in the same loop."""

    class Plain:
        current = None

    plain, count = Plain(), 1_000_000
    plain.current = None
    started = time.perf_counter()
    for _ in range(count):
        _ = plain.current
    return (time.perf_counter() - started) / count


def imports() -> None:
    """Fresh interpreters, as a service starts."""
    peer = "import pydantic, yaml; from pydantic import BaseModel, TypeAdapter"
    figures: dict[str, float] = {}
    for statement in ("pass", peer, "import mergecells", "import mergecells; mergecells.open"):
        times = []
        for _ in range(7):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times.append(time.perf_counter() - started)
        figures[statement] = statistics.median(times)
        ratio = f"{figures[statement] / figures[peer]:.2f} x pydantic and PyYAML alone" if peer in figures else ""
        target = "(target 150 ms)" if statement == "import mergecells" else ""
        print(f"python -c {statement!r:70} {figures[statement] * 1000:6.1f} ms  {ratio} {target}".rstrip())


def main() -> None:
    for pause in (0.001, 0.0):
        publish_to_live("default rule set", default_files(), pause, 100)
    for pause in (0.001, 0.0):
        publish_to_live(f"{LARGE:,} factors", large_files(), pause, 400)
    builds("default rule set", default_files(), 20)
    builds(f"{LARGE:,} factors", large_files(), 3)
    reads_and_scores()
    imports()


if __name__ == "__main__":
    main()
