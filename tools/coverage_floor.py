"""Compares measured coverage with tools/coverage_floor.toml: coverage.json in, a table out, status 1 below a floor.

python tools/coverage_floor.py coverage.json [--raise]
"""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from pathlib import Path

FLOORS = Path(__file__).resolve().parent / "coverage_floor.toml"


def shares(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, float]:
    """Percent of lines that ran, for each package of mergecells in a report of coverage.py."""
    counts: dict[str, list[int]] = {}
    for name, file in report["files"].items():
        if match := re.search(r"mergecells/(\w+)/", name.replace("\\", "/")):
            count = counts.setdefault(match[1], [0, 0])
            count[0] += file["summary"]["covered_lines"]
            count[1] += file["summary"]["num_statements"]
    return {package: 100 * ran / max(total, 1) for package, (ran, total) in counts.items()}


def below(measured: dict[str, float], floors: dict[str, float]) -> list[str]:
    """Packages that miss their floor; one that was not measured does."""
    return [package for package, floor in floors.items() if measured.get(package, 0.0) < floor]


def main() -> int:
    floors = {name: float(value) for name, value in tomllib.loads(FLOORS.read_text()).items()}
    measured = shares(json.loads(Path(sys.argv[1]).read_text()))
    for package, floor in floors.items():
        print(f"{package:12} {measured.get(package, 0.0):6.2f} %   floor {floor:g} %")
    missed = below(measured, floors)
    if missed:
        print(f"below the floor: {', '.join(missed)}", file=sys.stderr)
    elif "--raise" in sys.argv[2:]:
        text = FLOORS.read_text()
        for package, floor in floors.items():
            new = max(floor, math.floor(measured[package] * 10) / 10)
            text = re.sub(rf"(?m)^{package} = .*$", f"{package} = {new:g}", text)
        FLOORS.write_text(text)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
