"""`mergecells smoke` against a real service, a stand-in for the provider behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from acceptance.stage import Answer, command
from acceptance.test_serve_llm import prompts, running
from fakes.config_samples import write_files
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server

CASES = """\
cases:
  rewrite: {message: "Rewrite this.", intent: editing_writing}
  other: {message: "Hm.", intent: ambiguous, expected: {contains: [good answer]}}
  hook: {prompt: hook}
  unknown: {prompt: nope, status: 404}
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


def _root(folder: Path, server: ModelServer, cases: str = CASES) -> Path:
    from acceptance.service_process import files

    root = folder / "root"
    write_files(root, {**files(50), **prompts(server.url), "prompts/smoke.yaml": cases.encode()})
    return root


def _smoke(root: Path, *arguments: object) -> Answer:
    return command("--config-root", root, "smoke", *arguments)


def test_smoke_passes_what_is_right_and_fails_what_is_not(tmp_path: Path, server: ModelServer) -> None:
    """Each label is really compared with what the service answered: a wrong one, and a provider that is down, fail."""
    root = _root(tmp_path, server)
    report = tmp_path / "smoke.xml"
    with running(tmp_path, server) as made:
        good = _smoke(root, "--url", made.url, "--junit", report, "--output", "json")
        assert good.status == 0, good.output + good.messages
        assert [case["passed"] for case in good.json["cases"]] == [True] * 4
        assert good.json["cases"][0]["observed"]["model"] == "second"
        assert len(ElementTree.parse(report).getroot().findall(".//testcase")) == 4
        asked = len(server.asked)
        assert _smoke(root, "--url", made.url, "--case", "hook").status == 0
        assert len(server.asked) == asked + 1  # A new answer, not the cache's.
        (root / "prompts" / "smoke.yaml").write_text(CASES.replace("editing_writing", "coding_help"))
        server.script.append(openai_api.error(503))
        bad = _smoke(root, "--url", made.url, "--junit", report, "--case", "rewrite")
        assert bad.status == 1
        assert "The status is 503, not 200" in bad.output
        wrong = _smoke(root, "--url", made.url, "--junit", report, "--case", "rewrite")
        assert wrong.status == 1
        assert "The intent is editing_writing, not coding_help." in wrong.output
        assert len(ElementTree.parse(report).getroot().findall(".//failure")) == 1


def test_smoke_without_a_service_says_so(tmp_path: Path, server: ModelServer) -> None:
    """Nobody listens there: every case fails with the reason, none is taken for a refusal that was asked for."""
    root = _root(tmp_path, server)
    answer = _smoke(root, "--url", "http://127.0.0.1:9")
    assert answer.status == 1
    assert "0 of 4 passed" in answer.output
    assert "refuses the connection" in answer.output


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ("cases: {a: {message: m, prompt: p}}\n", "either a message or a prompt"),
        ("cases: {a: {mesage: m}}\n", "mesage"),
        ("cases: [", "smoke.yaml"),
    ],
)
def test_smoke_refuses_cases_that_cannot_be(tmp_path: Path, server: ModelServer, cases: str, said: str) -> None:
    """With the place; nothing is asked."""
    answer = _smoke(_root(tmp_path, server, cases), "--offline")
    assert answer.status == 2
    assert said in answer.messages
    assert server.asked == []


def test_smoke_tells_offline_what_the_rules_miss(tmp_path: Path, server: ModelServer) -> None:
    """Nothing is spent; the exit status is that of a failure."""
    root = _root(tmp_path, server, 'cases: {a: {message: "Hello", intent: editing_writing}}\n')
    answer = _smoke(root, "--offline")
    assert answer.status == 1
    assert "The rules say ambiguous, not editing_writing" in answer.output
    assert server.asked == []


def test_smoke_asks_the_models_itself_without_a_service(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the keys of this environment; a prompt that does not exist is the same 404."""
    monkeypatch.setenv("ONE_KEY", "sk-one-secret-key")
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    answer = _smoke(_root(tmp_path, server), "--output", "json")
    assert answer.status == 0, answer.output + answer.messages
    assert [case["observed"]["status"] for case in answer.json["cases"]] == [200, 200, 200, 404]
