"""`mergecells serve` answering with models: a real process, real sockets, a stand-in for the provider."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from acceptance.service_process import ServiceProcess, publish, service, sha, until
from llm_stage import FORM, PRICES, PROMPT
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server
from standins.otlp import attributes, otlp_receiver

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-User-ID": "ann", "X-Job-ID": "j-1", "X-Request-ID": "r-1"}
KEY = "sk-one-secret-key"


def prompts(url: str, *, word: str = "One", budgets: str = "budgets: {}\n", rung: str = "") -> dict[str, bytes]:
    """A prompt `hook`, and ladders for conversations: `first`, then `second`, both at `url`."""
    routing = f"""
providers:
  one: {{kind: openai-compatible, base_url: "{url}", key_env: ONE_KEY}}
models:
  first: {{provider: one, id: model-1, context_tokens: 100000, max_output_tokens: 1000}}
  second: {{provider: one, id: model-2, context_tokens: 100000, max_output_tokens: 1000}}
intents:
  editing_writing:
    rules: {{words: {{keywords: "shorten, rewrite"}}}}
    ladder: {{second: {{timeout_s: 10, retries: 0}}}}
  ambiguous:
    ladder:
      first: {{timeout_s: 10, retries: 0{rung}}}
      second: {{timeout_s: 10, retries: 0}}
"""
    return {
        "prompts/routing.yaml": routing.encode(),
        "prompts/prices.yaml": PRICES.encode(),
        "prompts/budgets.yaml": budgets.encode(),
        "prompts/hook.md": PROMPT.replace("One for", f"{word} for").encode(),
    }


@contextlib.contextmanager
def running(folder: Path, server: ModelServer, **more: Any) -> Iterator[ServiceProcess]:
    environ = {
        "ONE_KEY": KEY,
        "MERGECELLS_STATE_DIR": str(folder / "state"),
        "OTEL_SDK_DISABLED": "true",
        **more.pop("environ", {}),
    }
    files = more.pop("files", {})
    publish(folder / "live", 1, 50, more={**prompts(server.url, **more), **files})
    with service(folder / "live", folder / "log", **environ) as made:
        yield made


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceProcess, ModelServer]]:
    """One service for tests that leave it as it was. Each has threads, inputs and messages of its own, for answers are
    cached, and uses its script up."""
    with (
        model_server(openai_api.respond) as provider,
        running(tmp_path_factory.mktemp("shared"), provider, files={"prompts/form.md": FORM.encode()}) as made,
    ):
        yield made, provider


def events(answer: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    """(name, data) of every event of an answer that was read whole."""
    assert answer.headers["content-type"].startswith("text/event-stream"), answer.text
    found = []
    for block in answer.text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"urn:mergecells:problem:{slug}"), answer.text
    return document


def test_completion_tells_what_it_took_and_is_cached_the_second_time(tmp_path: Path, server: ModelServer) -> None:
    """The contract's document, every label of the caller in logs, metrics and headers; then no second request."""
    with running(tmp_path, server) as made:
        body = {"inputs": {"company": "Acme"}, "persona": "sales", "run_id": "run-7", "node": "draft"}
        answer = made.post("/v1/prompts/hook/complete", json=body, headers=CALLER)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert (document["text"], document["cached"], document["fallback"]) == (openai_api.SAID, False, False)
        usage = document["usage"]
        assert (usage["input_tokens"], usage["output_tokens"], usage["truncated"]) == (20, 5, False)
        assert usage["cost_est"] == pytest.approx(30e-6)
        assert (document["cost_source"], document["token_source"]) == ("precise", "provider")
        assert document["revision"] == document["revisions"]["config"] == answer.headers["x-config-revision"] == sha(1)
        assert document["trace_id"] == answer.headers["x-trace-id"] == TRACE
        assert [attempt["outcome"] for attempt in document["attempts"]] == ["ok"]
        again = made.post("/v1/prompts/hook/complete", json=body).json()
        assert (again["cached"], again["text"], again["usage"]["cost_est"]) == (True, openai_api.SAID, 0)
        assert len(server.asked) == 1
        metrics = made.get("/metrics").text
        call = 'model="first",prompt_slug="hook"'
        assert f'mergecells_prompt_requests_total{{{call},status="ok"}} 2.0' in metrics
        assert f'mergecells_prompt_tokens_total{{{call},token_type="input"}} 20.0' in metrics
        assert 'mergecells_prompt_cache_requests_total{result="hit"} 1.0' in metrics
        assert 'mergecells_persona_turns_total{persona="sales"} 2.0' in metrics
        line = until(lambda: made.logged("http.request"))[0]
        assert (line["trace_id"], line["user_id"], line["job_id"]) == (TRACE, "ann", "j-1")
        assert KEY not in made.log.read_text()


