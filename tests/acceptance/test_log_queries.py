"""The queries for Loki, asked of the lines of real programs by the labels that the Alloy configuration gives them."""

from __future__ import annotations

import functools
import json
import logging
import operator
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.service_process import publish, service, start, until
from acceptance.stage import ADA, command
from deploy_files import DEPLOY, REPOSITORY
from mergecells.apps.logs import BASE_KEYS, JsonFormatter

sys.path.insert(0, str(REPOSITORY / "tools"))
import log_reference

QUERIES: list[dict[str, str]] = yaml.safe_load((DEPLOY / "loki" / "queries.yaml").read_text())
ALLOY = (DEPLOY / "loki" / "config.alloy").read_text()
Line = dict[str, Any]


def stage_keys(stage: str) -> set[str]:
    """The names in one stage of the Alloy configuration."""
    match = re.search(rf"{stage} \{{\s*\w+ = \{{(.*?)\}}", ALLOY, re.DOTALL)
    assert match
    return set(re.findall(r"(\w+)\s*=", match[1]))


LABELS = stage_keys(r"stage\.labels") | {"app"}
METADATA = stage_keys(r"stage\.structured_metadata")
OPERATORS = {"=": operator.eq, "!=": operator.ne, ">=": operator.ge, ">": operator.gt, "<": operator.lt}


def selector(query: str) -> list[tuple[str, str, str]]:
    """The label matchers of a query."""
    (inside,) = re.findall(r"\{([^{}]*)\}(?!\})", re.sub(r"\{\{.*?\}\}", "", query))
    return re.findall(r'(\w+)(=~|=)"([^"]*)"', inside)


def filters(query: str) -> list[tuple[str, str, str]]:
    """The field filters after the selector."""
    found = re.findall(r'\| (\w+) ?(!=|>=|=|>|<) ?("[^"]*"|[\d.]+)', re.sub(r"\{[^{}]*\}", "", query, count=1))
    return [part for part in found if part[0] != "__error__"]


def fields(query: str) -> set[str]:
    """Every field that a query names: in filters, in a line's format, unwrapped, and in a grouping."""
    named = {name for name, _, _ in filters(query)} | set(re.findall(r"\{\{\.(\w+)\}\}", query))
    named |= set(re.findall(r"unwrap (\w+)", query))
    return named | {name.strip() for group in re.findall(r"by \(([^)]*)\)", query) for name in group.split(",")}


def matches(line: Line, query: str) -> bool:
    """Whether Loki would find this line."""
    labels = {**line, "app": "mergecells"}
    for name, how, value in selector(query):
        have = str(labels.get(name) or "")
        if not (re.fullmatch(value, have) if how == "=~" else have == value):
            return False
    for name, how, value in filters(query):
        have = line.get(name)
        if value.startswith('"'):
            if not OPERATORS[how](str(have or ""), value.strip('"')):
                return False
        elif not isinstance(have, int | float) or not OPERATORS[how](have, float(value)):
            return False
    return True


@functools.cache
def lines(folder: Path) -> list[Line]:
    """What a follower and a service write while things go well and badly."""
    repository, live = folder / "leads", folder / "live"
    assert command("init", repository, "--author", ADA).status == 0
    follower = start(["follow", str(repository), str(live), "--interval", "0.05"], folder / "follow.log")
    told = folder / "follow.log"
    try:
        until(lambda: "follow.published" in told.read_text())
        rules = repository / "scoring" / "rules.yaml"
        rules.write_text(rules.read_text().replace("weight: 0.", "weight: 3.", 1))
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", "-C", repository, *who, "commit", "-qam", "too heavy"], check=True)
        until(lambda: "follow.rejected" in told.read_text())
        follower.terminate()
        follower.wait(60)
    finally:
        follower.kill()
        follower.wait()
        if follower.stdout is not None:
            follower.stdout.close()
    config = folder / "config"
    config.mkdir()
    publish(config, 1, 70)
    with service(config / "current", folder / "serve.log") as running:
        running.score()
        running.get("/nowhere")
        publish(config, 2, 50)
        until(lambda: running.logged("config.reload"))
        publish(config, 3, 50, broken=True)
        until(lambda: [line for line in running.logged("config.reload") if line["status"] == "failure"])
        running.stop()
    found = [
        json.loads(line) for name in ("follow", "serve") for line in (folder / f"{name}.log").read_text().splitlines()
    ]
    try:
        raise RuntimeError("a defect")
    except RuntimeError:
        record = logging.LogRecord("mergecells", logging.ERROR, "f", 1, "request failed", (), sys.exc_info())
    record.event = "http.failure"
    return [*found, json.loads(JsonFormatter().format(record))]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    return lines(tmp_path_factory.mktemp("logs"))


@pytest.mark.parametrize("entry", QUERIES, ids=[entry["question"] for entry in QUERIES])
def test_query_finds_real_lines_by_labels_and_fields_that_they_have(emitted: list[Line], entry: dict[str, str]) -> None:
    """Labels are those that Alloy sets, fields are metadata or in the line after `| json`, events are emitted.

    Ids are examples in the file and are taken from a real line here. What only a hub emits is held to the code.
    """
    query = entry["query"]
    assert {name for name, _, _ in selector(query)} <= LABELS
    if "| json" not in query:
        assert fields(query) <= METADATA | LABELS
    wanted = [value.strip('"') for name, _, value in filters(query) if name in METADATA]
    for example, name in zip(wanted, [name for name, _, _ in filters(query) if name in METADATA], strict=True):
        query = query.replace(example, next(str(line[name]) for line in emitted if line[name]))
    events = [event for name, _, value in selector(query) if name == "event" for event in value.split("|")]
    known = log_reference.events()
    assert set(events) <= set(known)
    if events and all(event.startswith("hub.") for event in events):
        assert fields(query) <= set(BASE_KEYS) | known[events[0]].fields
        return
    query = query.replace("> 500", "> 0")  # no request here is as slow as that
    found = [line for line in emitted if matches(line, query)]
    assert found, query
    # A follower has no name of its own: to Loki that is a label without a value.
    assert all(name in line for line in found for name in fields(query) - {"exception", "app", "service"})


def test_labels_are_few_and_bounded(emitted: list[Line]) -> None:
    """No label differs from request to request: ids and revisions are metadata, each a key of every line."""
    assert {"app", "level", "event", "service"} == LABELS
    assert {"revision", "request_id", "trace_id"} == METADATA
    assert all(line.keys() >= METADATA for line in emitted)
    extracted = stage_keys(r"stage\.json")
    assert (LABELS - {"app"}) | METADATA | {"timestamp"} == extracted
    assert {line["event"] for line in emitted} <= set(log_reference.events())
    assert {line["level"] for line in emitted} <= {"debug", "info", "warning", "error"}


def test_page_shows_the_events_and_queries_as_they_are() -> None:
    """docs/logs.md is what the code and the file of queries say now."""
    text = log_reference.PAGE.read_text()
    assert log_reference.page(text) == text
    assert {"config.reload", "http.request", "hub.submission", "follow.rejected"} <= set(log_reference.events())
