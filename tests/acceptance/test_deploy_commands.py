"""The commands of the container file, of compose and of the Kubernetes manifests, started for real outside a container.

Same arguments and variables; what a container brings is stood in for: mounted folders lie below the test's folder, the
address is a free port of this machine, the home folder cannot be written, and only the packages of that image can be
imported. The health checks are the images' own. Compose
and Kubernetes give the same commands (tests/unit/deploy), so each is started once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

import loopback
from acceptance.service_process import files, publish, sha, until
from acceptance.stage import ADA, command
from deploy_files import REPOSITORY, compose, containers, extras_of, last, pods, variables
from hub_stage import HubStage, hub_stage

sys.path.insert(0, str(REPOSITORY / "tools"))
import lock_subset

GUARD = """
import json, os, sys
hidden = frozenset(json.loads(os.environ["HIDDEN_PACKAGES"]))
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""
HEALTH = REPOSITORY / "deploy" / "containers" / "health.py"
COMPOSE: dict[str, dict[str, Any]] = compose()["services"]
PODS = {name: containers(template) for name, _, template in pods()}


def _from_compose(name: str) -> tuple[str, list[str], dict[str, str]]:
    service = COMPOSE[name]
    # `${NAME:-default}` is the default where nothing is set.
    environ = {key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for key, value in service.get("environment", {}).items()}
    return service["build"]["target"], service["command"], environ


def _from_pod(pod: str, name: str) -> tuple[str, list[str], dict[str, str]]:
    (found,) = [container for container in PODS[pod] if container["name"] == name]
    environ = {entry["name"]: entry["value"] for entry in found.get("env", []) if "value" in entry}
    return found["image"].removeprefix("mergecells-"), found["args"], environ


def _from_image(target: str) -> tuple[str, list[str], dict[str, str]]:
    return target, json.loads(last(target, "CMD")), {}


SERVE = {
    "image service": _from_image("service"),
    "compose service-1": _from_compose("service-1"),
}
FOLLOW = {"compose follower": _from_compose("follower")}
HUB = {"kubernetes hub": _from_pod("hub/hub", "hub")}


def hidden_packages(extras: list[str]) -> list[str]:
    """The modules of this environment that an image with these extras does not hold."""
    lock = lock_subset.read_lock((REPOSITORY / "requirements.lock").read_text())
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    there = {*lock_subset.subset(lock, lock_subset.wanted(project, extras, [])), "mergecells"}
    found = packages_distributions()
    return sorted(name for name, made in found.items() if not there & {lock_subset.normal(one) for one in made})


class Container:
    """A process that is given what a container would be, as far as a test can."""

    def __init__(self, folder: Path, target: str, argv: list[str], environ: dict[str, str]) -> None:
        for name in ("srv", "state", "secrets", "guard", "tmp"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "guard" / "sitecustomize.py").write_text(GUARD)
        self.folder, self.log = folder, folder / "log"
        self.environ = {
            "PATH": os.environ["PATH"],
            **{name: self.moved(value) for name, value in {**variables(target), **environ}.items() if name != "PATH"},
            # Nothing can be made below /proc, by whatever user.
            "HOME": "/proc/no-home",
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(folder / "guard"),
            "HIDDEN_PACKAGES": json.dumps(hidden_packages(extras_of(target))),
        }
        for name in re.findall(r"/secrets/(\w+)", " ".join(self.environ.values())):
            # Stores that are not there: a service must start without them.
            text = "redis://127.0.0.1:9/0" if name == "redis_url" else f"{name}-0123456789abcdef0123456789abcdef"
            text = "postgresql+psycopg://mergecells@127.0.0.1:9/none" if name == "history_url" else text
            (folder / "secrets" / name).write_text(f"{text}\n")
        self.argv = [self.moved(word) for word in argv]
        self.process: subprocess.Popen[str] | None = None

    def moved(self, text: str) -> str:
        """The mounted folders and the address, where a test has them."""
        text = re.sub(r"^/srv/", f"{self.folder}/srv/", text)
        text = re.sub(r"^/var/lib/mergecells", f"{self.folder}/state", text)
        text = re.sub(r"^/run/secrets/(?:mergecells/|git/)?", f"{self.folder}/secrets/", text)
        return {"8800": "0", "8801": "0", "8900": "0", "0.0.0.0": "127.0.0.1"}.get(text, text)

    def start(self, **more: str) -> str:
        """Start it; the address that it tells, or nothing for a follower."""
        with self.log.open("a") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mergecells", *self.argv],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=sink, text=True, cwd="/",
                env={**self.environ, **more},
            )  # fmt: skip
        assert self.process.stdout is not None
        told = self.process.stdout.readline().strip() if self.argv[0] != "follow" else ""
        assert told.startswith("http://127.0.0.1:") or self.argv[0] == "follow", (told, self.log.read_text())
        return told

    def stop(self) -> int:
        """The exit status after SIGTERM."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


def healthy(target: str, url: str, folder: Path) -> int:
    """The exit status of the image's own health check."""
    words = json.loads(last(target, "HEALTHCHECK").split("CMD ", 1)[1])
    assert words[0] == "mergecells-health"
    aim = re.sub(r"^http://127\.0\.0\.1:\d+", url, words[1]).replace("/srv/", f"{folder}/srv/")
    return subprocess.run([sys.executable, "-I", HEALTH, aim], capture_output=True, check=False).returncode


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[Container]]:
    containers_made: list[Container] = []
    yield containers_made
    for container in containers_made:
        container.kill()


