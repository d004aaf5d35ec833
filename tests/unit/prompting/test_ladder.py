"""From model to model: what is tried again, what goes on to the next one, and what is shown as it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from llm_stage import llm_config, open_client, routing
from mergecells.domain.errors import InvalidAnswerError, LlmCallError
from mergecells.domain.llm import BudgetState, LlmResult
from standins.llm import anthropic_api, gemini_api, openai_api
from standins.llm.server import ModelServer, Reply, model_server

ALL = "timeout, connection, rate_limit, overloaded, server_error, truncated, content_filter, invalid_output"


@pytest.fixture
def first() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as server:
        yield server


@pytest.fixture
def second() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as server:
        yield server


def outcomes(result: LlmResult | LlmCallError) -> list[tuple[str, str]]:
    return [(each.model, each.outcome) for each in result.attempts]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
@pytest.mark.parametrize("way", ["call", "stream"])
def test_ladder_provider_in_trouble_goes_on_to_the_next_model(
    first: ModelServer, second: ModelServer, status: int, way: str
) -> None:
    """The second model answers; the result says so, with both attempts; the failed one cost nothing."""
    first.script.append(openai_api.error(status))
    with open_client(llm_config(routing(first.url, second.url))) as (llm, turns):
        if way == "call":
            result = llm.call("hook", {"company": "Acme"})
        else:
            stream = llm.stream("hook", {"company": "Acme"})
            assert "".join(stream) == "A good answer."
            result = stream.result
    assert (result.model, result.provider, result.fallback) == ("second", "two", True)
    assert [each.outcome for each in result.attempts][1] == "ok"
    assert (result.attempts[0].status, result.attempts[0].cost_est) == (status, 0.0)
    assert result.usage.cost_est == pytest.approx((20 * 3 + 5 * 4) / 1e6)
    assert (turns.turns[0].fallback, turns.turns[0].model) == (True, "second")


@pytest.mark.parametrize(("status", "kind"), [(400, "bad_request"), (401, "auth"), (403, "auth"), (404, "not_found")])
@pytest.mark.parametrize("way", ["call", "stream"])
def test_ladder_mistake_of_the_config_is_shown_and_not_hidden(
    first: ModelServer, second: ModelServer, status: int, kind: str, way: str
) -> None:
    """Another model would answer, and nobody would mend the key: so it is not asked."""
    first.script.append(openai_api.error(status, "You did something wrong."))
    rung = f'{{timeout_s: 5, retries: 3, fall_through: "{ALL}"}}'
    with (
        open_client(llm_config(routing(first.url, second.url, rung=rung))) as (llm, turns),
        pytest.raises(LlmCallError, match="You did something wrong") as caught,
    ):
        llm.call("hook", {"company": "Acme"}) if way == "call" else list(llm.stream("hook", {"company": "A"}))
    assert (caught.value.kind, second.asked) == (kind, [])
    assert (turns.turns[0].outcome, turns.turns[0].usage.cost_est) == (kind, 0.0)


def test_ladder_missing_key_names_the_variable_and_is_not_hidden(second: ModelServer) -> None:
    """A key that was forgotten is the config's mistake too; the turn is recorded."""
    config = llm_config(routing("http://127.0.0.1:9", second.url))
    with (
        open_client(config, keys={"TWO_KEY": "k"}) as (llm, turns),
        pytest.raises(LlmCallError, match="environment variable ONE_KEY is not set") as caught,
    ):
        llm.call("hook", {"company": "Acme"})
    assert (caught.value.kind, second.asked, turns.turns[0].outcome) == ("auth", [], "auth")


