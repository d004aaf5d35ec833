"""The program of the child process that runs xlcalculator: `python -m mergecells.adapters.xlcalculator_child`.

Reads one JSON document from stdin, `{"limits": {"bytes": …, "seconds": …}, "sheets": [{"formula": …, "cells": {…}}]}`,
and writes one JSON line for each sheet as soon as it is done, so that what was computed before a kill is not lost:
`{"value": …}`, `{"error": "#DIV/0!"}` or `{"unable": "why"}`. It only ever runs under limits, in a process of its own:
xlcalculator takes 4 GB and half a minute for a circle of two cells.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any, TextIO

FORMULA_CELL = "S!XFD1"
"""Far from the cells of the inputs, so that no reference meets it."""


def main() -> None:
    answers = _own_stdout()
    request = json.load(sys.stdin)
    _limit(request["limits"])
    from xlcalculator import Evaluator, ModelCompiler

    for sheet in request["sheets"]:
        cells = {f"S!{name}": value for name, value in sheet["cells"].items()}
        try:
            model = ModelCompiler().read_and_parse_dict({**cells, FORMULA_CELL: sheet["formula"]}, default_sheet="S")
            answer = _answer(Evaluator(model).evaluate(FORMULA_CELL))
        except Exception as error:  # noqa: BLE001 - the engine raises anything at all; each is "not able", with words
            answer = {"unable": f"{type(error).__name__}: {str(error)[:200]}"}
        print(json.dumps(answer), file=answers, flush=True)


def _own_stdout() -> TextIO:
    """Libraries print; their words must not come between the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits["bytes"], limits["bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(result: Any) -> dict[str, Any]:
    from xlcalculator.xlfunctions.xlerrors import ExcelError

    if isinstance(result, ExcelError):
        return {"error": str(result.value)}
    value = getattr(result, "value", result)
    if isinstance(value, bool | str) or value is None:
        return {"value": value}
    try:
        return {"value": float(value)}
    except (TypeError, ValueError):
        return {"unable": f"a result of type {type(result).__name__}"}


if __name__ == "__main__":
    main()