@pytest.mark.parametrize("name", SERVE)
def test_service_starts_waits_for_a_config_serves_it_and_ends_calmly(
    tmp_path: Path, made: list[Container], name: str
) -> None:
    """Alive at once, ready when a follower has published, with the last known good kept in the mounted state folder."""
    target, argv, environ = SERVE[name]
    container = Container(tmp_path, target, argv, environ)
    made.append(container)
    url = container.start()
    with loopback.Client(base_url=url, timeout=60) as client:
        assert healthy(target, url, tmp_path) == 0
        assert client.get("/readyz").status_code == 503
        (tmp_path / "srv" / "config").mkdir()
        publish(tmp_path / "srv" / "config", 1, 70)
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/score", json={"years": 10}).headers["x-config-revision"] == sha(1)
        assert "_config_info" in client.get("/metrics").text
        if "MERGECELLS_RELOAD_TOKEN_FILE" in environ:
            token = (tmp_path / "secrets" / "reload_token").read_text().strip()
            answer = client.post("/internal/reload", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 202
    assert list((tmp_path / "state").rglob("rules.yaml"))
    assert container.stop() == 0
    assert healthy(target, url, tmp_path) == 1
    lines = [json.loads(line) for line in container.log.read_text().splitlines()]
    assert {"service.start", "service.stop"} <= {line["event"] for line in lines}
    assert [line for line in lines if "No module named" in json.dumps(line)] == []


@pytest.mark.parametrize("name", FOLLOW)
def test_follower_publishes_for_a_service_and_ends_calmly(tmp_path: Path, made: list[Container], name: str) -> None:
    """Healthy once something is published, with nothing but its own packages, also where a commit has prompts."""
    target, argv, environ = FOLLOW[name]
    root = tmp_path / "leads"
    assert command("init", root, "--author", ADA).status == 0
    words = {"${REPOSITORY:?set REPOSITORY in .env}": str(root), "${BRANCH:-main}": "main"}
    words |= {"$(REPOSITORY)": str(root), "$(BRANCH)": "main"}
    container = Container(tmp_path, target, [words.get(word, word) for word in argv], environ)
    made.append(container)
    (tmp_path / "srv" / "config").mkdir()
    assert healthy(target, "", tmp_path) == 1
    container.start()
    until(lambda: healthy(target, "", tmp_path) == 0)
    published = Path(os.readlink(tmp_path / "srv" / "config" / "current"))
    head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert published.name == head.strip()
    assert container.stop() == 0
    assert "No module named" not in container.log.read_text()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStage]:
    with pytest.MonkeyPatch.context() as patch, hub_stage(tmp_path_factory.mktemp("hub"), patch, small=True) as built:
        yield built


@pytest.mark.parametrize("name", HUB)
def test_hub_becomes_ready_with_its_own_packages_and_ends_calmly(
    stage: HubStage, tmp_path: Path, made: list[Container], name: str
) -> None:
    """With its secrets from files. Google and GitHub are stood in for: addresses and accounts are the stage's."""
    target, argv, environ = HUB[name]
    place = "/srv/repository/checkout" if "/srv/repository/checkout" in argv else "/srv/repository"
    taken = {name: value for name, value in environ.items() if value and not re.search("APP_KEY|GOOGLE_CRED", name)}
    container = Container(tmp_path, target, argv, taken)
    made.append(container)
    checkout = Path(container.moved(place))
    checkout.parent.mkdir(parents=True, exist_ok=True)
    checkout.symlink_to(stage.checkout.root)
    chosen = {name: value for name, value in stage.environ.items() if f"{name}_FILE" not in taken and name not in taken}
    url = container.start(**chosen)
    with loopback.Client(base_url=url, timeout=60) as client:
        assert healthy(target, url, tmp_path) == 0
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/metrics").status_code == 401
        token = (tmp_path / "secrets" / "hub_fleet_token").read_text().strip()
        assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert (tmp_path / "state" / "hub.sqlite").is_file()
    assert container.stop() == 0
    assert "No module named" not in container.log.read_text()