def test_completion_streams_when_asked(shared: tuple[ServiceProcess, ModelServer]) -> None:
    """Pieces as they come, then the whole document; a second stream replays from the cache."""
    made, server = shared
    body = {"inputs": {"company": "Streams"}, "stream": True}
    before = len(server.asked)
    first = events(made.post("/v1/prompts/hook/complete", json=body))
    assert first[0][0] == "start"
    assert (first[0][1]["prompt"], first[0][1]["revision"]) == ("hook", sha(1))
    assert [name for name, _ in first[1:-1]] == ["token"] * (len(first) - 2)
    assert "".join(data["text"] for name, data in first if name == "token") == openai_api.SAID
    assert (first[-1][0], first[-1][1]["text"], first[-1][1]["cached"]) == ("result", openai_api.SAID, False)
    second = events(made.post("/v1/prompts/hook/complete", json=body))
    assert second[-1][1]["cached"]
    assert len(server.asked) == before + 1


def test_conversation_is_routed_by_intent_and_kept(tmp_path: Path, server: ModelServer) -> None:
    """The message decides the ladder; the model sees what was said before, also after the service came back."""
    with running(tmp_path, server) as made:
        told = events(made.post("/v1/threads/t-1/messages", json={"message": "Shorten this: a long line"}))
        assert (told[0][1]["thread"], told[0][1]["intent"]) == ("t-1", "editing_writing")
        assert told[0][1]["confidence"] == 1
        assert told[-1][1]["model"] == "second"
    with service(
        tmp_path / "live", tmp_path / "log", ONE_KEY=KEY, MERGECELLS_STATE_DIR=str(tmp_path / "state")
    ) as made:
        whole = made.post("/v1/threads/t-1/messages", json={"message": "And now?", "stream": False}).json()
        assert (whole["intent"], whole["model"]) == ("ambiguous", "first")
        roles = [each["role"] for each in server.asked[-1].body["messages"]]
        assert roles[-3:] == ["user", "assistant", "user"]
        kept = made.get("/v1/threads/t-1/messages").json()["messages"]
        assert [each["text"] for each in kept][:2] == ["Shorten this: a long line", openai_api.SAID]
        assert len(kept) == 4


def test_a_new_revision_answers_with_its_own_prompt(tmp_path: Path, server: ModelServer) -> None:
    """Swapped without a restart: the new text is sent, under the new SHA, and not from the old one's cache."""
    with running(tmp_path, server) as made:
        body = {"inputs": {"company": "Acme"}}
        old = made.post("/v1/prompts/hook/complete", json=body).json()
        publish(tmp_path / "live", 2, 50, more=prompts(server.url, word="Two"))
        until(lambda: made.runs(sha(2)))
        new = made.post("/v1/prompts/hook/complete", json=body).json()
        assert (old["revision"], new["revision"], new["cached"]) == (sha(1), sha(2), False)
        assert old["prompt_sha"] != new["prompt_sha"]
        assert "Two for Acme" in json.dumps(server.asked[-1].body)


def test_refusals_name_whose_fault_it_is(shared: tuple[ServiceProcess, ModelServer]) -> None:
    """A caller's mistake is 4xx with a hint, a provider that is down 5xx; a wrong key is the operator's to mend."""
    made, server = shared
    path = "/v1/prompts/hook/complete"
    assert "hook" in problem(made.post("/v1/prompts/hok/complete", json={}), 404, "unknown-prompt")["hint"]
    assert "company" in problem(made.post(path, json={"inputs": {}}), 422, "wrong-inputs")["detail"]
    problem(made.post(path, json={"inputs": {"company": "A"}, "run": 1}), 422, "wrong-shape")
    problem(made.post(path, content=b"{"), 400, "bad-json")
    # The prompt's own model is called as the ladder of `ambiguous` says, once, then the rest of that ladder.
    server.script.extend([openai_api.error(503)] * 2)
    down = problem(made.post(path, json={"inputs": {"company": "B"}}), 503, "provider-overloaded")
    assert [attempt["status"] for attempt in down["attempts"]] == [503, 503]
    server.script.append(openai_api.error(401, "Incorrect API key provided", code="invalid_api_key"))
    refused = problem(made.post(path, json={"inputs": {"company": "C"}}), 500, "provider-refused-key")
    assert "401" in refused["detail"]
    assert KEY not in json.dumps(refused)
    server.script.append(openai_api.answer("No form."))
    wrong = problem(made.post("/v1/prompts/form/complete", json={"inputs": {"message": "m"}}), 502, "answer-invalid")
    assert wrong["text"] == "No form."  # it was paid for
    long = made.post(path, json={"inputs": {"company": "E"}}, headers={"X-User-ID": "a" * 1_000_000})
    problem(long, 400, "bad-request")
    stream = {"inputs": {"company": "D"}, "stream": True}
    server.script.extend([openai_api.error(503)] * 2)
    problem(made.post(path, json=stream), 503, "provider-overloaded")


