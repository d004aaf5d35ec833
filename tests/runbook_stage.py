"""Everything that an operator runs, on this machine: sheet, GitHub, hub, follower, two services, Redis, PostgreSQL, a
provider of models and another, a tracing backend, Prometheus with the shipped rules; and a shell in the checkout."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import loopback
from acceptance.service_process import start
from acceptance.stage import Stage
from acceptance.test_alerts_end_to_end import again
from hub_stage import ACK, FLEET, SECRET, HubStage, hub_stage
from mergecells.adapters.packaged_template import read_template
from postgres_stage import Postgres
from prometheus_stage import Prometheus, Receiver, alertmanager, free_port, prometheus, receiver, until
from redis_server import RedisServer
from runbook_pages import FOLDER
from standins.llm import openai_api
from standins.llm.server import Asked, ModelServer, Reply, model_server
from standins.otlp import OtlpReceiver, otlp_receiver

LLM_TOKEN = "llm-0123456789abcdef0123456789abcdef"
TEXT = "Titles for leads"
PROMPT = "/v1/prompts/title_generation/complete"


@dataclass
class Program:
    """One of ours, started again by `restart NAME`."""

    arguments: list[str]
    url: str
    log: Path
    environ: dict[str, str]
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = start(self.arguments, self.log, **self.environ)
        until(self.answers, f"for {self.url}: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def answers(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log.read_text()[-3000:]
        with contextlib.suppress(httpx.HTTPError):
            return loopback.get(f"{self.url}/metrics", timeout=5).status_code in {200, 401}
        return False


@dataclass
class Provider:
    """A stand-in for a provider that can fail, and be slow."""

    server: ModelServer
    failing: int = 0
    delay: float = 0.0
    finish: str = "stop"
    cut: bool = False
    """Whether connections break off in the middle of an answer."""

    def respond(self, asked: Asked) -> Reply:
        if self.failing:
            return openai_api.error(self.failing)
        if asked.body.get("stream"):
            return openai_api.stream(TEXT)
        return dataclasses.replace(openai_api.answer(TEXT, finish=self.finish), delay=self.delay, cut=self.cut)


@dataclass
class Demo:
    folder: Path
    hub: HubStage
    provider: Provider
    second: Provider
    redis: RedisServer
    postgres: Postgres
    traces: OtlpReceiver
    programs: dict[str, Program] = field(default_factory=dict)
    prometheus: Prometheus = field(default=None)  # type: ignore[assignment]
    told: Receiver = field(default_factory=Receiver)
    environ: dict[str, str] = field(default_factory=dict)
    unique: bool = False
    """Whether callers ask what they never asked before."""
    persona: str = "sales"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def branch(self) -> Stage:
        """The repository on the host, where somebody else merges."""
        return Stage(self.hub.checkout.root, self.hub.github.store.folder)

    @property
    def head(self) -> str:
        return self.hub.github.store.sha("refs/heads/main") or ""

    @property
    def first(self) -> str:
        """The revision with which everything began."""
        return self.hub.checkout.git("rev-list", "--max-count=1", "--grep=Google and GitHub", "HEAD")

    def restore(self) -> None:
        """The files of the first revision again, as somebody else's commit on top, where they differ."""
        bare = ["git", "-C", str(self.hub.github.store.folder)]
        who = ["-c", "user.name=Carl", "-c", "user.email=carl@example.org"]
        tree, first = (_git(*bare, "rev-parse", f"{revision}^{{tree}}") for revision in (self.head, self.first))
        if tree != first:
            made = _git(*bare, *who, "commit-tree", first, "-p", self.head, "-m", "As it was at first")
            _git(*bare, "update-ref", "refs/heads/main", made, self.head)

    def push(self, old: str, new: str, file: str = "scoring/rules.yaml") -> str:
        return self.branch.push(old, new, file)

    def live(self) -> bool:
        """Whether both services run the head."""
        return all(self.runs(name) == self.head for name in ("service", "service-2"))

    def runs(self, name: str) -> str | None:
        document = loopback.get(f"{self.programs[name].url}/internal/config").json()
        revision: str | None = document["revision"]
        return revision

    def fires(self, alert: str, **labels: str) -> bool:
        wanted = "".join(f', {name}="{value}"' for name, value in labels.items())
        return bool(self.prometheus.query(f'ALERTS{{alertname="{alert}", alertstate="firing"{wanted}}}'))

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.secrets / 'llm_token').read_text().strip()}", **more}

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """To the first service, as a caller that may call models."""
        url = self.programs["service"].url + path
        return loopback.post(url, json=body, headers=self.headers(**headers), timeout=60)

    def ask(self) -> None:
        """What callers do all the time: score, and call a model."""
        time.sleep(0.2)
        headers = self.headers()
        for name in ("service", "service-2"):
            with contextlib.suppress(httpx.HTTPError, OSError):
                url = self.programs[name].url
                lead = {"years": 12, "employees": 240, "industry": "Software"}
                loopback.post(f"{url}/v1/score/batch", json=[{}, lead, {"years": "many"}], timeout=20)
                loopback.post(f"{url}/v1/score", json=lead, timeout=20)
                for _ in range(3):
                    topic = uuid.uuid4().hex if self.unique else "leads"
                    body = {"inputs": {"topic": topic}, "persona": self.persona, "workflow": "outreach"}
                    loopback.post(f"{url}{PROMPT}", json=body, headers=headers, timeout=20)


