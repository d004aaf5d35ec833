"""`POST /v1/quality` on a real service: scores of people and of the judge, in the history, the report and /metrics."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from acceptance.service_process import service, until
from acceptance.stage import command
from acceptance.test_serve_llm import problem, running
from standins.llm import openai_api
from standins.llm.server import Asked, Reply, model_server

JUDGE = (Path(__file__).parents[2] / "prompts" / "quality_judge.md").read_text().replace("gpt-4.1-mini", "first")
QUALITY = "gate: 0.7\njudge: quality_judge\n"
SCORES = {"completeness": 1, "clarity": 0.5, "testability": None, "traceability": 0.5, "reason": "Vague."}
PATH = "/v1/quality"


def respond(asked: Asked) -> Reply:
    """The judge's answer to who grades, a text to everybody else."""
    grades = "You grade one answer" in json.dumps(asked.body)
    return openai_api.answer(json.dumps(SCORES) if grades else "A good answer.")


def metric(text: str, name: str, **labels: str) -> float:
    """The value of a series; 0 when it is not there."""
    for line in text.splitlines():
        if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("quality")
    more = {"prompts/quality_judge.md": JUDGE.encode(), "prompts/quality.yaml": QUALITY.encode()}
    with model_server(respond) as server, running(folder, server, files=more) as made:
        yield made, server, folder


def call(made: Any, company: str) -> dict[str, Any]:
    answer = made.post("/v1/prompts/hook/complete", json={"inputs": {"company": company}, "persona": "sales"})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def written(history: Path, call_id: str) -> bool:
    """Whether the history has the call; a moment later than its caller has the answer."""
    with contextlib.closing(sqlite3.connect(history)) as database:
        try:
            return database.execute("SELECT 1 FROM turns WHERE call_id = ?", (call_id,)).fetchone() is not None
        except sqlite3.OperationalError:
            return False  # Not even its tables.


def test_scores_are_kept_and_counted(world: Any) -> None:
    """Weighed by the config; in the history at once for the report; /metrics has them by prompt and dimension."""
    made, _, folder = world
    done = call(made, "Acme")
    given = {"completeness": 0.8, "clarity": 0.6, "validation_passed": True, "judge": "ada"}
    answer = made.post(PATH, json={"call_id": done["call_id"], **given})
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert kept["overall"] == pytest.approx((0.4 * 0.8 + 0.2 * 0.6) / 0.6)
    assert (kept["testability"], kept["passed"], kept["judge"], kept["persona"]) == (None, True, "ada", "sales")
    assert (kept["call_id"], kept["prompt_sha"], kept["revision"]) == (
        done["call_id"], done["prompt_sha"], done["revision"],
    )  # fmt: skip
    told = made.get("/metrics").text
    name = "mergecells_quality_score"
    assert metric(told, f"{name}_count", prompt_slug="hook", dimension="clarity") == 1
    assert metric(told, f"{name}_sum", prompt_slug="hook", dimension="clarity") == pytest.approx(0.6)
    assert metric(told, f"{name}_count", prompt_slug="hook", dimension="testability") == 0
    assert metric(told, "mergecells_quality_validations_total", prompt_slug="hook", result="passed") == 1
    history = f"sqlite:///{folder / 'state' / 'history.sqlite3'}"

    def reported() -> Any:
        shown = command("report", "quality", "--by", "prompt", "--history", history, "--output", "json")
        return shown.status == 0 and shown.json["total"]["records"] and shown.json

    assert until(reported)["rows"][0]["prompt"] == "hook"


def test_answer_is_scored_by_the_judge_of_the_config(world: Any) -> None:
    """A call of its own, with a turn; asked twice it comes from the cache. What is no scores is refused."""
    made, server, _ = world
    done = call(made, "Beta")
    before = len(server.asked)
    body = {"call_id": done["call_id"], "answer": done["text"], "inputs": {"company": "Beta"}}
    kept = made.post(PATH, json=body)
    assert kept.status_code == 201, kept.text
    assert (kept.json()["completeness"], kept.json()["testability"]) == (1.0, None)
    assert kept.json()["judge"].startswith("quality_judge@")
    assert made.post(PATH, json=body).status_code == 201
    assert len(server.asked) == before + 1
    server.script.append(openai_api.answer('{"completeness": "very"}'))
    count = metric(made.get("/metrics").text, "mergecells_quality_score_count", prompt_slug="hook", dimension="clarity")
    problem(made.post(PATH, json={**body, "answer": "Another."}), 502, "answer-invalid")
    told = made.get("/metrics").text
    assert metric(told, "mergecells_quality_score_count", prompt_slug="hook", dimension="clarity") == count
    assert metric(told, "mergecells_prompt_requests_total", prompt_slug="quality_judge", status="ok") == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"call_id": "x", "clarity": 2}, "/clarity"),
        ({"call_id": "x", "clarity": True}, "/clarity"),
        ({"call_id": "x", "clarity": float("nan")}, None),
        ({"clarity": 0.5}, "/call_id"),
        ({"call_id": "x\n", "clarity": 0.5}, "/call_id"),
        ({"call_id": "x", "clarty": 0.5}, "/clarty"),
        ({"call_id": "x", "clarity": 0.5, "iterations": 0}, "/iterations"),
        ({"call_id": "x", "clarity": 0.5, "judge": "a\r\nb"}, "/judge"),
        ({"call_id": "x", "clarity": 0.5, "answer": "a"}, "/answer"),
    ],
)
def test_wrong_scores_are_refused_with_their_place(world: Any, body: dict[str, Any], place: str | None) -> None:
    """Every place by its pointer; nothing is kept."""
    answer = world[0].post(PATH, content=json.dumps(body), headers={"Content-Type": "application/json"})
    if place is None:
        assert answer.status_code == 400
        return
    assert place in [each["pointer"] for each in problem(answer, 422, "wrong-shape")["errors"]]


def test_scores_of_nothing_are_refused(world: Any) -> None:
    """A call that nobody made, and a body without any score."""
    made, _, _ = world
    problem(made.post(PATH, json={"call_id": "never", "clarity": 1}), 404, "unknown-call")
    done = call(made, "Gamma")
    problem(made.post(PATH, json={"call_id": done["call_id"]}), 422, "wrong-request")


def test_scores_need_the_token_where_one_is_set_and_the_call_is_found_after_a_restart(world: Any) -> None:
    """As the other LLM routes; an earlier process's call is in the history."""
    first, _, folder = world
    known = call(first, "Gamma")["call_id"]
    assert until(lambda: written(folder / "state" / "history.sqlite3", known))
    settings = {"MERGECELLS_STATE_DIR": str(folder / "state"), "MERGECELLS_LLM_TOKEN": "a-token-of-some-length"}
    with service(folder / "live", folder / "log2", ONE_KEY="k", OTEL_SDK_DISABLED="true", **settings) as made:
        body = {"call_id": known, "clarity": 1}
        assert made.post(PATH, json=body).status_code == 401
        assert made.post(PATH, json=body, headers={"Authorization": "Bearer wrong"}).status_code in (401, 403)
        headers = {"Authorization": "Bearer a-token-of-some-length"}
        assert made.post(PATH, json=body, headers=headers).status_code == 201
