"""The processes of a soak: publisher, follower, services; all stopped at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from soak.story import Published

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
Program = Sequence[str]
SHIPPED: Program = (sys.executable, "-m", "mergecells")


@dataclass
class Telling:
    """The publisher, and what it has told so far."""

    process: subprocess.Popen[str]
    published: list[Published] = field(default_factory=list)
    reader: threading.Thread | None = None

    def begin(self, every: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{every}\n")
        self.process.stdin.flush()

    def listen(self) -> None:
        """Read on in a thread what is told."""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.published.append(Published(**json.loads(line)))

    def end(self) -> None:
        """All is told afterwards. Raises AssertionError when it had failed."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0, "the publisher failed"
        assert self.reader is not None
        self.reader.join()


@dataclass(frozen=True)
class Instance:
    """One `mergecells serve`."""

    name: str
    process: subprocess.Popen[str]
    port: int
    log: Path


@dataclass(frozen=True)
class Stage:
    telling: Telling
    follower: subprocess.Popen[str]
    instances: tuple[Instance, ...]
    folder: Path


@contextmanager
def running(command: Sequence[str], log: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose stdin and stdout are pipes and whose stderr is appended to `log`; ended with the block."""
    with log.open("a") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS), **environ},
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def stage(folder: Path, provider: str, programs: Sequence[Program]) -> Iterator[Stage]:
    """A repository with one revision, a follower, and one service for each of `programs`, all ready."""
    live = folder / "live"
    live.mkdir(parents=True)
    environ = {
        "XDG_STATE_HOME": str(folder / "state"),
        "MERGECELLS_LLM_CALLS_PER_MINUTE": "1000000",
        "SOAK_KEY": "a-key",
    }
    with ExitStack() as stack:
        command = [sys.executable, "-m", "soak.publisher", str(folder / "rules.git"), str(live), provider]
        telling = Telling(stack.enter_context(running(command, folder / "publisher.log")))
        telling.listen()
        stack.callback(lambda: telling.process.poll() is None and telling.end())
        _until(lambda: bool(telling.published), folder / "publisher.log")
        follow = [*SHIPPED, "follow", str(folder / "rules.git"), str(live), "--interval", "0.1"]
        follower = stack.enter_context(running(follow, folder / "follower.log", **environ))
        _until((live / "current").exists, folder / "follower.log")
        started = [
            stack.enter_context(
                running(
                    [*program, "serve", "--config", str(live / "current"), "--port", "0"],
                    folder / f"service-{number}.log",
                    MERGECELLS_STATE_DIR=str(folder / f"state-{number}"),
                    **environ,
                )
            )
            for number, program in enumerate(programs, 1)
        ]
        instances = tuple(
            _ready(number, process, folder / f"service-{number}.log") for number, process in enumerate(started, 1)
        )
        yield Stage(telling, follower, instances, live)


def _ready(number: int, process: subprocess.Popen[str], log: Path) -> Instance:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://"), f"no service: {log.read_text()[-2000:]}"
    return Instance(f"service {number}", process, int(url.rpartition(":")[2]), log)


def _until(condition: object, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.02)
