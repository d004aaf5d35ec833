"""Real processes of the demo: each command of the story is the `mergecells` that a person would type."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergecells.domain.errors import MergecellsError

STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command ended."""

    status: int
    output: str
    messages: str

    @property
    def result(self) -> Any:
        """The JSON document that the command printed."""
        return json.loads(self.output)


@dataclass(slots=True)
class Stage:
    """Runs commands in one folder and stops on leaving whatever is still running."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            if process.poll() is None:
                process.kill()
                process.wait()

    def run(self, *arguments: str, expect: int | None = 0, folder: Path | None = None) -> Outcome:
        """One `mergecells` command to its end. Raises MergecellsError when its status is not `expect`."""
        command = [sys.executable, "-m", "mergecells", *arguments]
        done = self._execute(command, folder)
        if expect is not None and done.status != expect:
            shown = " ".join(("mergecells", *arguments))
            raise MergecellsError(f"`{shown}` ended with {done.status}, not {expect}:\n{done.output}{done.messages}")
        return done

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """One git command; its output without the last line break."""
        done = self._execute(["git", *arguments], folder)
        if done.status != 0:
            raise MergecellsError(f"`git {' '.join(arguments)}` failed: {done.messages.strip()}")
        return done.output.strip()

    def start(self, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """A `mergecells` command that keeps running, its output in `log`."""
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "mergecells", *arguments],
                cwd=self.folder,
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        return process

    def _execute(self, command: Sequence[str], folder: Path | None) -> Outcome:
        done = subprocess.run(
            command,
            cwd=folder or self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.environment}
