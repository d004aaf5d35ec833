"""What a hostile or broken client sends to the hub, on a real socket: each with its status and its words."""

from __future__ import annotations

import json
import socket
import time
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import loopback
from hub_stage import AddOn, HubStage, hub_stage
from mergecells.apps.hub.sessions import signature_of
from standins.google.accounts import rsa_key


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStage]:
    """One hub for all: nothing here changes what it holds but for sessions."""
    with (
        pytest.MonkeyPatch.context() as patch,
        hub_stage(tmp_path_factory.mktemp("hub"), patch, small=True) as made,
        made.running(),
    ):
        yield made


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and slug; a problem always says what to do, under the request's id."""
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == answer.status_code
    assert document["detail"]
    assert "hint" in document
    assert document["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, document["type"].removeprefix("urn:mergecells:problem:")


def asked(ada: AddOn) -> dict[str, Any]:
    return {"spreadsheet": ada.spreadsheet}


def test_signature_of_the_documented_example_is_the_documented_one() -> None:
    """The vector of docs/hub.md, which other clients are built against."""
    body = b'{"spreadsheet":"1AbC"}'
    made = signature_of(bytes(range(32)), "POST", "/v1/submissions", 1764238800, "abcdefghijklmnop", body)
    assert made == "sha256=176c915ed33b6f7346253ad938e552d794c76dd851db0a0f4357e87ce4cd1ea9"


def test_sign_in_is_refused_with_the_reason(stage: HubStage) -> None:
    """The identity's kinds become problem types: 401 for a bad token, 403 for a person who may not."""
    ada = stage.add_on(sign_in=False)
    assert problem(ada.sign_in(token="")) == (401, "identity-missing")
    assert problem(ada.sign_in(token="a.b.c")) == (401, "identity-malformed")
    assert problem(ada.sign_in(aud="evil")) == (401, "identity-audience")
    assert problem(ada.sign_in(hd="evil.com")) == (403, "identity-domain")
    assert problem(ada.sign_in(email_verified=False)) == (403, "identity-unverified")
    ada.spreadsheet = "1" * 44
    assert problem(ada.sign_in()) == (404, "sheet-unknown")
    ada.spreadsheet = "../../etc/passwd"
    assert problem(ada.sign_in()) == (404, "sheet-unknown")


def test_sign_in_takes_the_address_of_the_sheet_too(stage: HubStage) -> None:
    """The answer names the id."""
    ada = stage.add_on(sign_in=False)
    ada.spreadsheet = f"https://docs.google.com/spreadsheets/d/{ada.spreadsheet}/edit#gid=0"
    answer = ada.sign_in()
    assert (answer.status_code, answer.json()["spreadsheet"]) == (201, stage.google.book_id)
    assert (answer.json()["email"], len(b64decode(answer.json()["key"]))) == ("ada@example.com", 32)


def test_request_without_a_right_signature_is_refused(stage: HubStage) -> None:
    """Unsigned, with another key, with another body, method, path or query: nothing of it can be changed."""
    ada = stage.add_on()
    url = f"{stage.url}/v1/previews"
    assert problem(loopback.post(url, json=asked(ada))) == (401, "session-missing")
    assert problem(ada.post("/v1/previews", asked(ada), key=b"x" * 32)) == (401, "signature-wrong")
    assert problem(ada.post("/v1/previews", asked(ada), session=f"s_{'0' * 32}")) == (401, "session-unknown")
    headers = ada.headers("POST", "/v1/previews", json.dumps(asked(ada)).encode())
    changed = {"spreadsheet": ada.spreadsheet, "title": "x"}
    assert problem(loopback.post(url, json=changed, headers=headers)) == (401, "signature-wrong")
    other = f"{stage.url}/v1/submissions"
    content = json.dumps(asked(ada)).encode()
    assert problem(loopback.post(other, content=content, headers=headers)) == (401, "signature-wrong")
    assert problem(loopback.post(f"{url}?x=1", content=content, headers=headers)) == (401, "signature-wrong")
    target = f"/v1/sheets/{ada.spreadsheet}"
    assert problem(loopback.get(stage.url + target, headers=ada.headers("POST", target))) == (401, "signature-wrong")


def test_request_that_is_sent_twice_is_refused_the_second_time(stage: HubStage) -> None:
    """A copy of a good request, to the letter; and a wrong copy first does not use up the right one's nonce."""
    ada = stage.add_on()
    target = "/v1/submissions/sub_unknown"
    headers = ada.headers("GET", target)
    forged = {**headers, "X-Mergecells-Signature": f"sha256={'0' * 64}"}
    assert problem(loopback.get(stage.url + target, headers=forged)) == (401, "signature-wrong")
    assert problem(loopback.get(stage.url + target, headers=headers)) == (404, "submission-unknown")
    assert problem(loopback.get(stage.url + target, headers=headers)) == (401, "nonce-replayed")


def test_clock_that_is_wrong_is_told_by_how_much(stage: HubStage) -> None:
    """Five minutes either way are allowed."""
    ada = stage.add_on()
    target = "/v1/submissions/sub_unknown"
    now = int(time.time())
    assert problem(ada.get(target, timestamp=now - 290)) == (404, "submission-unknown")
    answer = ada.get(target, timestamp=now - 1000)
    assert problem(answer) == (401, "timestamp-skew")
    assert "s behind the hub's; 300 s are allowed" in answer.json()["detail"]
    answer = ada.get(target, timestamp=now + 1000)
    assert "s ahead of the hub's" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Mergecells-Timestamp", "soon"),
        ("X-Mergecells-Timestamp", "-5"),
        ("X-Mergecells-Timestamp", "9" * 400),
        ("X-Mergecells-Nonce", "short"),
        ("X-Mergecells-Nonce", "a" * 65),
        ("X-Mergecells-Nonce", "a b c d e f g h i j"),
        ("X-Mergecells-Signature", "sha1=" + "0" * 40),
        ("X-Mergecells-Signature", "sha256=" + "A" * 64),
        ("X-Mergecells-Session", "s_x"),
    ],
)
def test_header_of_a_wrong_form_is_refused(stage: HubStage, header: str, value: str) -> None:
    """With the header's name and its form."""
    ada = stage.add_on()
    target = f"/v1/sheets/{ada.spreadsheet}"
    answer = loopback.get(stage.url + target, headers={**ada.headers("GET", target), header: value})
    assert problem(answer) == (400, "header-malformed")
    assert header in answer.json()["detail"]


