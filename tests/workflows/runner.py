"""A small runner of workflows: jobs in the order of their needs, conditions, files of the runner, `run:` steps in bash.

What GitHub's machines would fetch is replaced by a local equivalent of that name; an unknown `uses:` fails the test.
Not here: matrices, reusable workflows, containers, services, `defaults`, `working-directory`, time limits.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflows.parser import Parser, WorkflowError

KNOWN_JOB = {
    "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "steps", "env", "outputs",
}  # fmt: skip
KNOWN_STEP = {"name", "id", "if", "env", "run", "uses", "with", "continue-on-error"}


@dataclass
class StepResult:
    """`outcome`: success, failure or skipped."""

    name: str
    outcome: str
    output: str = ""


@dataclass
class JobResult:
    result: str
    steps: list[StepResult] = field(default_factory=list)
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        return "\n".join(f"# {step.name}: {step.outcome}\n{step.output}" for step in self.steps)


@dataclass
class Event:
    """What started the run. `secrets` are empty for a fork's request, and `writes` is False: so GitHub has it."""

    name: str
    payload: dict[str, Any]
    ref: str
    sha: str
    actor: str = "ada"
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    writes: bool = True


@dataclass
class Job:
    """One job while it runs: its machine's folder, what its steps left for later ones."""

    id: str
    folder: Path
    run: Run
    permissions: Mapping[str, str]
    token: str
    environment: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def may(self, name: str, level: str = "write") -> bool:
        """Whether the job's token has a permission."""
        return self.permissions.get(name) in ({"write"} if level == "write" else {"read", "write"})


Action = Callable[[Job, Mapping[str, str]], str]
"""A local equivalent: does what the action does and returns what it printed; RuntimeError where it would fail."""


