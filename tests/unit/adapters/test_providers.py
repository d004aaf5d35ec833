"""Each provider's own library against a server that answers in that provider's format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mergecells.adapters.provider_factory import ProviderFactory
from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ModelAnswer, ModelRequest, ReportedUsage
from mergecells.domain.messages import ImagePart, Message, TextPart
from mergecells.domain.prompts import ModelOptions
from mergecells.domain.routing import Provider, ProviderKind
from standins.llm import anthropic_api, gemini_api, openai_api, perplexity_api
from standins.llm.server import Asked, Reply, event_reply, json_reply, model_server

KEY = "sk-very-secret-key-0123456789"
APIS: Mapping[str, Any] = {
    "openai": openai_api,
    "anthropic": anthropic_api,
    "gemini": gemini_api,
    "openai-compatible": openai_api,
    "perplexity": perplexity_api,
}
KINDS = list(APIS)
SCHEMA = {
    "type": "object",
    "required": ["size"],
    "additionalProperties": False,
    "properties": {"size": {"type": "integer", "minimum": 1}},
}
PIXEL = "data:image/png;base64,iVBORw0KGgo="
PHOTO = "https://example.com/photos/a.png"


def ask(url: str, kind: ProviderKind, **more: Any) -> ModelRequest:
    made: dict[str, Any] = {
        "provider_name": "one",
        "provider": Provider(kind=kind, base_url=url, key_env="KEY"),
        "model": "m",
        "model_id": "model-1",
        "messages": (Message("system", (TextPart("Be short."),)), Message("user", (TextPart("Hi"),))),
        "max_output_tokens": 40,
        "timeout_s": 5.0,
    }
    return ModelRequest(**{**made, **more})


def complete(request: ModelRequest, key: str = KEY) -> ModelAnswer:
    async def run() -> ModelAnswer:
        provider = ProviderFactory({"KEY": key})("one", request.provider)
        try:
            return await provider.complete(request)
        finally:
            await provider.close()

    return asyncio.run(run())


def streamed(request: ModelRequest) -> tuple[list[str], ModelAnswer]:
    async def run() -> list[str | ModelAnswer]:
        provider = ProviderFactory({"KEY": KEY})("one", request.provider)
        try:
            return [each async for each in provider.stream(request)]
        finally:
            await provider.close()

    *pieces, answer = asyncio.run(run())
    assert isinstance(answer, ModelAnswer)
    assert all(isinstance(piece, str) for piece in pieces)
    return pieces, answer  # type: ignore[return-value]


def scripted(kind: str, *replies: Reply) -> Any:
    """A server that answers so, then by its API."""

    def respond(asked: Asked) -> Reply:
        reply: Reply = left.pop(0) if left else APIS[kind].respond(asked)
        return reply

    left = list(replies)
    return model_server(respond)


def failure(act: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        act()
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_complete_whole_answer_is_text_finish_and_usage(kind: ProviderKind) -> None:
    """The text, why it ended, and the tokens as reported, whatever the provider calls them."""
    with scripted(kind) as server:
        answer = complete(ask(server.url, kind))
    assert (answer.text, answer.finish) == ("A good answer.", "stop")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_stream_pieces_are_the_answer_with_its_usage(kind: ProviderKind) -> None:
    """Pieces come one by one; the last item is the whole answer with the usage of the stream's end."""
    with scripted(kind) as server:
        pieces, answer = streamed(ask(server.url, kind))
    assert len(pieces) > 1
    assert "".join(pieces) == answer.text == "A good answer."
    assert (answer.finish, answer.usage.input_tokens, answer.usage.output_tokens) == ("stop", 20, 5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["complete", "stream"])
def test_answer_at_the_limit_of_tokens_is_told(kind: ProviderKind, way: str) -> None:
    """An answer that was cut by max tokens ends with `length`."""
    words = {"anthropic": "max_tokens", "gemini": "MAX_TOKENS", "perplexity": "max_output_tokens"}
    word = words.get(kind, "length")
    name = "finish" if APIS[kind] is openai_api else "reason"
    reply = (APIS[kind].answer if way == "complete" else APIS[kind].stream)("cut he", **{name: word})
    with scripted(kind, reply) as server:
        request = ask(server.url, kind)
        answer = complete(request) if way == "complete" else streamed(request)[1]
    assert (answer.text, answer.finish) == ("cut he", "length")


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("openai", openai_api.answer("", finish="content_filter")),
        ("openai", openai_api.answer("", refusal="I cannot help with that.")),
        ("anthropic", anthropic_api.answer("", reason="refusal")),
        ("gemini", gemini_api.answer(None, reason="SAFETY")),
        ("perplexity", perplexity_api.answer("", reason="content_filter")),
    ],
)
def test_answer_held_back_is_told_as_filtered(kind: ProviderKind, reply: Reply) -> None:
    """What a provider's filter held back ends with `content_filter`."""
    with scripted(kind, reply) as server:
        assert complete(ask(server.url, kind)).finish == "content_filter"