@pytest.mark.parametrize("name", ["X-Mergecells-Session", "X-Mergecells-Signature", "Content-Type"])
def test_header_that_is_there_twice_is_refused(stage: HubStage, name: str) -> None:
    """A proxy may look at the first and we at the second."""
    ada = stage.add_on()
    body = json.dumps(asked(ada)).encode()
    headers = ada.headers("POST", "/v1/previews", body)
    pairs = [*headers.items(), (name, headers[name])]
    answer = loopback.post(f"{stage.url}/v1/previews", content=body, headers=pairs)
    assert problem(answer) == (400, "header-twice")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
def test_body_of_another_type_is_refused(stage: HubStage, kind: str) -> None:
    """What a form on another site can send without asking is never taken for JSON."""
    ada = stage.add_on()
    body = json.dumps(asked(ada)).encode()
    headers = {**ada.headers("POST", "/v1/previews", body), "Content-Type": kind}
    answer = loopback.post(f"{stage.url}/v1/previews", content=body, headers=headers)
    assert problem(answer) == (415, "wrong-content-type")


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 400, "bad-json"),
        (b"\xff\xfe{}", 400, "bad-json"),
        (b'{"spreadsheet": "\xe9"}', 400, "bad-json"),
        (b"[" * 20_000, 400, "bad-json"),
        (b'{"spreadsheet": NaN}', 400, "bad-json"),
        (b"[]", 422, "wrong-shape"),
        (b"{}", 422, "wrong-shape"),
        (b'{"spreadsheet": 5}', 422, "wrong-shape"),
        (b'{"spreadsheet": "\\ud800"}', 422, "wrong-shape"),
        (b'{"spreadsheet": "x", "more": 1}', 422, "wrong-shape"),
        (b'{"spreadsheet": "x"}', 404, "sheet-unknown"),
        (b'{"spreadsheet": "' + b"x" * 70_000 + b'"}', 413, "body-too-large"),
    ],
)
def test_body_that_cannot_be_used_is_refused(stage: HubStage, body: bytes, status: int, slug: str) -> None:
    """Signed or not, nothing in it is trusted."""
    assert problem(stage.add_on().post("/v1/submissions", body)) == (status, slug)


