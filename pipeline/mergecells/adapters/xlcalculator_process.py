"""xlcalculator as an independent engine, in a fresh child process with limits on memory, time and hash seed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mergecells.formula import ErrorValue
from mergecells.transforms.formula_engines import Answer, Calculation, EngineRun

_CHILD = "mergecells.adapters.xlcalculator_child"


@dataclass(frozen=True, slots=True)
class XlcalculatorProcess:
    """Callable: computes a batch in one child process. `memory_bytes` bounds its address space."""

    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 30
    wall_seconds: float = 60.0

    def __call__(self, calculations: Sequence[Calculation]) -> EngineRun:
        """All results in order; whatever goes wrong is told in `failure`, with the answers that were there before."""
        if not calculations:
            return EngineRun(())
        if not _is_installed():
            return EngineRun((), "xlcalculator is not installed")
        output, failure = self._run(self._request(calculations))
        answers = [_answer(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]
        if not failure and len(answers) < len(calculations):
            failure = "the process ended early"
        return EngineRun(tuple(answers), failure)

    def _request(self, calculations: Sequence[Calculation]) -> str:
        sheets = [{"formula": item.formula, "cells": dict(item.cells)} for item in calculations]
        return json.dumps({"limits": {"bytes": self.memory_bytes, "seconds": self.cpu_seconds}, "sheets": sheets})

    def _run(self, request: str) -> tuple[str, str]:
        """The child's output, and what went wrong. `-P` and `-s`: nothing from the current folder is imported."""
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-s", "-m", _CHILD],
                input=request.encode(),
                capture_output=True,
                timeout=self.wall_seconds,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return (error.stdout or b"").decode(errors="replace"), f"it took more than {self.wall_seconds:g} s"
        except OSError as error:
            return "", f"it could not be started: {error}"
        return done.stdout.decode(errors="replace"), _failure(done)


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec("xlcalculator") is not None
    except ModuleNotFoundError:
        return False


def _environment() -> dict[str, str]:
    """A fixed hash seed, as results can depend on it; one thread, as each reserves memory against the limit."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _failure(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == 0:
        return ""
    if done.returncode < 0:
        return f"it was stopped by signal {-done.returncode}, at its limit of time or memory"
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
    return f"it ended with status {done.returncode}: {last[0][:200]}"


def _answer(line: str) -> Answer:
    try:
        answer: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return Answer(unable="an answer that is not JSON")
    if "error" in answer:
        return Answer(ErrorValue(answer["error"]))
    return Answer(answer.get("value"), answer.get("unable", ""))