def test_gemini_blocked_prompt_is_an_error_of_the_filter() -> None:
    """A prompt that Gemini does not answer at all is no cut stream and no empty answer."""
    with scripted("gemini", gemini_api.blocked()) as server:
        error = failure(lambda: complete(ask(server.url, "gemini")))
    assert error.kind == "content_filter"
    assert "PROHIBITED_CONTENT" in error.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [complete, streamed])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "bad_request"), (401, "auth"), (403, "auth"), (404, "not_found"), (429, "rate_limit"),
        (500, "server_error"), (503, "overloaded"), (529, "overloaded"), (504, "timeout"),
    ],
)  # fmt: skip
def test_refusal_is_told_by_its_class(
    kind: ProviderKind, way: Callable[[ModelRequest], object], status: int, expected: str
) -> None:
    """An HTTP status is one class of error for all providers, with the provider's own words; nothing was charged."""
    with scripted(kind, APIS[kind].error(status)) as server:
        error = failure(lambda: way(ask(server.url, kind)))
    assert (error.kind, error.status, error.may_cost) == (expected, status, False)
    assert "Something is wrong." in error.message


def test_gemini_wrong_key_is_told_as_such_although_it_is_a_400() -> None:
    """Google answers 400 to a key that it does not know."""
    reply = gemini_api.error(400, "INVALID_ARGUMENT", "API key not valid.", details=[gemini_api.INVALID_KEY])
    with scripted("gemini", reply) as server:
        assert failure(lambda: complete(ask(server.url, "gemini"))).kind == "auth"


@pytest.mark.parametrize("kind", KINDS)
def test_stream_cut_in_the_middle_is_no_answer(kind: ProviderKind) -> None:
    """A stream whose connection breaks, or that ends without the provider's end, is an error that may have cost."""
    with scripted(kind, APIS[kind].stream(cut=True)) as server:
        error = failure(lambda: streamed(ask(server.url, kind)))
    assert error.kind == "connection"
    assert error.may_cost