@pytest.mark.parametrize(
    "more",
    [
        {"title": "x" * 201},
        {"title": "two\nlines"},
        {"title": "bell \u0007"},
        {"request_id": "short"},
        {"request_id": "blank in the middle"},
        {"allow_large": "yes"},
    ],
)
def test_submission_with_a_wrong_value_is_refused(stage: HubStage, more: dict[str, Any]) -> None:
    """`errors` points at it."""
    ada = stage.add_on()
    answer = ada.post("/v1/submissions", {**asked(ada), **more})
    assert problem(answer) == (422, "wrong-shape")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(more))}"


def test_body_without_an_end_is_cut_off(stage: HubStage) -> None:
    """An endless chunked body is answered, and the connection closed."""
    parts = urlsplit(stage.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as line:
        line.sendall(
            b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n{"
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_unknown_paths_and_methods_are_problems(stage: HubStage) -> None:
    """With the words of the hub."""
    assert problem(loopback.get(f"{stage.url}/v1/nothing")) == (404, "not-found")
    assert problem(loopback.put(f"{stage.url}/v1/sessions")) == (405, "method-not-allowed")


def test_thousand_sessions_leave_ten_and_the_newest_works(stage: HubStage) -> None:
    """A person's oldest sessions end; another person's are not touched."""
    assert stage.hub is not None
    bob = stage.add_on("bob")
    ada = stage.add_on("ada")
    first = dict(ada.session)
    person = stage.hub.identities.verify(stage.accounts.token("ada@example.com"))
    for _ in range(1000):
        stage.hub.sessions.open(person, ada.spreadsheet)
    assert len(stage.hub.sessions) <= 30
    assert problem(ada.get("/v1/submissions/sub_unknown")) == (401, "session-unknown")
    assert first["session"]
    ada.sign_in()
    assert problem(ada.get("/v1/submissions/sub_unknown")) == (404, "submission-unknown")
    assert problem(bob.get("/v1/submissions/sub_unknown")) == (404, "submission-unknown")


def test_person_who_asks_too_much_is_told_to_wait(stage: HubStage) -> None:
    """Their own requests only; the answer says how long."""
    assert stage.hub is not None
    from mergecells.apps.hub.limits import RateLimit

    usual, stage.hub.limit = stage.hub.limit, RateLimit(6)
    try:
        ada, bob = stage.add_on("ada"), stage.add_on("bob")
        answers = [ada.get("/v1/submissions/sub_unknown") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [404, 404, 429, 429]
        assert problem(answers[-1]) == (429, "too-many-requests")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        assert bob.get("/v1/submissions/sub_unknown").status_code == 404
    finally:
        stage.hub.limit = usual


def test_keys_and_tokens_are_in_no_log_line(stage: HubStage, caplog: pytest.LogCaptureFixture) -> None:
    """Neither of a request that was taken nor of one that was refused."""
    with caplog.at_level("DEBUG"):
        ada = stage.add_on(sign_in=False)
        token = stage.accounts.token(ada.mail)
        ada.sign_in(token=token)
        ada.sign_in(token=token[:-5])
        ada.get("/v1/submissions/sub_unknown")
        ada.post("/v1/previews", asked(ada), key=b"x" * 32)
    ours = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("mergecells"))
    assert "http.request" in ours
    for secret in (token, token.rpartition(".")[2], ada.session["key"], rsa_key("key-1").private_numbers().d):
        assert str(secret) not in ours
