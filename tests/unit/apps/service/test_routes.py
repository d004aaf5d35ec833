"""The service's answers: one revision each, ids on everything, problems for every error, no guess at hostile input."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.findings import Finding
from mergecells.serving.live_config import Config
from unit.apps.service.asgi import FIRST, RULES, SECOND, TOKEN, app_of, ask, config, live, snapshot

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def call(method: str, path: str, opened: Config | MergecellsError | None = None, **options: Any) -> httpx.Response:
    """One request to a service over `opened`; settings under `settings`."""
    settings = options.pop("settings", {})
    with live(opened or config()) as made:
        return asyncio.run(ask(app_of(made, **settings), method, path, **options))


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document, after checking what every one must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:mergecells:problem:{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]
    assert len(answer.headers["x-trace-id"]) == 32
    assert answer.headers["x-config-revision"]
    assert "Traceback" not in answer.text
    return document


@pytest.mark.parametrize("body", [{"years": 5}, {"lead": {"years": 5}}, {"lead": {"YEARS": 5}, "date": "2026-01-01"}])
def test_score_of_a_lead_bare_or_wrapped(body: dict[str, Any]) -> None:
    """Both forms of the body give the contract's document, whose revision is the header's."""
    answer = call("POST", "/v1/score", json=body)
    assert answer.status_code == 200
    document = answer.json()
    assert (document["score"], document["tier"], document["components"]) == (50.0, "D", {"company": 50.0})
    assert document["revision"] == answer.headers["x-config-revision"] == FIRST


def test_score_in_a_vertical_uses_its_overrides() -> None:
    """The vertical's formula counts years faster."""
    answer = call("POST", "/v1/score", json={"lead": {"years": 5}, "vertical": "saas"})
    assert (answer.json()["score"], answer.json()["vertical"]) == (100.0, "saas")


def test_score_with_a_date_is_as_of_that_day() -> None:
    """Formulas take the date given for today, and the answer says which it was."""
    rules = RULES.replace(b"=IF(years>=10,1,years/10)", b"=IF(YEAR(TODAY())=2020,1,0)")
    made = snapshot(rules=rules)
    body = {"lead": {}, "date": "2020-02-29"}
    document = call("POST", "/v1/score", Config(made, config().status), json=body).json()
    assert (document["score"], document["date"]) == (100.0, "2020-02-29")


def test_score_names_what_was_odd_in_the_lead() -> None:
    """A text in a number field is an issue; a name that is no field is said to be ignored."""
    document = call("POST", "/v1/score", json={"years": "ten", "yaers": 3}).json()
    assert any("years" in issue for issue in document["issues"])
    assert document["ignored"] == ["yaers"]


