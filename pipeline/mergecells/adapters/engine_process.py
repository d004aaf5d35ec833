"""The outside formula engines, each in fresh child processes with limits on memory, time and hash seed."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mergecells.formula import ErrorValue
from mergecells.formula.values import ERRORS
from mergecells.transforms.formula_engines import NO_ANSWER, Answer, Calculation, EngineName, EngineRun

_CHILD = "mergecells.adapters.engine_child"
_RESTARTS = 5
"""After so many calculations that an engine died on, the rest is not asked."""
_SLOW_STARTERS: tuple[EngineName, ...] = ("xlcalculator",)
_SPLIT = 1_000
"""Calculations below which a second process of one engine costs more than it saves."""


@dataclass(frozen=True, slots=True)
class EngineProcesses:
    """Callable (`Recompute`): computes batches in child processes, the engines beside one another.

    `memory_bytes` bounds the address space of each child, `cpu_seconds` its computing time, `wall_seconds` all that an
    engine may take, restarts included. With more processors than engines, large batches are split.
    """

    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    _ready: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False, compare=False)

    def prepare(self, engines: Collection[EngineName]) -> None:
        """Start what takes a second to import; it waits for its request, and ends with this process."""
        for engine in _SLOW_STARTERS:
            if engine in engines and engine not in self._ready and _is_installed(engine):
                with suppress(OSError):
                    self._ready[engine] = self._start(engine)

    def __call__(self, batches: Mapping[EngineName, Sequence[Calculation]]) -> Mapping[EngineName, EngineRun]:
        """All results in order; whatever goes wrong is told in `failure`, with what was answered."""
        asked = {engine: batch for engine, batch in batches.items() if batch}
        share = max(1, (os.cpu_count() or 1) // max(1, len(asked)))
        with ThreadPoolExecutor(max_workers=max(1, len(asked) * share)) as threads:
            parts = {
                engine: [threads.submit(self._run, engine, part) for part in _parts(batch, share)]
                for engine, batch in asked.items()
            }
            runs = {engine: _joined([part.result() for part in done]) for engine, done in parts.items()}
        return {engine: runs.get(engine, EngineRun(())) for engine in batches}

    def _run(self, engine: EngineName, calculations: Sequence[Calculation]) -> EngineRun:
        """One engine; started again behind a calculation that ended its process."""
        if not _is_installed(engine):
            return EngineRun(_missing(len(calculations)), f"{engine} is not installed")
        deadline = time.monotonic() + self.wall_seconds
        answers: list[Answer] = []
        failure = ""
        for _ in range(_RESTARTS + 1):
            got, problem = self._ask(engine, calculations[len(answers) :], deadline - time.monotonic())
            failure = failure or problem
            answers += got
            if len(answers) >= len(calculations) or not got or deadline <= time.monotonic():
                break
            answers.append(Answer(unable=NO_ANSWER))
        return EngineRun((*answers, *_missing(len(calculations) - len(answers))), failure)

    def _ask(self, engine: str, calculations: Sequence[Calculation], seconds: float) -> tuple[list[Answer], str]:
        output, failure = self._communicate(engine, self._request(calculations), seconds)
        answers = [_answer(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]
        if not failure and len(answers) < len(calculations):
            failure = "its process ended early"
        return answers[: len(calculations)], failure

    @staticmethod
    def _request(calculations: Sequence[Calculation]) -> bytes:
        sheets = [
            {"formula": item.formula, "cells": {address: _sent(value) for address, value in item.cells}}
            for item in calculations
        ]
        return json.dumps(sheets).encode()

    def _start(self, engine: str) -> subprocess.Popen[bytes]:
        """`-P` and `-s`: nothing from the current folder is imported."""
        return subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", _CHILD, engine, str(self.memory_bytes), str(self.cpu_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )

    def _communicate(self, engine: str, request: bytes, seconds: float) -> tuple[str, str]:
        """The child's output, and what went wrong."""
        try:
            child = self._ready.pop(engine, None) or self._start(engine)
        except OSError as error:
            return "", f"it could not be started: {error}"
        try:
            output, messages = child.communicate(request, timeout=max(seconds, 0.01))
        except subprocess.TimeoutExpired:
            child.kill()
            return child.communicate()[0].decode(errors="replace"), f"it took more than {self.wall_seconds:g} s"
        return output.decode(errors="replace"), _failure(child.returncode, messages)


def _parts(batch: Sequence[Calculation], share: int) -> list[Sequence[Calculation]]:
    count = max(1, min(share, len(batch) // _SPLIT))
    size = -(-len(batch) // count)
    return [batch[start : start + size] for start in range(0, len(batch), size)]


def _joined(runs: Sequence[EngineRun]) -> EngineRun:
    return EngineRun(
        tuple(answer for run in runs for answer in run.answers), next((run.failure for run in runs if run.failure), "")
    )


def _missing(count: int) -> tuple[Answer, ...]:
    return (Answer(unable=NO_ANSWER),) * count


def _is_installed(engine: str) -> bool:
    try:
        return importlib.util.find_spec(engine) is not None
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
        "RAYON_NUM_THREADS": "1",
    }


def _failure(status: int, messages: bytes) -> str:
    if status == 0:
        return ""
    if status == -signal.SIGVTALRM:
        return "one calculation took too long"
    if status < 0:
        return f"it was stopped by signal {-status}, at its limit of time or memory"
    last = messages.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
    return f"it ended with status {status}: {last[0][:200]}"


def _sent(value: float | str | bool | ErrorValue) -> Any:
    return {"error": value.code} if isinstance(value, ErrorValue) else value


def _answer(line: str) -> Answer:
    try:
        answer: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return Answer(unable="an answer that is not JSON")
    if "error" in answer:
        error = ERRORS.get(answer["error"])
        return Answer(error) if error else Answer(unable=f"the error {answer['error']}, which this language lacks")
    value = answer.get("value")
    if isinstance(value, float) and not math.isfinite(value):
        return Answer(unable=f"the number {value}, which no cell holds")
    return Answer(float(value) if type(value) is int else value, answer.get("unable", ""))
