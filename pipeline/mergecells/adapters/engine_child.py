"""The program of the child process that runs one outside engine: `engine_child ENGINE BYTES SECONDS`, run with `-m`.

BYTES and SECONDS limit its address space and computing time. It reads one JSON document from stdin, `[{"formula": …,
"cells": {…}}]`, and writes one JSON line for each sheet as soon as it is done, so that what was computed before a kill
is not lost: `{"value": …}`, `{"error": "#DIV/0!"}` or `{"unable": "why"}`. It only ever runs under limits, in a process
of its own: xlcalculator takes 4 GB and half a minute for a circle of two cells, and a panic in Rust may end it.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TextIO

SECONDS_EACH = 5.0
"""Computing time of one calculation; others of a lead take milliseconds."""

Sheet = dict[str, Any]
"""`formula`, and `cells`: address → number, text, truth value or `{"error": code}`."""


class OutsideEngine(Protocol):
    """A module `mergecells.adapters.<engine>_engine`."""

    def start(self) -> None:
        """Imports what takes long, while the request is still being written."""

    def compute(self, sheet: Sheet) -> dict[str, Any]:
        """One answer. May raise anything; the sheet then counts as one that the engine cannot compute."""


def main() -> None:
    """Answers everything asked, in order. The limits hold from the start; nothing asked is an end without an answer."""
    answers = _own_stdout()
    name, memory, seconds = sys.argv[1:]
    _limit(int(memory), int(seconds))
    engine: OutsideEngine = importlib.import_module(f"mergecells.adapters.{name}_engine")
    engine.start()
    request = sys.stdin.read()
    for answer in _answers(engine, json.loads(request) if request else []):
        print(json.dumps(answer), file=answers, flush=True)


def _answers(engine: OutsideEngine, sheets: Sequence[Sheet]) -> Iterator[dict[str, Any]]:
    for sheet in sheets:
        # A loop in Rust or C lets no Python code run; the timer's own action, which ends the process, always comes.
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS_EACH)
        try:
            answer = engine.compute(sheet)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001 - engines raise anything; a panic in Rust is no Exception
            answer = {"unable": f"{type(error).__name__}: {str(error)[:200]}"}
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        yield answer


def _own_stdout() -> TextIO:
    """Libraries print; their words must not come between the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
