"""History: the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.llm_samples import PROMPT_SHA, QUALITY, REVISION, TURN, turn
from mergecells.adapters.sql_history import SqlHistory, SqlTurnLog
from mergecells.adapters.sql_history_calibrations import SqlCalibrations
from mergecells.adapters.sql_history_engine import open_engine, parse_url
from mergecells.adapters.sql_history_schema import STEPS, NewerHistoryError, bring_up_to_date
from mergecells.adapters.sql_history_tables import METADATA
from mergecells.adapters.sql_history_threads import MOST_KEPT, SqlThreadStore
from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import Turn, Usage
from mergecells.domain.messages import ImagePart, Message, TextPart
from postgres_stage import Postgres

ALWAYS = (0.0, 1e11)
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("initdb"))]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty history of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'history.sqlite3'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def remember(url: str, *records: object) -> None:
    """Write records and wait until they are there."""
    log = SqlTurnLog(url, close_seconds=30)
    for record in records:
        log.record_turn(record) if isinstance(record, Turn) else log.record_quality(record)
    log.close()
    counts = log.counts()
    assert (counts.written, counts.dropped) == (len(records), 0), counts


@pytest.fixture
def history(url: str) -> Iterator[SqlHistory]:
    """Open on the URL of the test, once something is there."""
    remember(url, TURN, QUALITY)
    opened = SqlHistory(url)
    yield opened
    opened.close()


def test_history_turn_comes_back_as_it_was_recorded(history: SqlHistory) -> None:
    """Every value of a call, its context and its attempts in their order."""
    assert history.call("call-1") == TURN
    assert history.call("nobody") is None


def test_history_turn_facts_name_what_reports_need(history: SqlHistory) -> None:
    """Money in whole nano-dollars, labelled with revision and prompt SHA."""
    (facts,) = history.turns(*ALWAYS)
    assert (facts.cost, facts.revision, facts.prompt_sha, facts.tries) == (720_000, REVISION, PROMPT_SHA, 2)
    assert (facts.subsystem, facts.persona, facts.safety_flags) == ("outreach", "ada", "content_filter")


def test_history_quality_comes_back_with_nothing_for_what_was_not_judged(history: SqlHistory) -> None:
    """A dimension without anything to judge stays None."""
    (facts,) = history.quality(*ALWAYS)
    assert (facts.overall, facts.testability, facts.validation_passed, facts.iterations) == (0.8, None, True, 2)


def test_history_unknown_cost_stays_unknown(url: str) -> None:
    """No price is not a price of 0."""
    remember(url, turn("free", 0.0), turn("unpriced", None))
    opened = SqlHistory(url)
    assert {facts.call_id: facts.cost for facts in opened.turns(*ALWAYS)} == {"free": 0, "unpriced": None}
    (node,) = opened.node_costs(*ALWAYS)
    assert (node.calls, node.cost, node.unknown_costs) == (2, 0, 1)
    opened.close()


def test_history_repeated_node_adds_up(url: str) -> None:
    """A node that runs again in the same run costs both times, also when it was written in another batch."""
    remember(url, turn("first", 0.1, at=100.0, seconds=2.0), turn("second", 0.2, at=200.0, seconds=3.0))
    remember(url, turn("third", 0.3, at=50.0, seconds=1.0))
    opened = SqlHistory(url)
    (node,) = opened.node_costs(*ALWAYS)
    assert (node.calls, node.cost, node.input_tokens) == (3, 600_000_000, 3_000)
    assert (node.seconds, node.first_at, node.last_at) == (6.0, 50.0, 203.0)
    opened.close()


def test_history_node_of_two_revisions_has_two_sums(url: str) -> None:
    """What a node cost is told by revision and by the text of its prompt."""
    remember(url, turn("old", 0.1), turn("new", 0.2, revision="e" * 40))
    opened = SqlHistory(url)
    assert {node.revision: node.cost for node in opened.node_costs(*ALWAYS)} == {
        REVISION: 100_000_000,
        "e" * 40: 200_000_000,
    }
    opened.close()


def test_history_same_call_twice_counts_once(url: str) -> None:
    """A batch whose commit was not acknowledged is written again: nothing is added up twice."""
    remember(url, turn("same", 0.1))
    remember(url, turn("same", 0.1), turn("other", 0.1))
    opened = SqlHistory(url)
    (node,) = opened.node_costs(*ALWAYS)
    assert (node.calls, node.cost) == (2, 200_000_000)
    opened.close()


def test_history_hostile_texts_are_kept_harmless(url: str) -> None:
    """The character 0, half a surrogate pair and an endless error do not keep a call from being remembered."""
    remember(url, turn("hostile", error="a\x00b\ud800" + "x" * 100_000, intent_reason="'); DROP TABLE turns; --"))
    opened = SqlHistory(url)
    found = opened.call("hostile")
    assert found is not None
    assert found.error.startswith("a\ufffdb?xx")
    assert len(found.error) == 4_000
    assert found.intent_reason == "'); DROP TABLE turns; --"
    opened.close()


def test_history_record_that_no_database_takes_is_dropped_alone(url: str) -> None:
    """One call with a number beyond 64 bits is counted as dropped; those beside it are written."""
    log = SqlTurnLog(url, close_seconds=30)
    for number in range(20):
        log.record_turn(turn(f"good-{number}"))
    log.record_turn(turn("bad", usage=Usage(2**70, 1, 0.1, False)))
    log.close()
    assert (log.counts().written, log.counts().dropped) == (20, 1)
    opened = SqlHistory(url)
    assert len(list(opened.turns(*ALWAYS))) == 20
    opened.close()


def test_history_period_holds_its_start_and_not_its_end(url: str) -> None:
    """Two periods side by side count no call twice."""
    remember(url, turn("a", at=10.0), turn("b", at=20.0), turn("c", at=30.0))
    opened = SqlHistory(url)
    assert [facts.call_id for facts in opened.turns(10.0, 30.0)] == ["a", "b"]
    opened.close()


def test_history_prune_counts_first_and_deletes_on_demand(url: str) -> None:
    """Without `apply` nothing goes; with it, old calls go with their attempts, and newer ones stay."""
    remember(url, turn("old", at=10.0), turn("new", at=1_000.0, context={"run_id": "run-2"}), replace(QUALITY, at=10.0))
    opened = SqlHistory(url)
    counted = opened.prune(500.0, apply=False)
    assert (counted.turns, counted.attempts, counted.quality, counted.runs, counted.node_costs) == (1, 2, 1, 1, 1)
    assert opened.call("old") is not None
    assert opened.prune(500.0, apply=True) == counted
    assert [facts.call_id for facts in opened.turns(*ALWAYS)] == ["new"]
    assert opened.prune(500.0, apply=True).total == 0
    opened.close()


def test_history_tables_are_those_that_the_steps_make(url: str) -> None:
    """What is selected and inserted exists, column by column, after all steps."""
    from sqlalchemy import inspect

    engine = open_engine(parse_url(url), writes=True)
    remember(url, TURN)
    with engine.connect() as connection:
        seen = inspect(connection)
        made = {name: {column["name"] for column in seen.get_columns(name)} for name in seen.get_table_names()}
    assert made == {table.name: {column.name for column in table.columns} for table in METADATA.tables.values()}
    engine.dispose()


def test_history_older_version_is_brought_forward_with_its_rows(url: str) -> None:
    """A further step adds what it adds, once, and leaves the rows."""
    remember(url, TURN)
    steps = (*STEPS, ("ALTER TABLE turns ADD COLUMN region TEXT NOT NULL DEFAULT 'eu'",))
    engine = open_engine(parse_url(url), writes=True)
    for _ in range(2):
        with engine.begin() as connection:
            assert bring_up_to_date(connection, steps) == len(STEPS) + 1
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT call_id, region FROM turns").fetchall() == [("call-1", "eu")]
    engine.dispose()


def test_history_step_that_fails_leaves_the_version_before(url: str) -> None:
    """A step is whole or not at all."""
    remember(url, TURN)
    engine = open_engine(parse_url(url), writes=True)
    broken = (*STEPS, ("ALTER TABLE turns ADD COLUMN region TEXT", "ALTER TABLE nowhere ADD COLUMN x TEXT"))
    from sqlalchemy.exc import SQLAlchemyError

    with pytest.raises(SQLAlchemyError), engine.begin() as connection:
        bring_up_to_date(connection, broken)
    with engine.begin() as connection:
        assert bring_up_to_date(connection) == len(STEPS)
        names = list(connection.exec_driver_sql("SELECT * FROM turns").keys())
    assert "error" in names
    assert "region" not in names
    engine.dispose()


def test_history_of_a_newer_version_is_not_touched(url: str) -> None:
    """Reading says so; writing counts everything as dropped, and the caller notices nothing."""
    remember(url, TURN)
    engine = open_engine(parse_url(url), writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE history_facts SET value = '99' WHERE name = 'version'")
    engine.dispose()
    with pytest.raises(NewerHistoryError, match="version 99"):
        SqlHistory(url)
    log = SqlTurnLog(url, close_seconds=30)
    log.record_turn(turn("late"))
    log.close()
    assert (log.counts().written, log.counts().dropped) == (0, 1)
    assert "version 99" in log.counts().last_error


def test_history_two_processes_make_one_database(url: str) -> None:
    """Writers that start together on an empty database all find their rows."""
    logs = [SqlTurnLog(url, close_seconds=30) for _ in range(4)]
    for number, log in enumerate(logs):
        log.record_turn(turn(f"call-{number}"))
    for log in logs:
        log.close()
    opened = SqlHistory(url)
    (node,) = opened.node_costs(*ALWAYS)
    assert (len(list(opened.turns(*ALWAYS))), node.calls) == (4, 4)
    opened.close()


def test_threads_keep_messages_in_order_with_images(url: str) -> None:
    """What was appended comes back, oldest first, at most as many as asked for."""
    store = SqlThreadStore(url)
    asked = Message("user", (TextPart("What is this?"), ImagePart("https://example.org/a.png")))
    store.append("t", [asked], "call-1")
    store.append("t", [Message("assistant", (TextPart("A lead."),))], "call-1")
    store.append("other", [asked], "call-2")
    assert [message.role for message in store.messages("t", 10)] == ["user", "assistant"]
    assert store.messages("t", 10)[0] == asked
    assert [message.text for message in store.messages("t", 1)] == ["A lead."]
    assert store.messages("new", 10) == ()
    store.close()


def test_threads_forget_the_oldest_of_a_long_thread(url: str) -> None:
    """A thread never grows beyond its bound."""
    store = SqlThreadStore(url)
    many = [Message("user", (TextPart(str(number)),)) for number in range(MOST_KEPT)]
    store.append("t", many, "")
    store.append("t", [Message("user", (TextPart("last"),))], "")
    kept = store.messages("t", MOST_KEPT * 2)
    assert (len(kept), kept[0].text, kept[-1].text) == (MOST_KEPT, "1", "last")
    store.close()


def test_threads_refuse_a_hostile_name(url: str) -> None:
    """A name with a line break or of endless length is an error that says what a name is."""
    store = SqlThreadStore(url)
    for name in ("", "a\nb", "x" * 300):
        with pytest.raises(MergecellsError, match="no name of a thread"):
            store.append(name, [Message("user", (TextPart("x"),))], "")
    store.close()


def test_calibrations_come_from_what_providers_reported(url: str) -> None:
    """Characters per token by text of the prompt, else by its name; cached, failed and self-counted calls are out."""
    import time

    now = time.time()
    good = [turn(f"g{number}", at=now, characters=4_000, usage=Usage(1_000, 1, 0.1, False)) for number in range(5)]
    other = [
        turn("cached", at=now, cached=True, characters=9_000),
        turn("failed", at=now, outcome="timeout", characters=9_000),
        turn("own", at=now, token_source="heuristic", characters=9_000),
    ]
    remember(url, *good, *other)
    calibrations = SqlCalibrations(url)
    assert calibrations.refresh() == 1
    assert calibrations.characters_per_token("hook", PROMPT_SHA, "gpt-4.1-mini") == 4.0
    assert calibrations.characters_per_token("hook", "another text", "gpt-4.1-mini") == 4.0
    assert calibrations.characters_per_token("hook", PROMPT_SHA, "gpt-4.1") is None


def test_history_file_is_for_its_user_alone(tmp_path: Path) -> None:
    """Persons and errors are named in it."""
    place = tmp_path / "state" / "history.sqlite3"
    remember(f"sqlite:///{place}", TURN)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert sqlite3.connect(place).execute("PRAGMA journal_mode").fetchone() == ("wal",)
