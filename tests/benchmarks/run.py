"""`make bench`: every bench_*.py in turn, each in a process of its own, so that one cannot warm up another.

A benchmark prints its figures as ratios against a named peer measured in the same run. Nothing here fails on a time.
Arguments that start with a dash, and numbers, are passed on: `make bench ARGS="soak --seconds 300"`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Run the benchmarks whose names contain one of the words (all without any). Returns 1 when one could not run."""
    failed = []
    options = [each for each in arguments if each[0] == "-" or each.replace(".", "", 1).isdecimal()]
    wanted = [each for each in arguments if each not in options]
    for script in sorted(HERE.glob("bench_*.py")):
        if wanted and not any(word in script.stem for word in wanted):
            continue
        print(f"\n== {script.stem.removeprefix('bench_')}", flush=True)
        started = time.monotonic()
        if subprocess.run([sys.executable, str(script), *options], cwd=HERE.parents[1], check=False).returncode:
            failed.append(script.name)
        print(f"   ({time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        print(f"\ncould not run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
