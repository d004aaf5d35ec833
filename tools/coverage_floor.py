"""Compares measured coverage with tools/coverage_floor.toml: coverage.json in, a table out, status 1 below a floor.

python tools/coverage_floor.py coverage.json [--raise]
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

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


def compare(report: Path) -> tuple[list[str], list[str]]:
    """Lines that tell what was measured, and the packages that miss their floor: all, when there is no report."""
    floors = {name: float(value) for name, value in tomllib.loads(FLOORS.read_text()).items()}
    measured = shares(json.loads(report.read_text())) if report.is_file() else {}
    missed = below(measured, floors)
    lines = [
        f"coverage {package:12} {measured.get(package, 0.0):6.2f} %   floor {floor:g} %"
        + ("   BELOW THE FLOOR" if package in missed else "")
        for package, floor in floors.items()
    ]
    return lines, missed


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A hook of pytest, for a run that COVERAGE_FLOORS tells where pytest-cov writes its report: it has failed where
    a package is below its floor. Told before the closing line, which stays the last."""
    report = os.environ.get("COVERAGE_FLOORS")
    if not report:
        return
    lines, missed = compare(Path(report))
    for line in lines:
        terminalreporter.write_line(line)
    if missed:
        terminalreporter._session.exitstatus = 1


def main() -> int:
    report = Path(sys.argv[1])
    lines, missed = compare(report)
    print("\n".join(lines))
    if not missed and "--raise" in sys.argv[2:]:
        measured, text = shares(json.loads(report.read_text())), FLOORS.read_text()
        for package, floor in tomllib.loads(text).items():
            new = max(floor, math.floor(measured[package]))
            text = re.sub(rf"(?m)^{package} = .*$", f"{package} = {new:g}", text)
        FLOORS.write_text(text)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
