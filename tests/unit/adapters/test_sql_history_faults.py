"""The writer of history when the database is dead, locked, full or slow: no caller waits, and the operator is told."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fakes.llm_samples import QUALITY, turn
from mergecells.adapters.sql_history import SqlHistory, SqlTurnLog
from mergecells.adapters.sql_history_writer import Writer
from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import Turn
from postgres_stage import Postgres

PATIENCE = 60.0


def until(true: Callable[[], bool]) -> None:
    """Wait for the event itself; give up after a minute."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "never true"
        time.sleep(0.01)


class Sink:
    """A database that does as it is told: `gate` lets a batch through, `broken` refuses it."""

    def __init__(self) -> None:
        self.gate, self.entered = threading.Event(), threading.Event()
        self.broken = False
        self.batches: list[Sequence[Any]] = []

    def write(self, batch: Sequence[Any]) -> None:
        self.entered.set()
        if self.broken:
            raise MergecellsError("no space left on device")
        assert self.gate.wait(PATIENCE)
        self.batches.append(batch)

    def prune(self, before: float) -> int:
        return 0

    def close(self) -> None:
        pass


@pytest.fixture
def sink() -> Sink:
    return Sink()


def test_writer_full_queue_drops_and_counts_and_logs(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    """A database that hangs: the caller goes on, what does not fit is counted, and the log says so once."""
    writer = Writer(lambda: sink, "here", capacity=10)
    writer.put("first")
    until(sink.entered.is_set)
    with caplog.at_level(logging.WARNING, "mergecells"):
        for number in range(50):
            writer.put(number)
    counts = writer.counts()
    assert (counts.recorded, counts.waiting, counts.dropped) == (51, 10, 41)
    assert len([record for record in caplog.records if "not written" in record.message]) == 1
    sink.gate.set()
    writer.close()
    assert writer.counts().written == 10
    assert writer.counts().dropped == 41


def test_writer_close_is_bounded_and_counts_what_is_left(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    """A database that hangs for good: closing comes back, and says how many records are lost."""
    writer = Writer(lambda: sink, "here", close_seconds=0.05)
    for number in range(5):
        writer.put(number)
    until(sink.entered.is_set)
    with caplog.at_level(logging.WARNING, "mergecells"):
        writer.close()
    assert (writer.counts().dropped, writer.counts().state) == (5, "closed")
    assert "5 records were not written" in caplog.text
    writer.put("late")
    assert writer.counts().dropped == 6
    sink.gate.set()


def test_writer_tries_again_until_the_database_is_back(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is lost while there is room, and the log tells of both the failure and the recovery."""
    writer = Writer(lambda: sink, "here")
    sink.broken = True
    sink.gate.set()
    with caplog.at_level(logging.WARNING, "mergecells"):
        writer.put("a")
        until(lambda: writer.counts().failures >= 2)
        assert writer.counts().state == "failing"
        assert "no space left" in writer.counts().last_error
        sink.broken = False
        until(lambda: writer.counts().written == 1)
    assert "no space left on device" in caplog.text
    assert "writing again" in caplog.text
    writer.close()


def test_writer_that_cannot_be_opened_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in the thread, recording stays a counter."""

    def broken() -> Sink:
        raise RuntimeError("boom")

    writer = Writer(broken, "here", close_seconds=5)
    writer.put("a")
    until(lambda: writer.counts().failures >= 1)
    writer.close()
    assert writer.counts().dropped == 1


def test_turn_log_without_a_record_connects_to_nothing(tmp_path: Path) -> None:
    """A service that makes no call makes no file and no thread."""
    log = SqlTurnLog(f"sqlite:///{tmp_path / 'history.sqlite3'}")
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_turn_log_locked_sqlite_is_written_when_it_is_free(tmp_path: Path) -> None:
    """Another program holds the file; what was recorded meanwhile is there afterwards."""
    place = tmp_path / "history.sqlite3"
    log = SqlTurnLog(f"sqlite:///{place}", close_seconds=PATIENCE)
    log.record_turn(turn("first"))
    until(lambda: log.counts().written == 1)
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for number in range(20):
        log.record_turn(turn(f"during-{number}"))
    assert log.counts().written == 1
    other.execute("COMMIT")
    other.close()
    log.close()
    assert (log.counts().written, log.counts().dropped) == (21, 0)


def test_turn_log_full_disk_is_told_and_harms_no_call(tmp_path: Path) -> None:
    """A file that may not grow any further, as SQLite tells of a full disk."""
    place = tmp_path / "history.sqlite3"
    log = SqlTurnLog(f"sqlite:///{place}", close_seconds=0.2)
    log.record_turn(turn("first"))
    until(lambda: log.counts().written == 1)
    log.close()
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")

    event.listen(Engine, "connect", limit)
    try:
        full = SqlTurnLog(f"sqlite:///{place}", close_seconds=0.2)
        for number in range(400):
            full.record_turn(turn(f"more-{number}", error="x" * 4_000))
        until(lambda: full.counts().failures >= 1)
        assert "full" in full.counts().last_error
        full.close()
    finally:
        event.remove(Engine, "connect", limit)
    assert full.counts().dropped == 400


def test_turn_log_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "state").write_text("")
    log = SqlTurnLog(f"sqlite:///{tmp_path / 'state' / 'history.sqlite3'}", close_seconds=0.1)
    log.record_turn(turn("x"))
    until(lambda: log.counts().failures >= 1)
    assert "cannot be made" in log.counts().last_error
    log.close()
    assert log.counts().dropped == 1


def test_turn_log_file_that_vanishes_is_made_anew(tmp_path: Path) -> None:
    """Somebody deletes the history under a running service: the next calls are remembered in a new one."""
    place = tmp_path / "history.sqlite3"
    log = SqlTurnLog(f"sqlite:///{place}", close_seconds=PATIENCE)
    log.record_turn(turn("first"))
    until(lambda: log.counts().written == 1)
    for file in tmp_path.glob("history.sqlite3*"):
        file.unlink()
    log.record_turn(turn("second"))
    log.close()
    opened = SqlHistory(f"sqlite:///{place}")
    assert [facts.call_id for facts in opened.turns(0, 1e11)] == ["second"]
    opened.close()


@pytest.mark.needs("initdb")
def test_turn_log_outlives_a_postgresql_that_is_killed(postgres: Postgres) -> None:
    """Killed without a good-bye and started again: what waited is written, nothing twice."""
    url = postgres.new_database()
    log = SqlTurnLog(url, close_seconds=PATIENCE)
    log.record_turn(turn("before"))
    until(lambda: log.counts().written == 1)
    postgres.stop(signal.SIGQUIT)
    try:
        for number in range(5):
            log.record_turn(turn(f"during-{number}"))
        log.record_quality(QUALITY)
        until(lambda: log.counts().failures >= 1)
    finally:
        postgres.start()
    until(lambda: log.counts().written == 7)
    log.close()
    assert log.counts().dropped == 0
    opened = SqlHistory(url)
    assert len(list(opened.turns(0, 1e11))) == 6
    assert len(list(opened.quality(0, 1e11))) == 1
    opened.close()


@pytest.mark.needs("initdb")
def test_turn_log_waits_for_a_locked_table_in_postgresql(postgres: Postgres) -> None:
    """A migration of somebody else holds the table: recording goes on, writing follows."""
    import psycopg

    url = postgres.new_database()
    log = SqlTurnLog(url, close_seconds=PATIENCE)
    log.record_turn(turn("before"))
    until(lambda: log.counts().written == 1)
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE turns IN ACCESS EXCLUSIVE MODE")
        log.record_turn(turn("during"))
        assert log.counts().written == 1
    until(lambda: log.counts().written == 2)
    log.close()


def test_turn_log_of_many_threads_loses_nothing(tmp_path: Path) -> None:
    """Eight threads record at once; every call is there, and a node's sum is exact."""
    url = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    log = SqlTurnLog(url, close_seconds=PATIENCE)

    def work(worker: int) -> None:
        for number in range(50):
            log.record_turn(turn(f"{worker}-{number}", 0.000000001))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    opened = SqlHistory(url)
    (node,) = opened.node_costs(0, 1e11)
    assert (node.calls, node.cost) == (400, 400)
    opened.close()


def test_turn_log_works_in_a_child_after_a_fork(tmp_path: Path) -> None:
    """A server that forks its workers: parent and child each write their own records, none twice."""
    url = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    log = SqlTurnLog(url, close_seconds=PATIENCE)
    log.record_turn(turn("parent"))
    until(lambda: log.counts().written == 1)
    child = os.fork()
    if not child:
        log.record_turn(turn("child"))
        log.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.record_turn(turn("parent again"))
    log.close()
    opened = SqlHistory(url)
    assert {facts.call_id for facts in opened.turns(0, 1e11)} == {"parent", "child", "parent again"}
    opened.close()


def test_turn_log_prunes_by_itself_when_told_to(tmp_path: Path) -> None:
    """With a number of days, what is older goes without anybody asking."""
    url = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    old = turn("old", at=time.time() - 40 * 86_400)
    first = SqlTurnLog(url, close_seconds=PATIENCE)
    first.record_turn(old)
    first.close()
    log = SqlTurnLog(url, keep_days=30, close_seconds=PATIENCE)
    log.record_turn(turn("new", at=time.time()))
    log.close()
    opened = SqlHistory(url)
    assert [facts.call_id for facts in opened.turns(0, 1e11)] == ["new"]
    opened.close()


def test_turn_log_that_is_no_turn_is_dropped_alone(tmp_path: Path) -> None:
    """A mistake of a caller costs its own record and no other."""
    url = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    log = SqlTurnLog(url, close_seconds=PATIENCE)
    log.record_turn(turn("good"))
    broken: Any = turn("bad", at="yesterday")
    assert isinstance(broken, Turn)
    log.record_turn(broken)
    log.close()
    assert (log.counts().written, log.counts().dropped) == (1, 1)
