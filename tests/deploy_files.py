"""What the files of deploy/ say, read as their own programs read them."""

from __future__ import annotations

import fnmatch
import gzip
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typer
import yaml

from mergecells.apps.cli.main import build_app

REPOSITORY = Path(__file__).resolve().parents[1]
DEPLOY = REPOSITORY / "deploy"
CONTAINERFILE = DEPLOY / "containers" / "Containerfile"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"


@dataclass
class Stage:
    """One `FROM … AS name` of the Containerfile with its instructions, in order."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


@cache
def stages() -> dict[str, Stage]:
    """The stages by name; continued lines are one, comments are gone."""
    lines = [line for line in CONTAINERFILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    found: dict[str, Stage] = {}
    stage = Stage("", "")
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(name, base)
        elif stage.name:
            stage.steps.append((word, rest.strip()))
    return found


def chain(name: str) -> list[tuple[str, str]]:
    """All instructions that make the image of a stage, those of what it builds on first."""
    stage = stages()[name]
    return [*(chain(stage.base) if stage.base in stages() else []), *stage.steps]


def last(name: str, word: str) -> str:
    """What the last instruction of that name says, such as CMD."""
    return [rest for instruction, rest in chain(name) if instruction == word][-1]


def variables(name: str) -> dict[str, str]:
    """The environment of a stage."""
    pairs = [part for word, rest in chain(name) if word == "ENV" for part in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def extras_of(name: str) -> list[str]:
    """The extras whose packages an image holds."""
    (source,) = [rest.split()[0][7:] for word, rest in chain(name) if word == "COPY" and rest.startswith("--from=")]
    return [extra for word, rest in chain(source) if word == "RUN" for extra in re.findall(r"--extra (\S+)", rest)]


def copies(name: str) -> Iterator[tuple[list[str], str]]:
    """Sources (in the repository) and target of each COPY of a stage itself."""
    for word, rest in stages()[name].steps:
        if word == "COPY" and "--from=" not in rest:
            *sources, target = [part for part in rest.split() if not part.startswith("--")]
            yield sources, target


def is_in_build_context(path: str) -> bool:
    """Whether .dockerignore lets a file or folder through: the last pattern that matches it or a parent decides."""
    allowed = True
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parents = ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
        names = [
            part for whole in parents for part in (whole, Path(whole).name if pattern.startswith("**/") else whole)
        ]
        if any(fnmatch.fnmatch(name, pattern.removeprefix("**/")) for name in names):
            allowed = line.startswith("!")
    return allowed


@cache
def compose() -> dict[str, Any]:
    """The compose file, anchors and merges resolved."""
    document: dict[str, Any] = yaml.load(COMPOSE.read_bytes(), yaml.CSafeLoader)
    return document


@cache
def manifests() -> list[tuple[str, dict[str, Any]]]:
    """Every Kubernetes object with `folder/file`; kustomizations are none."""
    found = []
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            documents = [document for document in yaml.load_all(path.read_bytes(), yaml.CSafeLoader) if document]
            found += [(str(path.relative_to(KUBERNETES)), document) for document in documents]
    return found


@cache
def kubernetes_schemas() -> dict[str, Any]:
    """tests/conformance/kubernetes: `$defs` with the kinds among them."""
    packed = REPOSITORY / "tests/conformance/kubernetes/schemas.json.gz"
    document: dict[str, Any] = json.loads(gzip.decompress(packed.read_bytes()))
    return document


def pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """`kind/name of folder`, the object and its pod's template."""
    for place, document in manifests():
        if document["kind"] in {"Deployment", "StatefulSet"}:
            yield f"{place.split('/')[0]}/{document['metadata']['name']}", document, document["spec"]["template"]


def containers(template: dict[str, Any]) -> list[dict[str, Any]]:
    """All of a pod, the first ones included."""
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def parse_command(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """The command's name and values, parsed by the command line itself. Raises for what it refuses."""
    group: Any = typer.main.get_command(build_app())
    name, *rest = arguments
    command = group.commands[name]
    context = command.make_context(name, list(rest))
    return name, context.params


@cache
def variables_read() -> frozenset[str]:
    """Every MERGECELLS_ variable that the package names in a string."""
    files = (REPOSITORY / "pipeline" / "mergecells").rglob("*.py")
    return frozenset(name for file in files for name in re.findall(r'"(MERGECELLS_[A-Z_]+)"', file.read_text()))
