"""Run by `bench_lead.py --peers` in an environment of its own: pycel and formulas on a workbook, lead by lead.

The workbook has the lead's values in column A and the formulas in column B of `Sheet1`. Prints one JSON object:
engine → {"microseconds", "values" (by row)}, or {"failed"}.

Run: python peer_engines.py WORKBOOK FORMULAS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def microseconds(call: Callable[[], object], rounds: int = 5, repeat: int = 3) -> float:
    """The fastest of some rounds, for each call."""
    call()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(repeat):
            call()
        times.append((time.perf_counter() - begun) / repeat * 1e6)
    return min(times)


def plain(value: Any) -> Any:
    """A number or truth value as JSON has it."""
    while hasattr(value, "tolist"):
        value = value.tolist()
    while isinstance(value, list):
        value = value[0]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def in_pycel(path: str, numbers: dict[str, float], count: int) -> dict[str, Any]:
    from pycel import ExcelCompiler

    compiler = ExcelCompiler(filename=path)
    addresses = [f"Sheet1!B{row}" for row in range(1, count + 1)]

    able = []
    for address in addresses:
        # What has been asked for once is known to it; what it cannot run is left out, and the time scaled.
        try:
            compiler.evaluate(address)
            able.append(address)
        except Exception:  # noqa: BLE001 - the engine raises anything at all
            continue

    def score() -> list[Any]:
        for address, value in numbers.items():
            # Another value than before, or nothing is computed again.
            compiler.set_value(f"Sheet1!{address}", value + 1.0)
            compiler.set_value(f"Sheet1!{address}", value)
        return [compiler.evaluate(address) for address in able]

    values = dict(zip(able, map(plain, score()), strict=True))
    spent = microseconds(score) / len(able) * count
    return {"values": [values.get(address) for address in addresses], "microseconds": spent}


def in_formulas(path: str, numbers: dict[str, float], count: int) -> dict[str, Any]:
    import formulas

    model = formulas.ExcelModel().loads(path).finish()
    name = path.rsplit("/", 1)[-1]
    keys = [f"'[{name}]SHEET1'!B{row}" for row in range(1, count + 1)]
    inputs = {f"'[{name}]SHEET1'!{address}": value for address, value in numbers.items()}

    def score() -> list[Any]:
        solution = model.calculate(inputs=inputs, outputs=keys)
        return [solution[key].value if key in solution else None for key in keys]

    return {"values": [plain(value) for value in score()], "microseconds": microseconds(score, 3, 1)}


def main() -> None:
    path, count = sys.argv[1], int(sys.argv[2])
    numbers = json.load(sys.stdin)
    found = {}
    for engine, run in (("pycel", in_pycel), ("formulas", in_formulas)):
        try:
            found[engine] = run(path, numbers, count)
        except Exception as error:  # noqa: BLE001 - the engine raises anything at all
            found[engine] = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