def _swap(link: Path, target: str) -> None:
    """As git-sync 4 publishes: a new link, renamed over the old one."""
    (link.parent / "new").symlink_to(target)
    (link.parent / "new").replace(link)


def test_service_behind_git_sync_runs_the_commit_without_git_and_refuses_a_bad_one(
    tmp_path: Path, made: list[Container]
) -> None:
    """`--root` with `.worktrees/<sha>` made by git's own work trees, and `--link=current`: the SHA is the revision."""
    target, argv, environ = _from_pod("git-sync/leads", "service")
    container = Container(tmp_path, target, argv, environ)
    made.append(container)
    config = tmp_path / "srv" / "config"
    config.mkdir()

    def git(*words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(["git", "-C", config, *who, *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(content: dict[str, bytes]) -> str:
        """A commit of the upstream, fetched, in a work tree of its own."""
        upstream = tmp_path / "upstream"
        if not upstream.is_dir():
            subprocess.run(["git", "init", "-q", "-b", "main", upstream], check=True)
            git("init", "-q")
        for name, data in content.items():
            (upstream / name).parent.mkdir(parents=True, exist_ok=True)
            (upstream / name).write_bytes(data)
        subprocess.run(["git", "-C", upstream, "add", "-A"], check=True)
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", upstream, *who, "commit", "-qm", "x"], check=True)
        git("fetch", "-q", "--depth", "1", str(upstream), "main")
        revision = git("rev-parse", "FETCH_HEAD")
        git("worktree", "add", "-q", "--force", "--detach", f".worktrees/{revision}", revision)
        _swap(config / "current", f".worktrees/{revision}")
        return revision

    first = commit(files(70))
    (tmp_path / "no-git").mkdir()
    url = container.start(PATH=str(tmp_path / "no-git"))
    with loopback.Client(base_url=url, timeout=60) as client:

        def revision() -> str:
            return client.post("/v1/score", json={"years": 10}).headers["x-config-revision"]

        until(lambda: revision() == first)
        second = commit(files(50))
        until(lambda: revision() == second)
        bad = files(50)
        bad["scoring/rules.yaml"] = bad["scoring/rules.yaml"].replace(b"weight: 1\n", b"weight: 0.5\n")
        third = commit(bad)
        report = until(lambda: (told := client.get("/internal/config").json())["rejected"] and told)
        assert (report["revision"], report["rejected"]["revision"]) == (second, third)
        assert (revision(), client.get("/readyz").status_code) == (second, 200)


def test_service_behind_a_config_map_takes_what_the_kubelet_swaps(tmp_path: Path, made: list[Container]) -> None:
    """Keys go where the manifest's `items` say; a new ConfigMap is one whole config in the place of another."""
    target, argv, environ = _from_pod("configmap/leads", "service")
    container = Container(tmp_path, target, argv, environ)
    made.append(container)
    config = tmp_path / "srv" / "config"
    config.mkdir()
    (template,) = [template for name, _, template in pods() if name == "configmap/leads"]
    (volume,) = [volume for volume in template["spec"]["volumes"] if volume["name"] == "config"]
    page = re.sub(r"\\\n\s*", "", (REPOSITORY / "docs" / "deploy.md").read_text())
    keys = dict(re.findall(r"--from-file=([\w.]+)=(\S+)", page[page.index("create configmap mergecells-config") :]))
    assert {item["key"]: item["path"] for item in volume["configMap"]["items"]} == keys

    def mount(stamp: str, points: float) -> None:
        content = {**files(points), "scoring/examples.yaml": b"examples: {}\n"}
        for key, path in keys.items():
            (config / stamp / path).parent.mkdir(parents=True, exist_ok=True)
            (config / stamp / path).write_bytes(content[keys[key]])
        _swap(config / "..data", stamp)
        for top in {path.split("/")[0] for path in keys.values()}:
            if not (config / top).is_symlink():
                (config / top).symlink_to(f"..data/{top}")

    mount("..2026_01_01", 70)
    url = container.start()
    with loopback.Client(base_url=url, timeout=60) as client:

        def score() -> float:
            points: float = client.post("/v1/score", json={"years": 10}).json()["score"]
            return points

        until(lambda: client.get("/readyz").status_code == 200)
        assert score() == 70
        mount("..2026_01_02", 50)
        until(lambda: score() == 50)