def _git(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Shell:
    """One bash for a whole runbook, as somebody has it open: variables and the folder stay from block to block."""

    END = "--- end of the block"

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environ,
        )
        self.run(f". {FOLDER}/env.sh\n")

    def run(self, commands: str) -> tuple[str, int]:
        """(what was printed, the exit status of the last command)."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{commands}printf '\\n{self.END} %s\\n' $?\n")
        self.process.stdin.flush()
        shown: list[str] = []
        for line in self.process.stdout:
            if line.startswith(self.END):
                return "".join(shown).strip(), int(line.split()[-1])
            shown.append(line)
        raise AssertionError("".join(shown))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end:
                end.close()


def _template(first: str, second: str) -> dict[str, bytes]:
    """The template's routes, to two servers of our own; for calculations there is little patience."""
    text = read_template()["prompts/routing.yaml"].decode()

    def ours(found: re.Match[str]) -> str:
        url, key = (first, "OPENAI_API_KEY") if found[1] == "openai" else (second, "ANTHROPIC_API_KEY")
        return f'  {found[1]}: {{kind: openai-compatible, base_url: "{url}", key_env: {key}}}'

    text = re.sub(r"(?m)^  (\w+): \{kind: .*$", ours, text).replace("timeout_s: 90", "timeout_s: 1")
    return {"prompts/routing.yaml": text.encode()}


@contextlib.contextmanager
def demo(folder: Path, patch: pytest.MonkeyPatch, postgres: Postgres, alerts: bool = False) -> Iterator[Demo]:
    """All of it, healthy and under load; with `alerts`, Alertmanager tells `Demo.told`."""
    ports = {name: free_port() for name in ("service", "service-2", "follower", "hub", "redis")}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with contextlib.ExitStack() as stack:
        first = Provider(stack.enter_context(model_server(openai_api.respond)))
        second = Provider(stack.enter_context(model_server(openai_api.respond)))
        for provider in (first, second):
            provider.server.respond = provider.respond
        manifest = f"services: ['{urls['service']}', '{urls['service-2']}']\n"
        more = _template(first.server.url, second.server.url)
        hub = stack.enter_context(hub_stage(folder, patch, manifest, more=more))
        redis = RedisServer("--port", str(ports["redis"]))
        stack.callback(redis.stop)
        traces = stack.enter_context(otlp_receiver())
        made = Demo(folder, hub, first, second, redis, postgres, traces)
        _secrets(made, patch, f"redis://127.0.0.1:{ports['redis']}/0")
        _programs(made, ports, urls)
        for name in ("follower", "hub", "service", "service-2"):
            stack.callback(made.programs[name].stop)
            made.programs[name].start()
        until(made.live)
        targets = {
            "mergecells-service": [urls["service"], urls["service-2"]],
            "mergecells-follow": [urls["follower"]],
            "mergecells-hub": [urls["hub"]],
        }
        made.told = stack.enter_context(receiver())
        manager = stack.enter_context(alertmanager(folder, made.told)) if alerts else None
        made.prometheus = stack.enter_context(
            prometheus(folder / "prometheus", targets, manager, token=made.secrets / "hub_fleet_token")
        )
        made.environ = _shell(made, urls, stack.enter_context(_restarts(made)))
        made.ask()
        stack.enter_context(again(made.ask))
        yield made


