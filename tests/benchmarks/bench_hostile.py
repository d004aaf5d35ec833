"""What a hostile or careless editor may type: the time until `check` has a finding, with its place and its hint.

Run: python tests/benchmarks/bench_hostile.py [--findings]
The peer of each row is `check` of the same config with the formula that it ships, in the same run, which takes as long
as everything around the formula does. Milliseconds are of processor time, which mean something on a machine that does
other work. `--findings` prints what the editor reads, place and hint included. Nothing here fails on a time; that there
is a finding with a place is tested in tests/unit/formula/test_hostile_formulas.py.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.config_samples import sample_files
from fakes.hostile_formulas import HOSTILE, LARGE
from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding

RULES = "scoring/rules.yaml"
SHIPPED = b'"=MIN(1,years/10)"'
WIDTH = 46


def checked(text: str) -> tuple[float, list[Finding]]:
    """Seconds of processor time, and the findings about this formula."""
    rules = sample_files()[RULES].replace(SHIPPED, json.dumps(text).encode())
    started = time.process_time()
    findings = check_files({**sample_files(), RULES: rules}).findings
    return time.process_time() - started, [
        each for each in findings if each.code.startswith(("formula.", "yaml.", "schema."))
    ]


def line(name: str, text: str, show: bool) -> float:
    """One row; with `show`, what the editor reads."""
    seconds, findings = checked(text)
    first = next((each for each in findings if each.severity == "error"), findings[0] if findings else None)
    said = f"{first.code}: {first.message}" if first else "no finding"
    print(f"{name[:WIDTH]:{WIDTH}} {seconds * 1000:7.0f} ms  {said if show else said[:60]}")
    if show and first:
        place = f"{first.file}:{first.line}:{first.column}" if first.line else str(first.file)
        print(f"{'':{WIDTH}}             at {place}, cell {first.cell or '-'}; {first.hint}")
    return seconds


def main(arguments: list[str]) -> int:
    """All rows, and the slowest. Returns 0: nothing here fails on a time."""
    show = "--findings" in arguments
    checked("=MIN(1,years/10)")
    plain = min(checked("=MIN(1,years/10)")[0] for _ in range(5))
    print(f"{'the formula that is shipped':{WIDTH}} {plain * 1000:7.0f} ms")
    rows = {**{name: case.text for name, case in HOSTILE.items()}, **LARGE}
    times = {name: line(name, text, show) for name, text in rows.items()}
    slow = sum(seconds > 1.0 for seconds in times.values())
    worst = max(times, key=lambda name: times[name])
    ratio = times[worst] / plain
    print(f"{len(times)} formulas, {slow} take more than a second; {worst}: {times[worst]:.2f} s, {ratio:.0f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
