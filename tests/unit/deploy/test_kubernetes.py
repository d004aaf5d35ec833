"""The Kubernetes manifests: valid by Kubernetes' own schemas, restricted, in step with one another. No cluster here."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from deploy_files import (
    KUBERNETES,
    REPOSITORY,
    compose,
    containers,
    kubernetes_schemas,
    last,
    manifests,
    parse_command,
    pods,
    stages,
    variables_read,
)

SCHEMAS = kubernetes_schemas()
PODS = {name: (document, template) for name, document, template in pods()}
VARIANTS = ("follow", "git-sync", "configmap", "hub", "stores")
GIT_SYNC_FLAGS = {
    "repo", "ref", "root", "link", "period", "depth", "submodules", "max-failures", "username", "password-file",
}  # fmt: skip
"""Flags of git-sync 4 that are used here, as its manual (`git-sync --man`, and its README) states them."""


def validator(kind: str) -> Any:
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{kind}", "$defs": SCHEMAS["$defs"]})


def rendered(folder: str) -> list[dict[str, Any]]:
    """The objects that a kustomization names, those of the folders that it builds on first."""
    place = KUBERNETES / folder
    found: list[dict[str, Any]] = []
    for resource in yaml.safe_load((place / "kustomization.yaml").read_text())["resources"]:
        path = (place / resource).resolve()
        if path.is_dir():
            found += rendered(str(path.relative_to(KUBERNETES.resolve())))
        else:
            found += [document for document in yaml.safe_load_all(path.read_text()) if document]
    return found


@pytest.mark.parametrize(("place", "document"), manifests(), ids=[f"{p}:{d['kind']}" for p, d in manifests()])
def test_object_is_valid_by_the_schema_of_its_kind(place: str, document: dict[str, Any]) -> None:
    """Strict: a key that the API does not know is an error."""
    assert [f"{list(e.instance_path)}: {e.message}" for e in validator(document["kind"]).iter_errors(document)] == []


def test_schema_refuses_what_the_api_would() -> None:
    """A misspelt key deep inside, a number for a text, a label that is none: the check is able to fail."""
    document, _ = PODS["follow/leads"]
    assert SCHEMAS["version"] == "v1.33.0"
    for path, value in (
        (("spec", "template", "spec", "containers", 0, "readynessProbe"), {}),
        (("spec", "replicas"), "two"),
        (("spec", "template", "spec", "volumes", 0, "emptyDir"), []),
        (("metadata", "labels"), {"a": 1}),
    ):
        broken = yaml.safe_load(yaml.safe_dump(document))
        inner = broken
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = value
        assert not validator("Deployment").is_valid(broken), path


@pytest.mark.parametrize("folder", ["base", *VARIANTS])
def test_kustomization_names_every_file_beside_it(folder: str) -> None:
    """A file that nobody names would never be applied; images that are set are used, and the other way round."""
    place = KUBERNETES / folder
    kustomization = yaml.safe_load((place / "kustomization.yaml").read_text())
    files = {path.name for path in place.glob("*.yaml")} - {"kustomization.yaml"}
    assert {name for name in kustomization["resources"] if not name.startswith("..")} == files
    images = {container["image"] for name, (_, template) in PODS.items() for container in containers(template)
              if name.startswith(f"{folder}/")}  # fmt: skip
    assert {image["name"] for image in kustomization.get("images", [])} == {i for i in images if ":" not in i}


# Not `needs`: Debian has no package of it, and `kustomization.yaml` is held to its objects by the tests above.
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", VARIANTS)
def test_kubectl_renders_the_same_objects(folder: str) -> None:
    """`kubectl kustomize` needs no cluster; it puts the namespace and the tags in, and loses nothing."""
    done = subprocess.run(["kubectl", "kustomize", KUBERNETES / folder], capture_output=True, text=True, check=True)
    told = [document for document in yaml.safe_load_all(done.stdout) if document]
    assert {(d["kind"], d["metadata"]["name"]) for d in told} == {
        (d["kind"], d["metadata"]["name"]) for d in rendered(folder)
    }
    assert {d["metadata"]["namespace"] for d in told} == {"mergecells"}
    for document in told:
        assert validator(document["kind"]).is_valid(document)


@pytest.mark.parametrize("name", PODS)
def test_pod_meets_the_restricted_standard(name: str) -> None:
    """What the Pod Security Standard `restricted` asks for, a read-only root, no cluster token, a bound of memory."""
    _, template = PODS[name]
    spec = template["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))
    assert all("hostPath" not in volume for volume in spec.get("volumes", []))
    for container in containers(template):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert {"requests", "limits"} <= container["resources"].keys()
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", PODS)
def test_pod_mounts_what_it_has_and_has_what_it_mounts(name: str) -> None:
    """Every mount has a volume, every volume is mounted, and no two mounts of a container share a place."""
    document, template = PODS[name]
    volumes = {volume["name"] for volume in template["spec"].get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
    mounts = [mount for container in containers(template) for mount in container.get("volumeMounts", [])]
    assert {mount["name"] for mount in mounts} == volumes
    for container in containers(template):
        places = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
        assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", [name for name in PODS if name.endswith(("/leads", "/hub"))])
def test_container_of_ours_runs_a_command_with_a_port_and_probes(name: str) -> None:
    """Flags that the command knows, the port that the image exposes, alive by /healthz and ready by /readyz."""
    _, template = PODS[name]
    for container in containers(template):
        image = container["image"]
        if not image.startswith("mergecells-") or "command" in container:
            continue
        target = image.removeprefix("mergecells-")
        assert target in stages()
        verb, values = parse_command(container["args"])
        if verb == "follow":
            (port,) = container["ports"]
            assert (values["metrics_port"], values["metrics_host"]) == (port["containerPort"], "0.0.0.0")
            continue
        (port,) = container["ports"]
        assert values["port"] == port["containerPort"] == int(last(target, "EXPOSE"))
        paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
        assert paths == ["/healthz", "/healthz", "/readyz"]
        assert {container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "liveness", "readiness")} == {
            "http"
        }


def test_scrape_annotations_name_the_service_s_port_and_route() -> None:
    """The port is the container's, the path one that exists."""
    for name in ("follow/leads", "git-sync/leads", "configmap/leads"):
        _, template = PODS[name]
        notes = template["metadata"]["annotations"]
        (port,) = template["spec"]["containers"][0]["ports"]
        assert notes == {
            "prometheus.io/scrape": "true", "prometheus.io/port": str(port["containerPort"]),
            "prometheus.io/path": "/metrics",
        }  # fmt: skip


