"""`config-check` as GitHub would run it: a good request, a bad one, one from a fork, conflicts."""

from __future__ import annotations

import json

import pytest

from acceptance.test_prompts_against import respond
from acceptance.test_prompts_run import PROMPT
from llm_stage import PRICES, routing
from standins.llm.server import model_server
from workflows.runner import JobResult
from workflows.world import FIELDS, RULES, World

pytestmark = pytest.mark.needs("node")


def checked(world: World, name: str, old: str, new: str, of: str = "") -> dict[str, JobResult]:
    event = world.pull(name, old, new, of=of)
    assert event
    results = world.run("config-check", event)
    assert results
    return results


def test_good_request_is_summed_up_and_told_in_one_comment(world: World) -> None:
    """Green; the change in the summary and in a comment, which the next push replaces; SARIF for the request's head."""
    world.begin()
    results = checked(world, RULES, "A: {min: 80", "A: {min: 85")
    assert {name: job.result for name, job in results.items()} == {
        "check": "success",
        "evaluate": "skipped",
        "tell": "success",
    }, results
    assert "85" in results["check"].summary
    assert "## Findings" in results["check"].summary
    (comment,) = world.server.store.comments
    assert (comment["number"], "| `Tiers` | `A` |" in comment["body"]) == (1, True)
    sarif = world.last.artifacts["sarif"]
    assert sarif["ref"] == b"refs/pull/1/head"
    world.change(RULES, "A: {min: 85", "A: {min: 90", "edit-1")
    event = world.seen(1)
    assert event
    world.run("config-check", event)
    (comment,) = world.server.store.comments
    assert "90" in comment["body"]


def test_bad_request_is_red_with_annotations_on_the_lines(world: World) -> None:
    """The check fails, the reviewer is told all the same, and the finding is in the SARIF file too."""
    world.begin()
    results = checked(world, RULES, "weight: 0.60", "weight: 0.55")
    assert {name: job.result for name, job in results.items()} == {
        "check": "failure",
        "evaluate": "skipped",
        "tell": "success",
    }
    assert "::error file=scoring/rules.yaml,line=" in results["check"].output
    assert "rule.weight-sum" in results["check"].summary
    assert "rule.weight-sum" in world.last.artifacts["sarif"]["file"].decode()
    assert len(world.server.store.comments) == 1


def test_request_that_cannot_be_read_is_red_and_says_why(world: World) -> None:
    """No YAML at all: the file that changes, and the finding on its line."""
    world.begin()
    results = checked(world, RULES, "tiers:", "tiers: [")
    assert results["check"].result == "failure"
    assert "`scoring/rules.yaml`" in results["check"].summary
    assert "::error file=scoring/rules.yaml,line=" in results["check"].output
    assert "yaml.syntax" in results["check"].summary


def test_request_of_a_fork_is_checked_without_secret_or_comment(world: World) -> None:
    """A read-only token, no secret, no job that writes: the verdict is the annotations' and the summary's."""
    world.begin()
    results = checked(world, RULES, "weight: 0.60", "weight: 0.55", of="mallory/leads")
    assert {name: job.result for name, job in results.items()} == {
        "check": "failure",
        "evaluate": "skipped",
        "tell": "skipped",
    }
    assert world.tokens == [{"contents": "read"}]
    assert world.server.store.comments == []
    text = (world.folder / "run-1" / "job-check" / "step.sh").read_text()
    assert "secrets" not in text


def test_request_in_conflict_starts_nothing(world: World) -> None:
    """Git cannot merge both: GitHub starts no workflow, and shows the conflict on the request."""
    world.begin()
    assert world.pull(RULES, "A: {min: 80", "A: {min: 85")
    world.change(RULES, "A: {min: 80", "A: {min: 90")
    assert world.seen(1) is None


def test_request_that_is_wrong_only_together_with_main_is_red(world: World) -> None:
    """One takes a field away, the other began to use it: git merges both, and the check of the merge finds it."""
    world.begin()
    assert world.pull(FIELDS, '  since: {type: date, sample: "2024-02-29"}\n', "")
    world.change(RULES, "formulas:\n", 'formulas:\n  joined: "=YEAR(since)"\n')
    event = world.seen(1)
    assert event
    results = world.run("config-check", event)
    assert results
    assert results["check"].result == "failure"
    assert "formula.unknown-name" in results["check"].output


def test_check_of_an_event_it_does_not_wait_for_starts_nothing(world: World) -> None:
    """Above all not `pull_request_target`, which would have secrets."""
    world.begin()
    assert world.run("config-check", world.event("pull_request_target")) is None
    assert world.run("config-check", world.event("push")) is None
    assert json.dumps(world.tokens) == "[]"


def test_changed_prompt_is_answered_before_and_after_where_that_is_turned_on(world: World) -> None:
    """By the base, which reads the request and runs nothing of it: the comment has both answers and what they cost, the
    artifact the recordings. The key is in no text. Without the variable, missing answers are counted all the same."""
    world.begin()
    with model_server(respond) as server:
        evaluation = b"evaluation: {recordings: evaluations/answers.jsonl, max_cost: 0.01}\n"
        files = {
            "mergecells.yaml": world.manifest() + evaluation,
            "prompts/hook.md": PROMPT.encode(),
            "prompts/routing.yaml": routing(server.url).replace("ONE_KEY", "OPENAI_API_KEY").encode(),
            "prompts/prices.yaml": PRICES.replace("  second: {input: 3.0, output: 4.0}\n", "").encode(),
        }
        world.server.store.push(files)
        event = world.pull("prompts/hook.md", "Write to", "Write briefly to")
        assert event
        event.secrets = {"OPENAI_API_KEY": "sk-secret-of-the-test"}
        off = world.run("config-check", event)
        assert off
        assert (off["evaluate"].result, server.asked) == ("skipped", [])
        assert "2 of 2 examples: no recorded answer for this text" in world.server.store.comments[0]["body"]
        event.variables = {"MERGECELLS_EVALUATE": "true"}
        results = world.run("config-check", event)
        assert results
        assert {name: job.result for name, job in results.items()} == dict.fromkeys(results, "success"), results
        assert len(server.asked) == 4
    (comment,) = world.server.store.comments
    assert "A good {+short +}answer." in comment["body"]
    assert "spent now: $0.00012" in comment["body"]
    assert any("answers.jsonl" in name for name in world.last.artifacts["evaluation"]), world.last.artifacts
    assert "sk-secret" not in comment["body"] + "".join(job.output + job.summary for job in results.values())