@pytest.mark.parametrize("body", [[{"years": 12}, {"years": 1}], {"leads": [{"years": 12}, {"years": 1}]}])
def test_batch_scores_in_order_by_one_revision(body: Any) -> None:
    """Bare list or wrapped; an empty batch is no error."""
    document = call("POST", "/v1/score/batch", json=body).json()
    assert [score["score"] for score in document["scores"]] == [100.0, 10.0]
    assert {document["revision"], *(score["revision"] for score in document["scores"])} == {FIRST}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b'{"years": NaN}',
        b'{"years": -Infinity}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"years": ' + b"9" * 5000 + b"}",
        b"{'years': 1}",
    ],
)
@pytest.mark.parametrize("path", ["/v1/score", "/v1/score/batch"])
def test_body_that_is_no_json_is_a_400(path: str, body: bytes) -> None:
    """Cut off, deep, NaN, endless digits: a problem that says where, never a crash."""
    problem(call("POST", path, content=body), 400, "bad-json")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ([], [""]),
        ("text", [""]),
        (None, [""]),
        ({"lead": []}, ["/lead"]),
        ({"lead": {"years": [1], "a/b~c": {}}}, ["/lead/years", "/lead/a~1b~0c"]),
        ({"lead": {}, "verticl": "x"}, ["/verticl"]),
        ({"lead": {}, "date": "2024-02-30"}, ["/date"]),
        ({"lead": {}, "date": "20240229xx"}, ["/date"]),
        ({"lead": {}, "date": 5}, ["/date"]),
        ({"lead": {}, "vertical": 5}, ["/vertical"]),
        ({"years": {}}, ["/years"]),
        ({"x" * 101: 1}, [""]),
    ],
)
def test_score_body_of_the_wrong_shape_is_a_422_with_every_place(body: Any, pointers: list[str]) -> None:
    """The pointers name each place in the body."""
    found = problem(call("POST", "/v1/score", content=json.dumps(body)), 422, "wrong-shape")
    assert [error["pointer"] for error in found["errors"]] == pointers


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, ""), ({"leads": {}}, "/leads"), ([{}, 3], "/1"), ({"leads": [{}, {"years": []}]}, "/leads/1/years")],
)
def test_batch_body_of_the_wrong_shape_is_a_422(body: Any, pointer: str) -> None:
    """A wrong lead is named by its place in the list."""
    found = problem(call("POST", "/v1/score/batch", json=body), 422, "wrong-shape")
    assert found["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
def test_number_beyond_what_a_cell_can_hold_is_a_422(number: str) -> None:
    """It is refused, not scored as if it were blank."""
    problem(call("POST", "/v1/score", content=f'{{"years": {number}}}'), 422, "wrong-shape")


def test_unknown_vertical_is_a_422_that_lists_the_known() -> None:
    """The person sees what there is."""
    found = problem(call("POST", "/v1/score", json={"lead": {}, "vertical": "sass"}), 422, "unknown-vertical")
    assert "saas" in found["detail"]


def test_body_or_batch_beyond_the_limits_is_a_413() -> None:
    """By the stated length, by the bytes that come, and by the number of leads."""
    small = {"max_body": 100, "max_leads": 2}
    problem(call("POST", "/v1/score", json={"name": "x" * 100}, settings=small), 413, "body-too-large")

    async def drip() -> Any:
        for _ in range(20):
            yield b" " * 10

    problem(call("POST", "/v1/score", content=drip(), settings=small), 413, "body-too-large")
    problem(call("POST", "/v1/score/batch", json=[{}, {}, {}], settings=small), 413, "too-many-leads")


def test_body_that_never_ends_is_a_408() -> None:
    """A caller that sends no end is cut off."""

    async def stall() -> Any:
        yield b"{"
        await asyncio.sleep(5)

    problem(call("POST", "/v1/score", content=stall(), settings={"body_seconds": 0.05}), 408, "body-timeout")


def test_unknown_path_and_method_are_problems() -> None:
    """404 and 405 have the same form; 405 says what is allowed."""
    problem(call("GET", "/nowhere/<script>"), 404, "not-found")
    answer = call("DELETE", "/v1/score")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def test_defect_of_ours_is_a_500_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    """The answer has the request's id and no traceback; the log has the traceback."""

    class Broken(Config):
        @property
        def status(self) -> Any:
            raise RuntimeError("secret inside")

        @status.setter
        def status(self, value: Any) -> None:
            pass

    made = snapshot()
    answer = call("GET", "/internal/config", Broken(made, config().status))
    assert "secret inside" not in problem(answer, 500, "internal")["detail"] + answer.text
    assert "secret inside" in caplog.text


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({}, 401, "token-missing"),
        ({"Authorization": ""}, 401, "token-missing"),
        ({"Authorization": TOKEN}, 401, "token-missing"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "token-missing"),
        ({"Authorization": "Bearer "}, 401, "token-missing"),
        ({"Authorization": "Bearer wrong"}, 403, "token-wrong"),
        ({"Authorization": f"Bearer {TOKEN}x"}, 403, "token-wrong"),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 403, "token-wrong"),
        ({"Authorization": f"Bearer {TOKEN.upper()}"}, 403, "token-wrong"),
        ({"Authorization": b"Bearer \xff\xfe"}, 403, "token-wrong"),
    ],
)
def test_reload_with_a_wrong_or_missing_token_is_refused(headers: dict[str, Any], status: int, slug: str) -> None:
    """401 asks for a token, 403 refuses the one given; neither repeats it."""
    answer = call("POST", "/internal/reload", headers=headers)
    problem(answer, status, slug)
    assert TOKEN not in answer.text
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_reload_sent_with_two_authorizations_is_refused() -> None:
    """A second header must not slip past a proxy that checked the first."""
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
    problem(call("POST", "/internal/reload", headers=headers), 401, "token-missing")


def test_reload_with_the_token_asks_the_config() -> None:
    """Exactly one ask reaches the config."""

    class Asked(Config):
        asked = 0

        def reload(self, timeout: float | None = None) -> Any:
            self.asked += 1
            return self.status

    opened = Asked(snapshot(), config().status)
    answer = call("POST", "/internal/reload", opened, headers={"Authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 202
    assert opened.asked == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}])