@dataclass
class Run:
    """One run of one workflow. `actions` are the local equivalents by name; `give_token` makes a job's token."""

    parser: Parser
    folder: Path
    event: Event
    repository: str
    actions: Mapping[str, Action]
    give_token: Callable[[Mapping[str, str]], str]
    environment: Mapping[str, str]
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def start(self, workflow: Path) -> dict[str, JobResult] | None:
        """Every job's result; None where the event does not start this workflow."""
        told = self.parser.parse(workflow)
        if not _starts(told["events"], self.event):
            return None
        results: dict[str, JobResult] = {}
        waiting = {job["id"]: job for job in told["jobs"]}
        while waiting:
            ready = next(job for job in waiting.values() if not set(job["needs"]) & set(waiting))
            del waiting[ready["id"]]
            raw = told["raw"]["jobs"][ready["id"]]
            if unknown := set(raw) - KNOWN_JOB:
                raise WorkflowError(f"the runner does not know {sorted(unknown)} of job {ready['id']}")
            results[ready["id"]] = self._job(ready, raw, results, told["raw"])
        return results

    def _job(
        self, job: dict[str, Any], raw: dict[str, Any], results: Mapping[str, JobResult], whole: dict[str, Any]
    ) -> JobResult:
        needs = {name: {"result": results[name].result, "outputs": results[name].outputs} for name in job["needs"]}
        bad = any(each["result"] != "success" for each in needs.values())
        contexts = {**self._contexts(""), "needs": needs}
        if not self.parser.evaluate(job["if"], contexts, "failure" if bad else "success")[1]:
            return JobResult("skipped")
        permissions = raw.get("permissions", whole.get("permissions", {})) or {}
        if not self.event.writes:
            permissions = {name: "read" for name, level in permissions.items() if level != "none"}
        folder = self.folder / f"job-{job['id']}"
        (folder / "workspace").mkdir(parents=True)
        (folder / "temp").mkdir()
        running = Job(job["id"], folder, self, permissions, self.give_token(permissions))
        running.environment = self._rendered(raw.get("env", {}), contexts, "success")
        return self._steps(running, job, raw, needs)

    def _steps(self, job: Job, told: dict[str, Any], raw: dict[str, Any], needs: Mapping[str, Any]) -> JobResult:
        result, status = JobResult("success"), "success"
        for step, content in zip(told["steps"], raw["steps"], strict=True):
            if unknown := set(content) - KNOWN_STEP:
                raise WorkflowError(f"the runner does not know {sorted(unknown)} of a step")
            contexts = {**self._contexts(job.token), "needs": needs, "steps": job.steps, "env": dict(job.environment)}
            name = content.get("name") or content.get("uses") or step["id"]
            if not self.parser.evaluate(step["if"], contexts, status)[1]:
                result.steps.append(StepResult(name, "skipped"))
                continue
            done = self._step(job, name, content, contexts, status)
            result.steps.append(done)
            result.summary += _taken(job.folder / "summary")
            forgiven = content.get("continue-on-error") in (True, "true")
            outputs = _pairs(_taken(job.folder / "output"))
            job.steps[step["id"]] = {"outcome": done.outcome, "conclusion": done.outcome, "outputs": outputs}
            job.environment |= _pairs(_taken(job.folder / "env"))
            job.path[:0] = _taken(job.folder / "path").split()
            if done.outcome == "failure" and not forgiven:
                status = "failure"
        result.result = status
        contexts = {**self._contexts(job.token), "needs": needs, "steps": job.steps}
        result.outputs = self._rendered(raw.get("outputs", {}), contexts, status)
        return result

    def _step(self, job: Job, name: str, content: dict[str, Any], contexts: dict[str, Any], status: str) -> StepResult:
        if "uses" in content:
            known = self.actions.get(content["uses"].partition("@")[0])
            if known is None:
                raise WorkflowError(f"there is no local equivalent of {content['uses']}")
            try:
                given = self._rendered(content.get("with", {}), contexts, status)
                return StepResult(name, "success", known(job, given))
            except RuntimeError as error:
                return StepResult(name, "failure", str(error))
        environment = self._rendered(content.get("env", {}), contexts, status)
        script = self.parser.render(content["run"], contexts, status)
        return StepResult(name, *self._bash(job, script, environment))

    def _bash(self, job: Job, script: str, environment: Mapping[str, str]) -> tuple[str, str]:
        """`bash -e`, GitHub's default for a `run` without a shell."""
        place = job.folder / "step.sh"
        place.write_text(script)
        whole = {
            **self.environment,
            "PATH": os.pathsep.join([*job.path, "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(job.folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_EVENT_PATH": str(self._event_file()),
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_SHA": self.event.sha,
            "GITHUB_REF": self.event.ref,
            "GITHUB_WORKSPACE": str(job.workspace),
            "RUNNER_TEMP": str(job.folder / "temp"),
            **{f"GITHUB_{name.upper()}": str(job.folder / name) for name in ("output", "env", "path")},
            "GITHUB_STEP_SUMMARY": str(job.folder / "summary"),
            **job.environment,
            **environment,
        }
        done = subprocess.run(
            ["bash", "-e", str(place)], cwd=job.workspace, env=whole, text=True, timeout=110, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return ("success" if done.returncode == 0 else "failure"), done.stdout

    def _event_file(self) -> Path:
        place = self.folder / "event.json"
        place.write_text(json.dumps(self.event.payload))
        return place

    def _contexts(self, token: str) -> dict[str, Any]:
        event = self.event
        github = {
            "event": event.payload,
            "event_name": event.name,
            "repository": self.repository,
            "ref": event.ref,
            "sha": event.sha,
            "actor": event.actor,
            "run_id": "4711",
            "workflow": "tested",
            "token": token,
        }
        empty: dict[str, Any] = {}
        known = {"github": github, "vars": dict(event.variables), "secrets": dict(event.secrets)}
        return {**known, "needs": empty, "steps": empty, "env": empty}

    def _rendered(self, values: Mapping[str, Any], contexts: Mapping[str, Any], status: str) -> dict[str, str]:
        return {key: str(self.parser.render(value, contexts, status)) for key, value in (values or {}).items()}


def _starts(events: Mapping[str, Any], event: Event) -> bool:
    """Whether the event is one that the workflow waits for: by name, branch and type. Paths are not looked at."""
    if event.name not in events:
        return False
    filters = events[event.name] or {}
    if isinstance(filters, dict) and "branches" in filters:
        return event.ref.removeprefix("refs/heads/") in filters["branches"]
    if isinstance(filters, dict) and "types" in filters:
        return event.payload.get("action") in filters["types"]
    return True


def _taken(place: Path) -> str:
    """What a step wrote into one of the runner's files, which the next step finds empty."""
    text = place.read_text() if place.exists() else ""
    place.unlink(missing_ok=True)
    return text


def _pairs(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
