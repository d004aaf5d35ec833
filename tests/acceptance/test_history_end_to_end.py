"""From a call over HTTP to a report: the client remembers, people score, reports and budgets agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import mergecells
from acceptance.stage import command
from fakes.config_samples import sample_files
from llm_stage import FORM, PRICES, PROMPT, routing
from mergecells.apps.history import open_calibrations, open_history
from mergecells.domain.errors import LlmCallError, UsageError
from mergecells.transforms.calibration import LEAST_CALLS
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server


@dataclass
class World:
    root: Path
    server: ModelServer


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A config root whose only model is a server of ours, with state of its own."""
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ONE_KEY", "sk-one-secret-key")
    root = tmp_path / "leads"
    with model_server(openai_api.respond) as server:
        files = {
            **sample_files(),
            "mergecells.yaml": b"version: 1\n",
            "prompts/hook.md": PROMPT.encode(),
            "prompts/form.md": FORM.encode(),
            "prompts/prices.yaml": PRICES.encode(),
            "prompts/budgets.yaml": b"budgets: {persona: {warn: 1, halt: 2}, day: {warn: 3, halt: 4}}\n",
            "prompts/routing.yaml": routing(server.url).encode(),
        }
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        monkeypatch.chdir(root)
        yield World(root, server)


def test_calls_are_remembered_and_reported_as_the_ledger_counts_them(world: World) -> None:
    """Two answers, one of them from the cache: the report, the history and the budget say the same cost."""
    with mergecells.open(world.root, state_dir=None) as config:
        llm = mergecells.open_llm(config)
        paid = llm.call(
            "hook", {"company": "Acme"}, persona="ann", run_id="r1", node="draft", workflow="outreach/draft"
        )
        free = llm.call(
            "hook", {"company": "Acme"}, persona="ann", run_id="r1", node="draft", workflow="outreach/draft"
        )
        llm.close()
    assert (paid.cached, free.cached) == (False, True)
    document = command("report", "costs", "--by", "persona", "--output", "json").json
    total = document["total"]
    assert total["cost_usd"] == pytest.approx(paid.usage.cost_est)
    assert (total["calls"], total["cached"], total["unknown_cost_calls"]) == (2, 1, 0)
    assert total["saved_usd"] == pytest.approx(paid.usage.cost_est)
    states = {state["key"]: state for state in document["budgets"]}
    assert states["persona:ann"]["spent_usd"] == pytest.approx(paid.usage.cost_est)
    history = open_history()
    (node,) = history.node_costs(0, 1e11)
    assert (node.run_id, node.node, node.calls) == ("r1", "draft", 2)
    assert node.revision == paid.revision
    turn = history.call(paid.call_id)
    history.close()
    assert turn is not None
    assert (turn.prompt_sha, turn.attempts[0].outcome) == (paid.prompt_sha, "ok")


def test_call_that_fails_is_remembered_with_its_error(world: World) -> None:
    """A refused key: one turn, failed, with what the provider said and without the key."""
    world.server.respond = lambda _: openai_api.error(401, "Bad key sk-one-secret-key", "invalid_request_error")
    with mergecells.open(world.root, state_dir=None) as config:
        llm = mergecells.open_llm(config)
        with pytest.raises(LlmCallError):
            llm.call("hook", {"company": "Acme"})
        llm.close()
    history = open_history()
    (facts,) = history.turns(0, 1e11)
    turn = history.call(facts.call_id)
    history.close()
    assert (facts.outcome, facts.cost in (0, None)) == ("auth", True)
    assert turn is not None
    assert turn.error
    assert command("report", "costs", "--output", "json").json["total"]["failed"] == 1


def test_scores_of_a_result_are_judged_recorded_and_reported(world: World) -> None:
    """By the rules from the program, by a person on the command line: one call, two judges, one report."""
    world.server.respond = lambda _: openai_api.answer('{"size": 240}')
    with mergecells.open(world.root, state_dir=None) as config:
        llm, book = mergecells.open_llm(config), mergecells.open_quality(config)
        result = llm.call("form", {"message": "We are 240 people"}, persona="ann", workflow="intake")
        judged = book.evaluate(result, {"message": "We are 240 people"})
        with pytest.raises(UsageError, match="between 0 and 1"):
            book.record(result, judge="bob", clarity=2.0)
        llm.close()
        book.close()
        assert book.passes(judged) is True
    assert (judged.completeness, judged.testability, judged.traceability, judged.clarity) == (1.0, 1.0, 1.0, None)
    assert judged.validation_passed is True
    answer = command("quality", "record", "--call", result.call_id, "--clarity", "0.4", "--judge", "bob")
    assert answer.status == 0, answer.messages
    report = command("report", "quality", "--output", "json").json
    assert (report["total"]["records"], report["rows"][0]["prompt"]) == (2, "form")
    assert report["total"]["gated"] == 2
    assert report["total"]["passed"] == 1
    # Scores belong to who made the call, and to its stage, by themselves.
    assert (judged.persona, judged.workflow) == ("ann", "intake")
    (ann,) = command("report", "personas", "--output", "json").json["rows"]
    assert (ann["persona"], ann["quality"]["records"]) == ("ann", 2)
    assert [(stage["workflow"], stage["quality"]["passed"]) for stage in ann["stages"]] == [("intake", 1)]


def test_recorded_usage_calibrates_counts_of_tokens(world: World) -> None:
    """After some calls of a prompt, its characters per token are those that the provider reported."""
    usage = {"prompt_tokens": 400, "completion_tokens": 5, "total_tokens": 405}
    world.server.respond = lambda _: openai_api.answer(usage=usage)
    with mergecells.open(world.root, state_dir=None) as config:
        llm = mergecells.open_llm(config)
        results = [llm.call("hook", {"company": "Acme" * 300 + str(n)}, cache=False) for n in range(LEAST_CALLS)]
        llm.close()
    calibrations = open_calibrations()
    assert calibrations.refresh() == 1
    ratio = calibrations.characters_per_token("hook", results[0].prompt_sha, "first")
    assert ratio == pytest.approx(1_230 / 400, rel=0.05)