def test_reload_without_a_token_configured_is_off(headers: dict[str, str]) -> None:
    """No default token exists; the answer names the variable."""
    answer = call("POST", "/internal/reload", headers=headers, settings={"reload_token": None})
    assert "MERGECELLS_RELOAD_TOKEN" in problem(answer, 403, "reload-disabled")["detail"]


def test_service_without_a_good_config_is_alive_but_not_ready() -> None:
    """503 with a Retry-After for all that needs a config; /internal/config says why; the revision header is there."""
    findings = [Finding(code="rule.weight-sum", message="Weights sum to 0.9.", file="scoring/rules.yaml", line=3)]
    nothing = ConfigRejectedError("The config has errors.", findings)
    for method, path in (("GET", "/readyz"), ("POST", "/v1/score"), ("POST", "/v1/score/batch")):
        answer = call(method, path, nothing)
        problem(answer, 503, "not-ready")
        assert answer.headers["retry-after"]
        assert answer.headers["x-config-revision"] == "none"
    assert call("GET", "/healthz", nothing).status_code == 200
    report = call("GET", "/internal/config", nothing).json()
    assert (report["revision"], report["status"]) == (None, "not-ready")
    assert report["rejected"]["findings"][0]["code"] == "rule.weight-sum"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/internal/config", "/openapi.json"])
def test_every_plain_answer_has_the_three_headers(path: str) -> None:
    """Also what monitoring asks."""
    answer = call("GET", path)
    assert answer.status_code == 200
    assert answer.headers["x-config-revision"] == FIRST
    assert answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-trace-id"])


