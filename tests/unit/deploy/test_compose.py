"""The compose file: valid by the published schema, hardened, with secrets by file, and in step with all it names."""

from __future__ import annotations

import importlib.resources
import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from deploy_files import COMPOSE, DEPLOY, compose, last, parse_command, stages, variables_read

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("mergecells-")}


def test_file_is_valid_by_the_published_schema_and_a_wrong_key_is_not() -> None:
    """The schema of compose-spec, as check-jsonschema carries it."""
    text = (
        importlib.resources.files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    )
    validator = jsonschema_rs.validator_for(json.loads(text))
    assert [error.message for error in validator.iter_errors(compose())] == []
    wrong = {**compose(), "services": {"redis": {**SERVICES["redis"], "read_onyl": True}}}
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_container_has_no_more_rights_than_it_needs(name: str) -> None:
    """Read-only, without capabilities, never more than it started with, and nothing on an outside address."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "healthcheck" in service or name == "checkout"
    assert not service["image"].endswith(":latest")


@pytest.mark.parametrize("name", sorted(OURS))
def test_container_of_ours_runs_a_command_that_exists(name: str) -> None:
    """Its target is a stage, its flags are the command's, its port is the one that the image exposes."""
    service = OURS[name]
    target = service["build"]["target"]
    assert service["image"] == f"mergecells-{target}"
    assert target in stages()
    assert (COMPOSE.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    if name == "checkout":
        return
    verb, values = parse_command([re.sub(r"\$\{BRANCH:-(\w+)\}", r"\1", word) for word in service["command"]])
    if verb == "follow":
        assert (str(values["metrics_port"]), values["metrics_host"]) == (last(target, "EXPOSE"), "0.0.0.0")
    else:
        port = last(target, "EXPOSE")
        assert str(values["port"]) == port
        assert [entry.rsplit(":", 1)[1] for entry in service["ports"]] == [port]
    assert service["healthcheck"]["test"][1:] == json.loads(last(target, "HEALTHCHECK").split("CMD ", 1)[1])


def test_variables_are_read_and_secrets_come_from_mounted_files() -> None:
    """Every variable is one that the code reads; what is secret is named by file, is mounted, and can be made."""
    for name, service in OURS.items():
        for variable, value in service.get("environment", {}).items():
            if not variable.startswith("MERGECELLS_"):
                continue
            plain = variable.removesuffix("_FILE")
            assert variable in variables_read() or plain in variables_read(), (name, variable)
            if re.search(r"TOKEN|SECRET|_URL_FILE|KEY|CREDENTIALS", variable):
                assert value.startswith("/run/secrets/"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, variable)
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(compose()["secrets"])


def test_secrets_are_made_once_and_are_strong_enough_for_the_hub(tmp_path: Path) -> None:
    """The script writes all that nobody has to know; a second run changes nothing; addresses hold the passwords."""
    from mergecells.apps.hub.settings import read_settings

    make = [COMPOSE.parent / "make-secrets", tmp_path]
    told = subprocess.run(make, check=True, capture_output=True, text=True).stdout
    made = {path.name: path.read_text().strip() for path in (tmp_path / "secrets").iterdir()}
    files = {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    asked = set(re.findall(r"put secrets/(\S+) there", told))
    assert made.keys() | asked == files
    assert made.keys() & asked == set()
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert made["redis_url"] == f"redis://:{made['redis_password']}@redis:6379/0"
    assert f":{made['postgres_password']}@postgres:5432/" in made["history_url"]
    settings = read_settings({
        "MERGECELLS_HUB_AUDIENCES": "a", "MERGECELLS_HUB_DOMAINS": "example.com", "MERGECELLS_HUB_STATE": "x",
        "MERGECELLS_HUB_WEBHOOK_SECRET": made["hub_webhook_secret"], "MERGECELLS_HUB_ACK_TOKEN": made["hub_ack_token"],
    })  # fmt: skip
    assert settings.ack_token == made["hub_ack_token"]
    subprocess.run(make, check=True, capture_output=True)
    assert {path.name: path.read_text().strip() for path in (tmp_path / "secrets").iterdir()} == made


def test_volumes_and_networks_are_declared_and_mounted_files_exist() -> None:
    """A bind mount of a missing file would become an empty folder; a volume that nobody declares ends the start."""
    named, bound = set(), set()
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            (bound if source.startswith(".") else named).add(source)
        assert set(service.get("networks", [])) <= set(compose()["networks"])
    assert named == set(compose()["volumes"])
    assert [source for source in sorted(bound) if not (COMPOSE.parent / source).exists()] == []


def test_stores_are_reached_by_the_services_alone() -> None:
    """Their network leads nowhere else, and they publish no port."""
    assert compose()["networks"]["back"]["internal"] is True
    on_it = {name for name, service in SERVICES.items() if "back" in service["networks"]}
    assert on_it == {"redis", "postgres", "service-1", "service-2"}
    assert "ports" not in SERVICES["redis"]
    assert "ports" not in SERVICES["postgres"]


def test_prometheus_scrapes_what_the_compose_file_runs() -> None:
    """Each target is a service of ours with its port, in the jobs that alerts name; token and rules are mounted."""
    text = (COMPOSE.parent / "prometheus.yml").read_text()
    config = yaml.safe_load(text)
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    peer = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert list(jobs) == [job["job_name"] for job in peer["scrape_configs"]]
    for key in ("global", "scrape_interval"):
        assert config.get(key) == peer.get(key)
    ports = {name: last(service["build"]["target"], "EXPOSE") for name, service in OURS.items() if name != "checkout"}
    targets = {
        target for job in jobs.values() for group in job.get("static_configs", []) for target in group["targets"]
    }
    looked_up = {
        f"{name}:{d['port']}" for job in jobs.values() for d in job.get("dns_sd_configs", []) for name in d["names"]
    }
    assert targets | looked_up == {f"{name}:{port}" for name, port in ports.items()} | {"127.0.0.1:9090"}
    mounted = {mount.split(":")[1] for mount in SERVICES["prometheus"]["volumes"]}
    assert {*config["rule_files"], "/etc/prometheus/prometheus.yml"} <= mounted
    files = re.findall(r"credentials_file: ([^\s}]+)", text)
    assert {file.removeprefix("/run/secrets/") for file in files} == set(SERVICES["prometheus"]["secrets"])


@pytest.mark.needs("promtool")
def test_prometheus_reads_its_file() -> None:
    """Prometheus' own check of the syntax."""
    place = COMPOSE.parent / "prometheus.yml"
    check = ["promtool", "check", "config", "--syntax-only", place]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.needs("redis-server", "redis-cli")
def test_redis_command_starts_a_server_that_asks_for_the_password(tmp_path: Path) -> None:
    """The very shell line of the file, folder and port moved: budgets stay, answers may go, nobody without it."""
    (tmp_path / "redis_password").write_text("s3cret\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = SERVICES["redis"]["command"][2].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    line = line.replace("dir /data", f"dir {tmp_path}\nport {port}\nbind 127.0.0.1")
    process = subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert any("Ready to accept connections" in told for told in process.stdout)

        def ask(*words: str, password: str = "s3cret") -> str:
            command = ["redis-cli", "-p", str(port), *words]
            environ = {"REDISCLI_AUTH": password, "PATH": "/usr/bin:/bin:/usr/local/bin"}
            return subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout

        assert ask("ping") == "PONG\n"
        assert "PONG" not in ask("ping", password="other")
        assert ask("config", "get", "maxmemory-policy").split() == ["maxmemory-policy", "volatile-lru"]
        assert ask("config", "get", "appendonly").split() == ["appendonly", "yes"]
    finally:
        # The shell gave its place to the server, so that a stop reaches it: it saves, and ends with 0.
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
    assert status == 0