def _secrets(made: Demo, patch: pytest.MonkeyPatch, redis_url: str) -> None:
    """Each in a file of its own, as containers get them; none in the environment."""
    made.secrets.mkdir()
    values = {
        "reload_token": "reload-0123456789abcdef",
        "llm_token": LLM_TOKEN,
        "hub_ack_token": ACK,
        "hub_fleet_token": FLEET,
        "hub_webhook_secret": SECRET,
        "redis_url": redis_url,
        "history_url": made.postgres.new_database(),
        "openai_api_key": "sk-first",
        "anthropic_api_key": "sk-second",
        "google_credentials": (made.folder / "key.json").read_text(),
        "github_token": "app",
    }
    for name, value in values.items():
        (made.secrets / name).write_text(value)
    for name in ("ACK_TOKEN", "FLEET_TOKEN", "WEBHOOK_SECRET"):
        patch.delenv(f"MERGECELLS_HUB_{name}")
    patch.setenv("MERGECELLS_GOOGLE_CREDENTIALS", str(made.secrets / "google_credentials"))
    patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for variable, name in {
        "MERGECELLS_CACHE_URL": "redis_url",
        "MERGECELLS_LEDGER_URL": "redis_url",
        "MERGECELLS_HISTORY_URL": "history_url",
    }.items():
        patch.setenv(f"{variable}_FILE", str(made.secrets / name))


def _programs(made: Demo, ports: dict[str, int], urls: dict[str, str]) -> None:
    live, root = made.folder / "live", made.hub.checkout.root
    live.mkdir()
    files = {
        "MERGECELLS_RELOAD_TOKEN": "reload_token",
        "MERGECELLS_LLM_TOKEN": "llm_token",
        "MERGECELLS_HUB_ACK_TOKEN": "hub_ack_token",
        "OPENAI_API_KEY": "openai_api_key",
        "ANTHROPIC_API_KEY": "anthropic_api_key",
    }
    serving = {f"{name}_FILE": str(made.secrets / file) for name, file in files.items()} | {
        "OTEL_EXPORTER_OTLP_ENDPOINT": made.traces.base,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "MERGECELLS_LLM_CALLS_PER_MINUTE": "100000",
    }
    hub = {
        f"MERGECELLS_HUB_{name.upper()}_FILE": str(made.secrets / f"hub_{name}")
        for name in ("ack_token", "fleet_token", "webhook_secret")
    } | {"MERGECELLS_HUB_POLL_SECONDS": "0.5", "MERGECELLS_HUB_DRIFT_SECONDS": "1", "MERGECELLS_HUB_ROLLBACK": "no"}
    for name in ("service", "service-2"):
        arguments = ["serve", "--config", str(live / "current"), "--port", str(ports[name]), "--hub", urls["hub"]]
        environ = serving | {"MERGECELLS_STATE_DIR": str(made.folder / f"state-{name}")}
        made.programs[name] = Program(arguments, urls[name], made.folder / f"{name}.log", environ)
    follow = ["follow", str(made.hub.github.store.folder), str(live), "--interval", "0.2"]
    follow += ["--metrics-port", str(ports["follower"])]
    made.programs["follower"] = Program(follow, urls["follower"], made.folder / "follower.log", {})
    arguments = ["--config-root", str(root), "hub", "--port", str(ports["hub"])]
    made.programs["hub"] = Program(arguments, urls["hub"], made.folder / "hub.log", hub)


def _shell(made: Demo, urls: dict[str, str], restart: str) -> dict[str, str]:
    """What somebody has set: where things are, `restart`, the checkout with its remote, and who they are for git."""
    root, bare = made.hub.checkout.root, made.hub.github.store.folder
    for key, value in {
        f"url.{bare}.insteadOf": "git@github.com:acme/leads.git",
        "user.name": "Ada",
        "user.email": "ada@example.org",
        "advice.detachedHead": "false",
    }.items():
        subprocess.run(["git", "-C", root, "config", key, value], check=True)
    subprocess.run(["git", "-C", root, "fetch", "-q"], check=True)
    subprocess.run(["git", "-C", root, "branch", "-q", "-u", "origin/main"], check=True)
    programs = made.folder / "bin"
    programs.mkdir()
    (programs / "restart").write_text(f'#!/bin/sh\nexec curl -sSf --noproxy "*" "{restart}/$1"\n')
    (programs / "restart").chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PROMETHEUS": made.prometheus.url,
        "SERVICE": urls["service"],
        "HUB": urls["hub"],
        "REPO": str(bare),
        "LIVE": str(made.folder / "live"),
        "SECRETS": str(made.secrets),
        "RULES": str(made.folder / "prometheus" / "rules.yml"),
        "NO_COLOR": "1",
        "COLUMNS": "160",
        "GIT_EDITOR": "true",
        "no_proxy": "*",
    }


@contextlib.contextmanager
def _restarts(made: Demo) -> Iterator[str]:
    """What the program `restart` asks: its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            program = made.programs[self.path.strip("/")]
            program.stop()
            program.start()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
