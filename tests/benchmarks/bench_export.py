"""Export of a workbook with one edited cell: how long, and whether twice the rows take twice the time.

    python tests/benchmarks/bench_export.py

The peer of the same run is openpyxl reading the same file twice (formulas, then values), which is what an export
without a reader of its own would start with.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path

import openpyxl

from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import export_workbook
from mergecells.authoring.fill import plan_fill
from mergecells.transforms.workbook_to_config import workbook_to_tables

SIZES = (1_000, 2_000, 10_000)
FACTORS_EACH = 10
TARGET_SECONDS = 5.0


def make_files(factors: int) -> dict[str, bytes]:
    """Rules with this many factors, ten in a component, each with a formula."""
    lines = ['version: "1"', "tiers:", "  A: {min: 50}", "  B: {min: 0}", "components:"]
    components = factors // FACTORS_EACH
    for number in range(components):
        lines += [f"  c{number}x:", f"    weight: {1 / components:.10f}", "    factors:"]
        lines += [
            f'      f{number}_{each}x: {{weight: 0.1, formula: "=IF(years>={each + 1},1,years/{each + 1})"}}'
            for each in range(FACTORS_EACH)
        ]
    fields = "fields:\n  years: {type: number, sample: 7}\n"
    return {"scoring/rules.yaml": "\n".join(lines).encode() + b"\n", "scoring/fields.yaml": fields.encode()}


def measure(factors: int, folder: Path) -> tuple[float, float, float]:
    """Seconds for the whole export, for reading the file alone, and for openpyxl's reading."""
    files = make_files(factors)
    source = XlsxWorkbook(folder / f"{factors}.xlsx")
    plan = plan_fill(files, "a" * 40, None, lambda _: None)
    assert plan.layout is not None
    source.write(plan.layout)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(source.path)
        workbook["Factors"]["C7"] = 0.11
        workbook.save(source.path)
        started = time.perf_counter()
        openpyxl.load_workbook(source.path)
        openpyxl.load_workbook(source.path, data_only=True)
        peer = time.perf_counter() - started
    started = time.perf_counter()
    read = source.read()
    reading = time.perf_counter() - started
    result = export_workbook(read, files)
    whole = time.perf_counter() - started
    assert len(result.edits) == 1, result.findings
    return whole, reading, peer


def main() -> int:
    assert workbook_to_tables  # imported before the clock starts
    print(f"{'factor rows':>12} {'export s':>9} {'µs a row':>9} {'reading s':>10} {'openpyxl reading s':>19}")
    with tempfile.TemporaryDirectory() as folder:
        measure(SIZES[0], Path(folder))  # the first run pays for imports
        figures = {size: measure(size, Path(folder)) for size in SIZES}
    for size, (whole, reading, peer) in figures.items():
        print(f"{size:>12,} {whole:>9.2f} {whole / size * 1e6:>9.0f} {reading:>10.2f} {peer:>19.2f}")
    largest = figures[SIZES[-1]][0]
    growth = largest / figures[SIZES[0]][0]
    rows = SIZES[-1] / SIZES[0]
    told = f"{SIZES[-1]:,} rows: {largest:.2f} s of {TARGET_SECONDS:.0f} s allowed"
    print(f"reading takes {figures[SIZES[-1]][1] / figures[SIZES[-1]][2]:.2f} x what openpyxl takes")
    print(f"{told}; {rows:.0f} times the rows take {growth:.1f} times as long")
    return 0


if __name__ == "__main__":
    sys.exit(main())