def test_ladder_retries_with_the_same_model_before_the_next(first: ModelServer, second: ModelServer) -> None:
    """`retries` further tries, each an attempt; the same model's answer is no fallback."""
    first.script.extend([openai_api.error(503), openai_api.error(500)])
    rung = "{timeout_s: 5, retries: 2, backoff_s: 0.001}"
    with open_client(llm_config(routing(first.url, second.url, rung=rung))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert outcomes(result) == [("first", "overloaded"), ("first", "server_error"), ("first", "ok")]
    assert (result.fallback, second.asked) == (False, [])


def test_ladder_exhausted_tells_every_attempt(first: ModelServer, second: ModelServer) -> None:
    """When nobody answers, the error is the last one's, with all attempts; the turn is recorded."""
    first.script.append(openai_api.error(503))
    second.script.append(openai_api.error(429, "Slow down."))
    with (
        open_client(llm_config(routing(first.url, second.url))) as (llm, turns),
        pytest.raises(LlmCallError, match=r"Slow down\..*2 models were tried") as caught,
    ):
        llm.call("hook", {"company": "Acme"})
    assert caught.value.kind == "rate_limit"
    assert outcomes(caught.value) == [("first", "overloaded"), ("second", "rate_limit")]
    assert (turns.turns[0].outcome, len(turns.turns[0].attempts)) == ("rate_limit", 2)


def test_ladder_unreachable_provider_goes_on(second: ModelServer) -> None:
    """A connection that is refused is one of the errors that fall through."""
    with open_client(llm_config(routing("http://127.0.0.1:9", second.url))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert outcomes(result) == [("first", "connection"), ("second", "ok")]


def test_ladder_slow_drip_ends_at_the_timeout(first: ModelServer, second: ModelServer) -> None:
    """A byte now and then keeps a connection alive for ever; the time of a try is bounded as a whole."""
    first.script.append(Reply(200, tuple([b" "] * 400), length=False, pause=0.05))
    with open_client(llm_config(routing(first.url, second.url, rung="{timeout_s: 0.3, retries: 0}"))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert outcomes(result) == [("first", "timeout"), ("second", "ok")]
    # The provider may have answered and may charge for it: its worst case is told, as an estimate.
    assert (result.attempts[0].cost_est or 0) > 50 * 2 / 1e6
    assert result.cost_source == "heuristic"


def test_ladder_stream_without_a_first_piece_goes_on(first: ModelServer, second: ModelServer) -> None:
    """A stream fails over until its first piece, also when it was opened and then says nothing."""
    hold = threading.Event()
    first.script.append(Reply(200, (b": hello\n\n", b""), "text/event-stream", length=False, wait_for=hold))
    with open_client(llm_config(routing(first.url, second.url, rung="{timeout_s: 0.3, retries: 0}"))) as (llm, _):
        stream = llm.stream("hook", {"company": "Acme"})
        assert "".join(stream) == "A good answer."
    hold.set()
    assert outcomes(stream.result) == [("first", "timeout"), ("second", "ok")]
    assert stream.result.fallback


def test_ladder_stream_cut_after_its_first_piece_does_not_go_on(first: ModelServer, second: ModelServer) -> None:
    """What was given cannot be taken back. The pieces arrive, then the error; what is known of the cost is recorded."""
    first.script.append(openai_api.stream("A long and good answer.", cut=True))
    with open_client(llm_config(routing(first.url, second.url))) as (llm, turns):
        stream = llm.stream("hook", {"company": "Acme"})
        pieces = []
        with pytest.raises(LlmCallError, match="characters were given before") as caught:
            pieces.extend(stream)
    assert (caught.value.kind, second.asked) == ("connection", [])
    turn = turns.turns[0]
    assert (turn.outcome, turn.streamed, turn.cost_source) == ("connection", True, "heuristic")
    assert turn.usage.cost_est is not None
    assert turn.usage.cost_est > 0


@pytest.mark.parametrize("way", ["call", "stream"])
def test_ladder_truncated_answer_is_given_with_its_mark(first: ModelServer, second: ModelServer, way: str) -> None:
    """Where `truncated` does not fall through, a cut answer is an answer."""
    first.script.append((openai_api.answer if way == "call" else openai_api.stream)("cut he", finish="length"))
    with open_client(llm_config(routing(first.url, second.url))) as (llm, turns):
        if way == "call":
            result = llm.call("hook", {"company": "Acme"})
        else:
            stream = llm.stream("hook", {"company": "Acme"})
            list(stream)
            result = stream.result
    assert (result.text, result.truncated, result.model) == ("cut he", True, "first")
    assert turns.turns[0].usage.truncated


def test_ladder_truncated_answer_goes_on_where_asked_and_is_paid_for(first: ModelServer, second: ModelServer) -> None:
    """The next model answers; the cost of the call is that of both."""
    first.script.append(openai_api.answer("cut he", finish="length"))
    rung = '{timeout_s: 5, retries: 0, fall_through: "truncated"}'
    with open_client(llm_config(routing(first.url, second.url, rung=rung))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert (result.text, result.truncated, result.fallback) == ("A good answer.", False, True)
    assert result.usage.cost_est == pytest.approx((20 + 10 + 60 + 20) / 1e6)


def test_ladder_truncated_answer_is_kept_when_the_next_model_fails(first: ModelServer, second: ModelServer) -> None:
    """Half an answer is better than none, and it says that it is one."""
    first.script.append(openai_api.answer("cut he", finish="length"))
    second.script.append(openai_api.error(503))
    rung = '{timeout_s: 5, retries: 0, fall_through: "truncated"}'
    with open_client(llm_config(routing(first.url, second.url, rung=rung))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert (result.text, result.truncated, result.model, result.fallback) == ("cut he", True, "first", False)


def test_ladder_filtered_answer_is_an_error_with_its_flag(first: ModelServer, second: ModelServer) -> None:
    """What a filter held back is not given as an answer; the turn says why."""
    first.script.append(openai_api.answer("", finish="content_filter"))
    with (
        open_client(llm_config(routing(first.url, second.url))) as (llm, turns),
        pytest.raises(LlmCallError) as caught,
    ):
        llm.call("hook", {"company": "Acme"})
    assert (caught.value.kind, second.asked) == ("content_filter", [])
    assert turns.turns[0].safety_flags == ("content_filter",)


@pytest.mark.parametrize(
    ("said", "repaired"),
    [
        ('{"size": 3}', False),
        ('\ufeff{"size": 3}', True),
        ('```json\n{"size": 3}\n```', True),
        ('Here it is: {"size": 3} I hope that it helps.', True),
    ],
)
def test_json_answer_is_read_and_mended_where_it_is_safe(first: ModelServer, said: str, repaired: bool) -> None:
    """A mark, a fence or words around are taken off, and the result tells it; the text stays as it came."""
    first.script.append(openai_api.answer(said))
    with open_client(llm_config(routing(first.url))) as (llm, _):
        result = llm.call("form", {"message": "three"})
    assert (result.parsed, result.repaired, result.text) == ({"size": 3}, repaired, said)


@pytest.mark.parametrize(
    "said",
    [
        "I do not know.", "{'size': 3}", '{"size": 3,}', '{"size": NaN}', '{"size": 3', '{"size": 0}', '{"size": "3"}',
        '{"size": 3, "more": 1}', '{"size": 3, "size": 4}', "[]", "null", '{"size": 1} or {"size": 2}', "[" * 100_000,
    ],
)  # fmt: skip
def test_json_answer_that_is_none_is_refused_and_never_made_up(first: ModelServer, said: str) -> None:
    """What is no JSON of the asked form is an error with what the model said."""
    first.script.append(openai_api.answer(said))
    with open_client(llm_config(routing(first.url))) as (llm, turns), pytest.raises(InvalidAnswerError) as caught:
        llm.call("form", {"message": "three"})
    assert (caught.value.text, caught.value.kind) == (said, "invalid_output")
    assert (turns.turns[0].outcome, turns.turns[0].usage.cost_est) == ("invalid_output", pytest.approx(30 / 1e6))


def test_json_answer_that_is_none_goes_on_where_asked(first: ModelServer, second: ModelServer) -> None:
    """With `invalid_output` in fall_through the next model is asked."""
    first.script.append(openai_api.answer("Well, three."))
    second.script.append(openai_api.answer('{"size": 3}'))
    rung = '{timeout_s: 5, retries: 0, fall_through: "invalid_output"}'
    config = llm_config(routing(first.url, second.url, rung=rung))
    with open_client(config) as (llm, _):
        result = llm.call("form", {"message": "three"})
    assert (result.parsed, result.model, result.fallback) == ({"size": 3}, "second", True)


def test_json_form_is_told_in_words_where_the_model_cannot_be_held_to_it(first: ModelServer) -> None:
    """Without `json_schema` no response_format is sent; the schema stands in a message of the system."""
    first.script.append(openai_api.answer('{"size": 3}'))
    with open_client(llm_config(routing(first.url, model="json_schema: false"))) as (llm, _):
        assert llm.call("form", {"message": "three"}).parsed == {"size": 3}
    body = first.asked[0].body
    assert "response_format" not in body
    assert '"required": ["size"]' in body["messages"][0]["content"]


def test_ladder_model_without_eyes_is_passed_over(first: ModelServer, second: ModelServer) -> None:
    """A prompt with an image goes to the first model that reads images; the skipped one is an attempt without time."""
    routes = routing(first.url, second.url).replace("vision: true", "vision: false", 1)
    with open_client(llm_config(routes)) as (llm, _):
        result = llm.call("photo", {"photo": "https://example.com/a.png"})
    assert outcomes(result) == [("first", "bad_request"), ("second", "ok")]
    assert (first.asked, result.attempts[0].seconds) == ([], 0.0)


def test_ladder_input_that_fits_no_context_is_told_before_anything_is_sent(first: ModelServer) -> None:
    """About how many tokens it has, and how many the model takes."""
    routes = routing(first.url).replace("context_tokens: 100000", "context_tokens: 2000")
    with (
        open_client(llm_config(routes)) as (llm, _),
        pytest.raises(LlmCallError, match=r"first takes 2,000 with its answer"),
    ):
        llm.call("hook", {"company": "word " * 20_000})
    assert first.asked == []


def test_ladder_long_input_leaves_less_room_for_the_answer(first: ModelServer) -> None:
    """max_tokens is always sent, and input and output together stay within the context."""
    routes = routing(first.url).replace("context_tokens: 100000", "context_tokens: 1060")
    with open_client(llm_config(routes)) as (llm, _):
        llm.call("hook", {"company": "word " * 1_000})
    assert 16 <= first.asked[0].body["max_completion_tokens"] < 50


class _Breakers:
    """LlmMetrics of which only breakers are kept."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def breaker_changed(self, provider: str, state: str) -> None:
        self.told.append((provider, state))

    def __getattr__(self, name: str) -> object:
        return lambda *_: None

    def budgets_seen(self, _: tuple[BudgetState, ...]) -> None: ...


def test_breaker_opens_after_failures_and_lets_one_call_try_after_a_while(
    first: ModelServer, second: ModelServer
) -> None:
    """After two failures in a row the provider is left alone; when it cooled down one call tries it, and it is back."""
    first.script.extend([openai_api.error(503), openai_api.error(503)])
    metrics = _Breakers()
    routes = routing(first.url, second.url, provider=", failures_to_open: 2, cool_down_s: 0.2")
    with open_client(llm_config(routes), metrics=metrics) as (llm, _):
        for _each in range(2):
            assert llm.call("hook", {"company": "Acme"}).model == "second"
        third = llm.call("hook", {"company": "Acme"})
        assert outcomes(third) == [("first", "circuit_open"), ("second", "ok")]
        assert len(first.asked) == 2
        threading.Event().wait(0.25)
        assert llm.call("hook", {"company": "Acme"}).model == "first"
    assert metrics.told == [("one", "open"), ("one", "half_open"), ("one", "closed")]


def test_retry_after_longer_than_the_timeout_is_left_to_the_next_model(first: ModelServer, second: ModelServer) -> None:
    """A provider that asks for 1e9 seconds does not get them."""
    first.script.append(openai_api.error(429, headers={"Retry-After": "1e9"}))
    with open_client(llm_config(routing(first.url, second.url, rung="{timeout_s: 5, retries: 3}"))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert outcomes(result) == [("first", "rate_limit"), ("second", "ok")]


@pytest.mark.parametrize("kind", ["anthropic", "gemini"])
def test_ladder_goes_from_one_kind_of_provider_to_another(first: ModelServer, kind: str) -> None:
    """A ladder may name models of several providers."""
    api = {"anthropic": anthropic_api, "gemini": gemini_api}[kind]
    first.script.append(openai_api.error(503))
    with (
        model_server(api.respond) as other,
        open_client(llm_config(routing(first.url, other.url, second_kind=kind))) as (llm, _),
    ):
        result = llm.call("hook", {"company": "Acme"})
    assert (result.text, result.provider, result.token_source) == ("A good answer.", "two", "provider")


def test_price_unknown_is_said_and_never_zero(first: ModelServer) -> None:
    """A model without a price: cost None, source unknown."""
    with open_client(llm_config(routing(first.url), prices="prices: {}\n")) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert (result.usage.cost_est, result.cost_source) == (None, "unknown")


def test_usage_missing_is_counted_by_us_and_labelled(first: ModelServer) -> None:
    """Tokens of our own count, and a cost that says that it is a guess."""
    first.script.append(openai_api.answer("A good answer indeed.", usage=...))
    with open_client(llm_config(routing(first.url))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert (result.token_source, result.cost_source) == ("heuristic", "heuristic")
    assert result.usage.input_tokens > 5
    assert result.usage.output_tokens == 5
    assert (result.usage.cost_est or 0) > 0


def test_price_of_the_bundled_table_serves_where_prices_yaml_has_none(first: ModelServer) -> None:
    """genai-prices knows gpt-4.1-mini at 0.40 and 1.60 dollars a million."""
    routes = routing(first.url).replace("id: model-1", "id: gpt-4.1-mini")
    with open_client(llm_config(routes, prices="prices: {}\n")) as (llm, _):
        result = llm.call("hook", {"company": "Acme"})
    assert result.usage.cost_est == pytest.approx((20 * 0.4 + 5 * 1.6) / 1e6)
    assert result.cost_source == "precise"


def test_trace_goes_to_servers_of_ones_own_only(first: ModelServer, second: ModelServer) -> None:
    """A compatible server gets the W3C traceparent of the call; OpenAI does not need to know our ids."""
    first.script.append(openai_api.error(503))
    with open_client(llm_config(routing(first.url, second.url, second_kind="openai-compatible"))) as (llm, _):
        result = llm.call("hook", {"company": "Acme"}, trace_id="ab" * 16)
        llm.call("hook", {"company": "Acme"}, trace_id="not a trace")
    assert (result.trace_id, "traceparent" in first.asked[0].headers) == ("ab" * 16, False)
    version, trace, _span, flags = second.asked[0].headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", "ab" * 16, "01")
