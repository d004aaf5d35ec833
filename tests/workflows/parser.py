"""GitHub's own parser and expression evaluator, in one Node process for all tests (tools/workflows)."""

from __future__ import annotations

import fcntl
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parents[2] / "tools" / "workflows"


class WorkflowError(AssertionError):
    """What GitHub would refuse to run, or the runner does not know."""


@dataclass
class Parser:
    process: subprocess.Popen[str]

    def parse(self, path: Path) -> dict[str, Any]:
        """Events, jobs with their conditions, and the whole file. Raises WorkflowError with GitHub's own words."""
        told = self._ask({"path": str(path)})
        if told["errors"]:
            raise WorkflowError(f"{path.name}: {told['errors']}")
        return told

    def evaluate(self, expression: str, contexts: Mapping[str, Any], status: str) -> tuple[str, bool]:
        """The value as text, and whether it counts as true."""
        told = self._ask({"expression": expression, "contexts": contexts, "status": status})
        return told["text"], told["truth"]

    def render(self, value: Any, contexts: Mapping[str, Any], status: str) -> Any:
        """A value of the file with its expressions put in."""
        if isinstance(value, dict) and set(value) == {"$"}:
            return self.evaluate(value["$"], contexts, status)[0]
        if isinstance(value, dict):
            return {key: self.render(each, contexts, status) for key, each in value.items()}
        return [self.render(each, contexts, status) for each in value] if isinstance(value, list) else value

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"failed": "the parser ended"}')
        if "failed" in told:
            raise WorkflowError(told["failed"])
        return told


@contextmanager
def parsing() -> Iterator[Parser]:
    """Installs the packages where they are missing, from the lock."""
    with (TOOLS / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (TOOLS / "node_modules" / "@actions").is_dir():
            command = ["npm", "ci", "--prefix", str(TOOLS), "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, check=True, capture_output=True, timeout=100)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["node", "serve.mjs"], cwd=TOOLS, text=True, **pipes) as process:
        yield Parser(process)
        assert process.stdin
        process.stdin.close()