def test_a_budget_halts_calls_before_they_are_made(tmp_path: Path, server: ModelServer) -> None:
    """The run's budget is below one call's worst case: no request leaves, and the answer says which budget, and how
    much is left; another run is not touched by it."""
    with running(tmp_path, server, budgets="budgets:\n  'persona:small': {warn: 0.00001, halt: 0.00002}\n") as made:
        body = {"inputs": {"company": "Acme"}, "persona": "small"}
        refused = problem(made.post("/v1/prompts/hook/complete", json=body), 402, "budget-exceeded")
        assert server.asked == []
        (state,) = refused["budgets"]
        assert (state["key"], state["halt"], state["spent"]) == ("persona:small", 0.00002, 0)
        assert made.post("/v1/prompts/hook/complete", json={**body, "persona": "big"}).status_code == 200
        metrics = made.get("/metrics").text
        assert 'status="budget"' in metrics


def test_a_reader_that_leaves_ends_the_call(shared: tuple[ServiceProcess, ModelServer]) -> None:
    """The provider's connection is closed, the turn is cancelled, the thread is free, and nothing of it is kept."""
    made, server = shared
    before = server.dropped
    server.script.append(openai_api.stream("word " * 2000, pause=0.002))
    with made.client.stream("POST", f"{made.url}/v1/threads/left/messages", json={"message": "Hi"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: token"):
                break
    until(lambda: server.dropped == before + 1)
    until(lambda: 'status="cancelled"' in made.get("/metrics").text)
    assert made.get("/v1/threads/left/messages").json()["messages"] == []
    assert made.post("/v1/threads/left/messages", json={"message": "Hi", "stream": False}).status_code == 200


def test_a_stream_that_breaks_says_so_as_its_last_event(shared: tuple[ServiceProcess, ModelServer]) -> None:
    """Its text was sent already: it is no result, it is not kept, and the next message starts anew."""
    made, server = shared
    server.script.append(openai_api.stream("half an answer that breaks", cut=True))
    told = events(made.post("/v1/threads/broken/messages", json={"message": "Is anybody there?"}))
    assert told[-1][0] == "error"
    assert told[-1][1]["type"].startswith("urn:mergecells:problem:provider-")
    assert made.get("/v1/threads/broken/messages").json()["messages"] == []


def test_two_messages_of_one_thread_do_not_cross(shared: tuple[ServiceProcess, ModelServer]) -> None:
    """The second is told to wait for the first."""
    made, server = shared
    gate = threading.Event()
    server.script.append(dataclasses.replace(openai_api.stream("slow answer"), wait_for=gate))
    with made.client.stream("POST", f"{made.url}/v1/threads/busy/messages", json={"message": "One"}) as answer:
        lines = answer.iter_lines()
        next(lines)
        problem(made.post("/v1/threads/busy/messages", json={"message": "Two"}), 409, "thread-busy")
        gate.set()
        assert any(line == "event: result" for line in lines)
    assert made.post("/v1/threads/busy/messages", json={"message": "Two", "stream": False}).status_code == 200


def test_a_token_and_a_rate_guard_what_costs_money(tmp_path: Path, server: ModelServer) -> None:
    """Without the token nobody calls; with it, so many a minute; scoring is free."""
    environ = {"MERGECELLS_LLM_TOKEN": "let me in", "MERGECELLS_LLM_CALLS_PER_MINUTE": "2"}
    with running(tmp_path, server, environ=environ) as made:
        body = {"inputs": {"company": "Acme"}}
        problem(made.post("/v1/prompts/hook/complete", json=body), 401, "token-missing")
        wrong = {"Authorization": "Bearer no"}
        problem(made.post("/v1/prompts/hook/complete", json=body, headers=wrong), 403, "token-wrong")
        problem(made.get("/v1/threads/t/messages"), 401, "token-missing")
        right = {"Authorization": "Bearer let me in"}
        for _ in range(2):
            assert made.post("/v1/prompts/hook/complete", json=body, headers=right).status_code == 200
        late = made.post("/v1/prompts/hook/complete", json=body, headers=right)
        problem(late, 429, "too-many-requests")
        assert int(late.headers["retry-after"]) > 0
        made.score()


def test_spans_reach_a_backend_in_the_callers_trace(tmp_path: Path, server: ModelServer) -> None:
    """From the service's own process, with the revision, when an address is set."""
    with otlp_receiver() as receiver:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.base, "OTEL_SDK_DISABLED": ""}
        with running(tmp_path, server, environ=environ) as made:
            body = {"inputs": {"company": "Acme"}, "persona": "sales"}
            assert made.post("/v1/prompts/hook/complete", json=body, headers=CALLER).status_code == 200
            made.stop()
        call = next(span for span in receiver.wait_for_spans(2) if span.name == "prompt hook")
        assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE, SPAN)
        assert attributes(call)["mergecells.revision"] == sha(1)