def test_head_on_health_has_no_body() -> None:
    """Load balancers ask with HEAD."""
    for path in ("/healthz", "/readyz"):
        answer = call("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_report_has_the_contracts_keys() -> None:
    """What `status` and dashboards read."""
    report = call("GET", "/internal/config").json()
    assert {"revision", "loaded_at", "status", "last_attempt", "rejected"} <= report.keys()
    assert (report["revision"], report["status"], report["rejected"]) == (FIRST, "ok", None)


@pytest.mark.parametrize(
    ("headers", "request_id", "trace_id"),
    [
        ({"X-Request-ID": "abc-1.2:3/4", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "abc-1.2:3/4", TRACE),
        ({"X-Trace-ID": TRACE}, None, TRACE),
        ({"traceparent": f"cc-{TRACE}-00f067aa0ba902b7-01-more"}, None, TRACE),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01-more"}, None, None),
        ({"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}, None, None),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None, None),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None, None),
        ({"traceparent": f"00-{TRACE.upper()}-00f067aa0ba902b7-01"}, None, None),
        ({"X-Request-ID": "a" * 129, "X-Trace-ID": "not hex"}, None, None),
        ({"X-Request-ID": "a\tb; <script>"}, None, None),
        ({"X-Request-ID": b"caf\xe9"}, None, None),
    ],
)
def test_ids_that_are_harmless_are_honoured_and_others_replaced(
    headers: dict[str, Any], request_id: str | None, trace_id: str | None
) -> None:
    """W3C Trace Context decides what a traceparent is; an id can never carry anything into a header or a log."""
    answer = call("GET", "/healthz", headers=headers)
    given = {value if isinstance(value, str) else value.decode("latin-1") for value in headers.values()}
    assert answer.headers["x-request-id"] == request_id if request_id else answer.headers["x-request-id"] not in given
    if trace_id:
        assert answer.headers["x-trace-id"] == trace_id
    else:
        assert answer.headers["x-trace-id"] != TRACE
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-trace-id"])


def test_metrics_count_scores_by_tier_and_requests_by_route() -> None:
    """A path that nobody routed becomes no label of its own."""

    async def talk(app: Any) -> str:
        await ask(app, "POST", "/v1/score", json={"years": 12})
        await ask(app, "POST", "/v1/score/batch", json=[{"years": 1}, {"years": 2}])
        await ask(app, "GET", "/nowhere/4711")
        await ask(app, "BREW", "/v1/score")
        return (await ask(app, "GET", "/metrics")).text

    with live(config()) as made:
        text = asyncio.run(talk(app_of(made)))
    assert 'mergecells_scores_total{tier="A"} 1.0' in text
    assert 'mergecells_scores_total{tier="D"} 2.0' in text
    assert 'mergecells_http_requests_total{method="POST",route="/v1/score",status="200"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert 'method="other"' in text
    assert "4711" not in text


def test_swap_during_a_request_does_not_mix_revisions() -> None:
    """The revision is pinned when the request arrives: body and header stay with it though the config moves on."""
    opened = config()

    async def swap_while_sending() -> Any:
        yield b'{"leads": [{"years": 12}, '
        opened.swap(snapshot(SECOND), "2026-01-01T00:00:01.000Z")
        yield b'{"years": 1}]}'

    async def talk(app: Any) -> tuple[httpx.Response, httpx.Response]:
        during = await ask(app, "POST", "/v1/score/batch", content=swap_while_sending())
        return during, await ask(app, "POST", "/v1/score", json={"years": 1})

    with live(opened) as made:
        during, after = asyncio.run(talk(app_of(made)))
    revisions = {score["revision"] for score in during.json()["scores"]}
    assert revisions == {during.json()["revision"]} == {during.headers["x-config-revision"]} == {FIRST}
    assert after.json()["revision"] == after.headers["x-config-revision"] == SECOND


def test_access_log_names_route_status_and_ids_but_no_lead(caplog: pytest.LogCaptureFixture) -> None:
    """One line a request; what a lead holds is nobody's business in a log."""
    caplog.set_level("INFO")
    call("POST", "/v1/score?token=abc", json={"name": "Ada Lovelace"}, headers={"X-Request-ID": "r-7"})
    (line,) = [record for record in caplog.records if getattr(record, "event", "") == "http.request"]
    assert vars(line)["route"] == "/v1/score"
    assert vars(line)["status"] == 200
    assert vars(line)["revision"] == FIRST
    assert vars(line)["duration_ms"] > 0
    assert "Lovelace" not in caplog.text
    assert "abc" not in line.getMessage()


def test_openapi_describes_every_route() -> None:
    """Tools can read what there is, with the problem form of the errors."""
    document = call("GET", "/openapi.json").json()
    assert set(document["paths"]) == {
        "/v1/score",
        "/v1/score/batch",
        "/healthz",
        "/readyz",
        "/metrics",
        "/internal/config",
        "/internal/reload",
    }
    refused = document["paths"]["/v1/score"]["post"]["responses"]["422"]
    assert "application/problem+json" in json.dumps(refused)


def test_score_with_explain_says_why() -> None:
    """The same document with an explanation, from the YAML's own lines; the score itself is unchanged."""
    plain = call("POST", "/v1/score", json={"years": 5}).json()
    document = call("POST", "/v1/score?explain=true", json={"years": 5}).json()
    explanation = document.pop("explanation")
    assert document == plain
    (component,) = explanation["components"]
    (factor,) = component["factors"]
    assert (explanation["revision"], factor["points"]) == (FIRST, 50.0)
    assert factor["formula"]["inputs"][0]["value"] == {"kind": "number", "value": 5.0}
    assert factor["formula"]["place"]["file"] == "scoring/rules.yaml"
    assert RULES.decode().splitlines()[factor["formula"]["place"]["line"] - 1].count("formula") == 1
    assert explanation["next_tier"]["points_missing"] > 0


def test_batch_with_explain_explains_each_up_to_a_number() -> None:
    """Beyond it the request is refused, and says how many one takes."""
    scores = call("POST", "/v1/score/batch?explain=1", content=b'[{"years": 5}, {"years": "\\ud800"}]').json()["scores"]
    assert all(score["explanation"]["score"] == score["score"] for score in scores)
    assert "explanation" not in call("POST", "/v1/score/batch?explain=false", json=[{}]).json()["scores"][0]
    refused = call("POST", "/v1/score/batch?explain=true", json=[{}] * 501)
    assert "one request takes 500" in problem(refused, 413, "too-many-leads")["detail"]


def test_score_with_an_explain_that_is_neither_is_a_422() -> None:
    """A misspelt value must not look answered."""
    problem(call("POST", "/v1/score?explain=yes please", json={}), 422, "wrong-query")


def test_openapi_tells_of_explain_and_its_document() -> None:
    """Tools can ask for it and read it."""
    document = call("GET", "/openapi.json").json()
    parameters = document["paths"]["/v1/score"]["post"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["explain"]
    assert "FactorExplanation" in document["components"]["schemas"]