def _environment() -> Iterator[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
    for name, (_, template) in PODS.items():
        for container in containers(template):
            for entry in container.get("env", []):
                yield name, entry["name"], entry.get("value", ""), container, template


def test_variables_are_read_and_secrets_are_mounted_files() -> None:
    """No MERGECELLS_ variable that nothing reads; each path below /run/secrets lies in a mounted Secret."""
    for name, variable, value, container, template in _environment():
        if variable.startswith("MERGECELLS_"):
            assert {variable, variable.removesuffix("_FILE")} & variables_read(), (name, variable)
        if value.startswith("/run/secrets/"):
            (mount,) = [m for m in container["volumeMounts"] if value.startswith(f"{m['mountPath']}/")]
            (volume,) = [v for v in template["spec"]["volumes"] if v["name"] == mount["name"]]
            assert "secret" in volume
    settings = next(d for p, d in manifests() if p == "hub/settings.yaml")["data"]
    assert {key for key in settings if key.startswith("MERGECELLS_")} <= variables_read()


def test_every_secret_and_key_has_a_command_that_makes_it() -> None:
    """docs/deploy.md tells how each Secret is made, with each key that a container reads."""
    page = (REPOSITORY / "docs" / "deploy.md").read_text()
    commands = re.sub(r"\\\n\s*", "", page)
    made = {
        name: set(re.findall(r"--from-file=(\w+)=", rest))
        for name, rest in re.findall(r"kubectl [^\n]*create secret generic (\S+)([^\n]*)", commands)
    }
    for _, (_, template) in PODS.items():
        secrets = {v["name"]: v["secret"]["secretName"] for v in template["spec"].get("volumes", []) if "secret" in v}
        for container in containers(template):
            text = yaml.safe_dump([container.get(key) for key in ("args", "command", "env", "readinessProbe")])
            for mount in container.get("volumeMounts", []):
                if mount["name"] in secrets:
                    read = set(re.findall(rf"{re.escape(mount['mountPath'])}/(\w+)", text))
                    assert read, mount
                    assert read <= made[secrets[mount["name"]]], (mount, read)


def test_selectors_find_the_pods_that_they_are_meant_for() -> None:
    """Services, budgets and policies select a pod by labels that one carries; ports by a name that it has."""
    labels = [template["metadata"]["labels"] for _, template in PODS.values()]
    ports = {
        port["name"]: port["containerPort"]
        for _, t in PODS.values()
        for c in containers(t)
        for port in c.get("ports", [])
    }
    for document, template in PODS.values():
        assert document["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    for _, document in manifests():
        spec = document.get("spec", {})
        wanted = {
            "Service": lambda s: s["selector"],
            "PodDisruptionBudget": lambda s: s["selector"]["matchLabels"],
            "NetworkPolicy": lambda s: s["podSelector"]["matchLabels"],
        }.get(document["kind"])
        if wanted:
            assert any(wanted(spec).items() <= have.items() for have in labels), document["metadata"]["name"]
        for port in spec.get("ports", []) if document["kind"] == "Service" else []:
            (own,) = {t["spec"]["containers"][0]["ports"][0]["containerPort"] for _, t in PODS.values()
                      if spec["selector"].items() <= t["metadata"]["labels"].items()}  # fmt: skip
            assert port["port"] == own
            assert port["targetPort"] in ports


def test_services_spread_and_survive_a_drain() -> None:
    """Two or more, over nodes and zones, one away at a time; the hub is one, and its old one ends first."""
    for name in ("follow/leads", "git-sync/leads", "configmap/leads"):
        document, template = PODS[name]
        assert document["spec"]["replicas"] >= 2
        keys = [constraint["topologyKey"] for constraint in template["spec"]["topologySpreadConstraints"]]
        assert keys == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    budget = next(document for _, document in manifests() if document["kind"] == "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    hub, _ = PODS["hub/hub"]
    assert (hub["spec"]["replicas"], hub["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_commands_and_variables_are_those_of_compose() -> None:
    """One of both is started for real by test_deploy_commands.py; they differ in mounts and names only."""

    def shown(words: list[str], environ: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        moved = {"${REPOSITORY:?set REPOSITORY in .env}": "$(REPOSITORY)", "${BRANCH:-main}": "$(BRANCH)"}
        words = [moved.get(word, word).removesuffix("/checkout") for word in words]
        at = words.index("--service-name") if "--service-name" in words else len(words)
        return words[:at], {k: v.replace("/mergecells/", "/") for k, v in environ.items() if v.startswith("/run")}

    for compose_name, pod, name in (
        ("service-1", "follow/leads", "service"), ("follower", "follow/leads", "follower"), ("hub", "hub/hub", "hub"),
    ):  # fmt: skip
        service = compose()["services"][compose_name]
        (container,) = [c for c in containers(PODS[pod][1]) if c["name"] == name]
        environ = {entry["name"]: entry.get("value", "") for entry in container.get("env", [])}
        environ.pop("GIT_TOKEN_FILE", None)
        assert shown(container["args"], environ) == shown(service["command"], service.get("environment", {}))


def test_variants_run_the_same_service() -> None:
    """How the config comes in is all that differs: image, probes, limits and variables are one."""

    def service(name: str) -> dict[str, Any]:
        container: dict[str, Any] = dict(PODS[name][1]["spec"]["containers"][0])
        container.pop("args")
        return container

    assert service("follow/leads") == service("git-sync/leads") == service("configmap/leads")


def test_git_sync_is_given_flags_that_it_knows_and_makes_our_link() -> None:
    """--root and --link give the folder that the service is told to read."""
    _, template = PODS["git-sync/leads"]
    flags = dict(arg.removeprefix("--").split("=", 1) for arg in template["spec"]["initContainers"][0]["args"])
    assert flags.keys() <= GIT_SYNC_FLAGS
    args = template["spec"]["containers"][0]["args"]
    assert args[args.index("--config") + 1] == f"{flags['root']}/{flags['link']}"
    # Without it one failed look ends git-sync, and with it the pod's readiness to follow.
    assert flags["max-failures"] == "-1"
