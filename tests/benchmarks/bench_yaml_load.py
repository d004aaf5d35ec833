"""Loading a plain YAML directory against its bare cost: a sound C parse plus model validation of the same files.

    python tests/benchmarks/bench_yaml_load.py [--rounds N]

The bare side is `yaml.CSafeLoader` with the collector off, then the same pydantic models; it keeps no positions and
refuses nothing. Both sides run in turn in one process; the ratio of the medians is what counts (target: at most 1.5).
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping

import yaml

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.scoring import Rules
from mergecells.transforms.yaml_to_config import load_config


def rules_text(components: int, factors: int) -> bytes:
    """A rule set of about `factors` factors spread over `components` components, half of them with a formula."""
    lines = ['version: "1.0"', "tiers:", '  A: {min: 80, label: "A"}', "  D: {min: 0}", "components:"]
    for component in range(components):
        lines += [f"  component_{component}:", f"    weight: {1 / components:.6f}", "    description: What counts here"]
        lines.append("    factors:")
        for factor in range(component, factors, components):
            formula = f', formula: "=IF(years>={factor},1,years/10)"' if factor % 2 else ""
            lines.append(f"      factor_{factor}: {{weight: {components / factors:.6f}{formula}}}  # note")
    return ("\n".join(lines) + "\n").encode()


def bare(files: Mapping[str, bytes]) -> None:
    gc.disable()
    try:
        Rules.model_validate(yaml.load(files[RULES_FILE], Loader=yaml.CSafeLoader))
    finally:
        gc.enable()


def measure(run: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def compare(name: str, files: Mapping[str, bytes], rounds: int) -> dict[str, float | str]:
    ours, floor = [], []
    for _ in range(rounds):
        ours.append(measure(lambda: load_config(files)))
        floor.append(measure(lambda: bare(files)))
    loaded, least = statistics.median(ours), statistics.median(floor)
    return {
        "case": name,
        "load_ms": round(loaded, 2),
        "bare_ms": round(least, 2),
        "ratio": round(loaded / least, 2),
        "target": 1.5,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    sizes = {"15 components, 37 factors": (15, 37, 10 * rounds), "10,000 factors": (200, 10_000, rounds)}
    for name, (components, factors, times) in sizes.items():
        print(json.dumps(compare(name, {RULES_FILE: rules_text(components, factors)}, times)))


if __name__ == "__main__":
    main()