@pytest.mark.parametrize("kind", KINDS)
def test_stream_that_ends_early_but_cleanly_is_no_answer(kind: ProviderKind) -> None:
    """A proxy that closes a stream properly in the middle does not make half an answer a whole one."""
    whole = APIS[kind].stream()
    with scripted(kind, event_reply(list(whole.pieces[: len(whole.pieces) // 2]))) as server:
        error = failure(lambda: streamed(ask(server.url, kind)))
    assert (error.kind, error.may_cost) == ("connection", True)


def test_anthropic_error_in_a_stream_is_told_by_its_type() -> None:
    """Anthropic answers 200 and sends the error as an event."""
    with scripted("anthropic", anthropic_api.error_in_stream()) as server:
        error = failure(lambda: streamed(ask(server.url, "anthropic")))
    assert (error.kind, error.may_cost) == ("overloaded", True)


def test_openai_error_in_a_stream_is_told() -> None:
    """Compatible servers send an error object in the middle of a stream."""
    pieces = [*openai_api.stream().pieces[:3], openai_api.event({"error": {"message": "Out of memory", "code": 503}})]
    with scripted("openai", event_reply(pieces)) as server:
        error = failure(lambda: streamed(ask(server.url, "openai")))
    assert (error.kind, error.may_cost) == ("overloaded", True)
    assert "Out of memory" in error.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [complete, streamed])
def test_page_in_the_place_of_an_answer_is_told(kind: ProviderKind, way: Callable[[ModelRequest], object]) -> None:
    """A captive portal's 200 with HTML is an error that names the content type; its 502 shows no HTML."""
    page = Reply(200, (b"<html><body>Log in</body></html>",), "text/html")
    gateway = Reply(502, (b"<html><h1>502 Bad Gateway</h1></html>",), "text/html")
    with scripted(kind, page, gateway) as server:
        first = failure(lambda: way(ask(server.url, kind)))
        second = failure(lambda: way(ask(server.url, kind)))
    assert first.kind in ("server_error", "connection")
    assert (second.kind, second.status) == ("server_error", 502)
    assert "<" not in first.message + second.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b'{"a": 1}', b"\xff\xfe"])
def test_success_without_the_api_format_is_told(kind: ProviderKind, body: bytes) -> None:
    """A 200 with a body that is no answer of this API."""
    with scripted(kind, Reply(200, (body,))) as server:
        error = failure(lambda: complete(ask(server.url, kind)))
    assert (error.kind, error.may_cost) == ("server_error", True)


@pytest.mark.parametrize("kind", KINDS)
def test_redirect_is_not_followed(kind: ProviderKind) -> None:
    """The key must not go where a redirect points."""
    with model_server(openai_api.respond) as elsewhere:
        reply = Reply(307, (b"",), headers={"Location": f"{elsewhere.url}/v1/x"})
        with scripted(kind, reply) as server:
            error = failure(lambda: complete(ask(server.url, kind)))
        assert elsewhere.asked == []
    assert (error.kind, error.status) == ("bad_request", 307)
    assert "base_url" in error.hint


@pytest.mark.parametrize("kind", KINDS)
def test_unreachable_address_cost_nothing(kind: ProviderKind) -> None:
    """A refused connection is told as such, and nothing was charged."""
    error = failure(lambda: complete(ask("http://127.0.0.1:9", kind)))
    assert (error.kind, error.may_cost) == ("connection", False)


@pytest.mark.parametrize("kind", KINDS)
def test_answer_without_bound_is_refused(kind: ProviderKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is read to its bound and no further."""
    monkeypatch.setattr("mergecells.adapters.provider_http.MOST_BYTES", 50_000)
    huge = Reply(200, tuple([b" " * 10_000] * 20), length=False)
    with scripted(kind, huge) as server:
        error = failure(lambda: complete(ask(server.url, kind)))
    assert "MB" in error.message or "larg" in error.message


@pytest.mark.parametrize(
    ("kind", "wait"), [("openai", "0.5"), ("anthropic", "1"), ("gemini", "7"), ("openai-compatible", "0")]
)
def test_retry_after_is_read(kind: ProviderKind, wait: str) -> None:
    """The seconds that a provider asks to wait come with the error."""
    with scripted(kind, APIS[kind].error(429, headers={"Retry-After": wait})) as server:
        assert failure(lambda: complete(ask(server.url, kind))).retry_after == float(wait)


@pytest.mark.parametrize("wait", ["NaN", "-1", "inf", "soon", "", "1" * 400])
def test_retry_after_hostile_value_is_ignored(wait: str) -> None:
    """What is no time is no wish."""
    with scripted("openai", openai_api.error(429, headers={"Retry-After": wait})) as server:
        assert failure(lambda: complete(ask(server.url, "openai"))).retry_after is None


def test_gemini_retry_info_is_read() -> None:
    """Google puts the wait into the body."""
    with scripted("gemini", gemini_api.error(429, "RESOURCE_EXHAUSTED", details=[gemini_api.RETRY_INFO])) as server:
        assert failure(lambda: complete(ask(server.url, "gemini"))).retry_after == 0.02


def test_error_that_repeats_the_key_is_shown_without_it() -> None:
    """OpenAI quotes a wrong key in its 401."""
    with scripted("openai", openai_api.error(401, f"Incorrect API key provided: {KEY}.")) as server:
        failure(lambda: complete(ask(server.url, "openai")))


def test_key_missing_from_the_environment_names_the_variable() -> None:
    """The error says which variable to set, and for which provider."""
    with pytest.raises(ProviderError, match="environment variable KEY is not set") as caught:
        ProviderFactory({})("one", Provider(kind="openai", key_env="KEY"))
    assert caught.value.kind == "auth"


@pytest.mark.parametrize("key", ["näh", "a\nb", "a\r\nX-Evil: 1"])
def test_key_that_is_no_header_is_refused_without_showing_it(key: str) -> None:
    """A key with a line break would be another header."""
    with pytest.raises(ProviderError) as caught:
        ProviderFactory({"KEY": key})("one", Provider(kind="openai", key_env="KEY"))
    assert key not in str(caught.value)


OPTIONS = ModelOptions(
    temperature=1.5, topP=0.9, frequencyPenalty=0.5, presencePenalty=0.25, seed=7, stopSequences=["END"]
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("openai", {
            "model": "model-1", "max_completion_tokens": 40, "temperature": 1.5, "top_p": 0.9, "seed": 7,
            "frequency_penalty": 0.5, "presence_penalty": 0.25, "stop": ["END"],
            "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}],
        }),
        ("openai-compatible", {"max_tokens": 40}),
        ("anthropic", {
            "model": "model-1", "max_tokens": 40, "temperature": 1.0, "top_p": 0.9, "stop_sequences": ["END"],
            "system": "Be short.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        }),
        ("gemini", {
            "systemInstruction": {"parts": [{"text": "Be short."}], "role": "user"},
            "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
            "generationConfig": {
                "maxOutputTokens": 40, "temperature": 1.5, "topP": 0.9, "seed": 7, "frequencyPenalty": 0.5,
                "presencePenalty": 0.25, "stopSequences": ["END"],
            },
        }),
    ],
)  # fmt: skip
def test_options_go_by_the_providers_names(kind: ProviderKind, expected: dict[str, Any]) -> None:
    """Prompty's options become the provider's; what it does not have is left out."""
    with scripted(kind) as server:
        complete(ask(server.url, kind, options=OPTIONS))
    body = server.asked[0].body
    assert {name: body.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("openai", [
            {"type": "image_url", "image_url": {"url": PHOTO}}, {"type": "image_url", "image_url": {"url": PIXEL}},
        ]),
        ("anthropic", [
            {"type": "image", "source": {"type": "url", "url": PHOTO}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        ]),
        ("gemini", [
            # The library sends these two names as they are; Google's JSON takes both spellings of every field.
            {"fileData": {"file_uri": PHOTO, "mime_type": "image/png"}},
            {"inlineData": {"data": "iVBORw0KGgo=", "mime_type": "image/png"}},
        ]),
    ],
)  # fmt: skip
def test_images_go_as_the_provider_takes_them(kind: ProviderKind, part: list[Any]) -> None:
    """An https address and a data: text, each in the provider's own form and in its place among the texts."""
    content = (TextPart("Look:"), ImagePart(PHOTO), ImagePart(PIXEL))
    with scripted(kind) as server:
        complete(ask(server.url, kind, messages=(Message("user", content),)))
    body = server.asked[0].body
    parts = body["contents"][0]["parts"] if kind == "gemini" else body["messages"][0]["content"]
    assert parts[1:] == part


def test_schema_goes_as_the_provider_takes_it() -> None:
    """OpenAI: response_format, strict where its rules allow; Anthropic: output_config; Gemini: responseJsonSchema."""
    sent = {}
    for kind in ("openai", "anthropic", "gemini"):
        with scripted(kind) as server:
            complete(ask(server.url, kind, output_schema=SCHEMA, json_schema=True))  # type: ignore[arg-type]
        sent[kind] = server.asked[0].body
    form = sent["openai"]["response_format"]
    assert (form["type"], form["json_schema"]["schema"], form["json_schema"]["strict"]) == ("json_schema", SCHEMA, True)
    asked = sent["anthropic"]["output_config"]["format"]
    assert (asked["type"], asked["schema"]["required"]) == ("json_schema", ["size"])
    assert "minimum" not in asked["schema"]["properties"]["size"]
    generation = sent["gemini"]["generationConfig"]
    assert (generation["responseMimeType"], generation["responseJsonSchema"]) == ("application/json", SCHEMA)


@pytest.mark.parametrize("way", ["complete", "stream"])
@pytest.mark.parametrize(
    ("kind", "usage", "expected"),
    [
        ("openai", {**openai_api.USAGE, "prompt_tokens_details": {"cached_tokens": 9}}, ReportedUsage(20, 5, 9)),
        ("openai-compatible", openai_api.MOONSHOT_USAGE, ReportedUsage(20, 5, 8)),
        ("openai-compatible", openai_api.PERPLEXITY_USAGE, ReportedUsage(20, 5, cost=0.005025)),
        ("perplexity", perplexity_api.USAGE, ReportedUsage(20, 5, cost=0.005025)),
        ("anthropic", anthropic_api.CACHED_USAGE, ReportedUsage(20, 5, 10, cache_written_tokens=2)),
        ("gemini", gemini_api.THOUGHT_USAGE, ReportedUsage(20, 35, 12, 30)),
    ],
)
def test_usage_is_counted_the_same_way_for_all(
    kind: ProviderKind, usage: dict[str, Any], expected: ReportedUsage, way: str
) -> None:
    """Input with what was cached, output with what was thought, whatever each provider adds up itself."""
    make = APIS[kind].answer if way == "complete" else APIS[kind].stream
    with scripted(kind, make("Hello", usage=usage)) as server:
        request = ask(server.url, kind)
        answer = complete(request) if way == "complete" else streamed(request)[1]
    assert answer.usage == expected


@pytest.mark.parametrize(
    "usage",
    [
        ..., None, {}, [], "many", {"prompt_tokens": "20", "completion_tokens": -5},
        {"prompt_tokens": 1e30, "completion_tokens": True}, {"prompt_tokens": 2.5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["complete", "stream"])
def test_openai_compatible_odd_usage_is_none_and_never_zero(usage: Any, way: str) -> None:
    """Usage that is missing or makes no sense is not known; the answer is not lost."""
    make = openai_api.answer if way == "complete" else openai_api.stream
    with scripted("openai", make("Hello", usage=usage)) as server:
        request = ask(server.url, "openai-compatible")
        answer = complete(request) if way == "complete" else streamed(request)[1]
    assert (answer.text, answer.usage) == ("Hello", ReportedUsage())


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": "20", "output_tokens": -5}])
def test_anthropic_odd_usage_is_none_and_never_zero(usage: Any) -> None:
    """As for OpenAI."""
    with scripted("anthropic", anthropic_api.answer("Hello", usage=usage)) as server:
        assert complete(ask(server.url, "anthropic")).usage == ReportedUsage()


@pytest.mark.parametrize("usage", [None, {}, {"promptTokenCount": "many", "candidatesTokenCount": -5}])
def test_gemini_odd_usage_is_none_and_never_zero(usage: Any) -> None:
    """As for OpenAI."""
    with scripted("gemini", gemini_api.answer("Hello", usage=usage)) as server:
        assert complete(ask(server.url, "gemini")).usage == ReportedUsage()


def test_moonshot_and_perplexity_streams_tell_their_usage() -> None:
    """One says it in the last choice, the other with every chunk."""
    with scripted("openai", openai_api.moonshot_stream(), openai_api.perplexity_stream()) as server:
        moonshot = streamed(ask(server.url, "moonshot"))[1]
        perplexity = streamed(ask(server.url, "openai-compatible"))[1]
    assert moonshot.usage == ReportedUsage(20, 5, 8)
    assert perplexity.usage == ReportedUsage(20, 5, cost=0.005025)


def test_openai_settings_of_the_environment_stay_with_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads an organisation and an address from its own variables; others must not get them."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    with scripted("openai") as server:
        complete(ask(server.url, "openai-compatible"))
    headers = server.asked[0].headers
    assert not {"openai-organization", "openai-project"} & set(headers)


def test_json_numbers_beyond_all_measure_do_not_break_reading() -> None:
    """Python reads 1e400 as infinity and an integer of 5,000 digits not at all: both are no token counts."""
    body = json.dumps(openai_api.completion("Hello")).replace('"prompt_tokens": 20', '"prompt_tokens": 1e400')
    with scripted("openai", Reply(200, (body.encode(),)), json_reply({"choices": []})) as server:
        assert complete(ask(server.url, "openai")).usage.input_tokens is None
        assert failure(lambda: complete(ask(server.url, "openai"))).kind == "server_error"


@pytest.mark.parametrize("odd", ["many", -1.5, [1], {"a": 1}])
def test_gemini_stream_with_counts_that_make_no_sense_keeps_its_answer(odd: Any) -> None:
    """Its library would end the stream there; the answer comes whole, and what makes no sense is left out."""
    usage = {"promptTokenCount": 20, "candidatesTokenCount": odd}
    with scripted("gemini", gemini_api.stream("A long and good answer.", usage=usage)) as server:
        pieces, answer = streamed(ask(server.url, "gemini"))
    assert "".join(pieces) == answer.text == "A long and good answer."
    assert (answer.finish, answer.usage.output_tokens) == ("stop", None)


def test_perplexity_is_asked_by_its_agent_api() -> None:
    """One search at the most, the system as instructions; its answer is the text without what was found."""
    with scripted("perplexity") as server:
        answer = complete(ask(server.url, "perplexity", options=ModelOptions(temperature=0.5)))
    asked = server.asked[0]
    assert (asked.path, answer.text, answer.provider_request_id) == ("/responses", "A good answer.", "resp_1")
    assert asked.body == {
        "model": "model-1",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "instructions": "Be short.",
        "max_output_tokens": 40,
        "temperature": 0.5,
        "tools": [{"type": "web_search"}],
        "max_steps": 1,
    }


def test_perplexity_answer_that_failed_is_told() -> None:
    """A response of status `failed` with 200, whole and as the end of a stream."""
    failed = {**perplexity_api.response(""), "status": "failed", "error": {"code": 503, "message": "No search."}}
    end = perplexity_api.event({"type": "response.failed", "response": failed})
    with scripted("perplexity", json_reply(failed), event_reply([end])) as server:
        for way in (complete, streamed):
            error = failure(lambda way=way: way(ask(server.url, "perplexity")))
            assert (error.kind, error.may_cost) == ("overloaded", True)
            assert "No search." in error.message
