"""Ledgers in real processes: races for the last dollar, kill -9, disks and servers that fail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mergecells.adapters.redis_ledger import RedisLedger
from mergecells.adapters.sqlite_ledger import SqliteLedger
from mergecells.domain.errors import LedgerBusyError, LedgerError
from mergecells.domain.llm import Cap, LedgerEntry
from mergecells.ports import BudgetLedger
from redis_server import RedisServer

KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))]
RUN = Cap("run:r1", 100)

OPEN = """
import sys
from pathlib import Path
from mergecells.domain.llm import Cap
place = sys.argv[1]
if place.startswith("unix:"):
    from mergecells.adapters.redis_ledger import RedisLedger
    ledger = RedisLedger(place)
else:
    from mergecells.adapters.sqlite_ledger import SqliteLedger
    ledger = SqliteLedger(Path(place))
"""
RACE = (
    OPEN
    + """
import os
# Eight processes from one that has imported everything and opened nothing; each waits until all are there.
wait, go = os.pipe()
racers = []
for racer in range(8):
    racers.append(os.fork())
    if racers[-1] == 0:
        os.close(go)
        os.read(wait, 1)
        cap, made = Cap("run:r1", 777), 0
        try:
            for number in range(60):
                name = f"{racer}-{number}"
                if not ledger.reserve(name, [cap, Cap("total", 10**9)], 7, 600).refused:
                    made += 1
                    ledger.settle(name, 7)
        except Exception as error:
            print(error, flush=True)  # which is no number
        os._exit(made)
os.close(go)
print(sum(os.waitstatus_to_exitcode(os.waitpid(racer, 0)[1]) for racer in racers))
"""
)
HOLD = (
    OPEN
    + """
assert not ledger.reserve("killed", [Cap("run:r1", 100)], 60, float(sys.argv[2])).refused
print("held", flush=True)
sys.stdin.readline()
"""
)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The path or address of an empty ledger."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite3")
    url: str = request.getfixturevalue("redis_url")
    return url


def opened(place: str) -> BudgetLedger:
    return RedisLedger(place) if place.startswith("unix:") else SqliteLedger(Path(place))


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_race_of_eight_processes_overspends_nothing(place: str) -> None:
    """480 calls of 7 against a cap of 777, from 8 processes: exactly 111 are made, and the cap is spent to the last."""
    made = start(RACE, place).communicate(timeout=90)[0]
    ledger = opened(place)
    assert made == "111\n"
    assert ledger.read(["run:r1", "total"]) == (LedgerEntry("run:r1", 777, 0), LedgerEntry("total", 777, 0))
    ledger.close()


def test_kill_in_mid_call_holds_until_the_lease_and_counts_after_it(place: str) -> None:
    """A process that is killed after its reservation: held back while it may be alive, spent afterwards, named so."""
    killed = start(HOLD, place, "1.5")
    assert line(killed) == "held"
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=20)
    ledger = opened(place)
    (entry,) = ledger.read(["run:r1"])
    assert (entry.spent, entry.reserved) in {(0, 60), (60, 0)}
    assert ledger.reserve("next", [RUN], 41, 60).refused == ("run:r1",)
    deadline = time.monotonic() + 20
    while ledger.read(["run:r1"])[0].lapsed == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert ledger.read(["run:r1"]) == (LedgerEntry("run:r1", 60, 0, 60),)
    assert ledger.reserve("next", [RUN], 40, 60).refused == ()
    ledger.close()


def test_file_that_is_no_database_refuses_and_stays(tmp_path: Path) -> None:
    """What was spent is in there, perhaps: nothing is begun anew in silence."""
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"no database" * 1000)
    ledger = SqliteLedger(path)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3.*not a database.*moved away"):
        ledger.reserve("a", [RUN], 1, 60)
    assert path.read_bytes().startswith(b"no database")


def test_path_that_is_a_folder_refuses(tmp_path: Path) -> None:
    """A clear error, not a budget that is off."""
    with pytest.raises(LedgerError, match="cannot be used"):
        SqliteLedger(tmp_path).read(["run:r1"])


def test_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """What cannot be written down is not allowed; when there is room again, calls go on."""
    ledger = SqliteLedger(tmp_path / "ledger.sqlite3")
    ledger.reserve("a", [RUN], 1, 60)
    base = ledger._patient.base
    assert base is not None
    pages = base.execute("PRAGMA page_count").fetchone()[0]
    base.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="full"):
        ledger.reserve("b", [Cap("run:" + "x" * 5000, 100)], 1, 60)
    assert ledger.read(["run:r1"]) == (LedgerEntry("run:r1", 0, 1),)
    assert ledger.reserve("b", [Cap("run:" + "x" * 5000, 100)], 1, 60).refused == ()


def test_lock_of_another_is_waited_for(tmp_path: Path) -> None:
    """A writer that takes a moment is no failure."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    ledger.read(["run:r1"])
    holder = start(
        "import sqlite3, sys, time; b = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "b.execute('BEGIN IMMEDIATE'); print('locked', flush=True); time.sleep(0.4); b.execute('COMMIT')",
        str(path),
    )
    assert line(holder) == "locked"
    assert ledger.reserve("a", [RUN], 1, 60).refused == ()
    holder.communicate(timeout=20)


def test_ledger_that_may_not_wait_says_so_and_does_nothing(tmp_path: Path) -> None:
    """An event loop asks without waiting: while another writes it is told so, and nothing was changed."""
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path)
    assert ledger.reserve("a", [RUN], 1, 60, wait=False).refused == ()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusyError):
        ledger.reserve("b", [RUN], 1, 60, wait=False)
    with pytest.raises(LedgerBusyError):
        ledger.settle("a", 1, wait=False)
    assert ledger.read(["run:r1"], wait=False) == (LedgerEntry("run:r1", 0, 1),)
    other.execute("COMMIT")
    other.close()
    assert ledger.settle("a", 1, wait=False) == (LedgerEntry("run:r1", 1, 0),)
    ledger.close()


def test_journal_of_calls_that_do_not_wait_stays_small(tmp_path: Path) -> None:
    """Now and then a change goes the long way, and the journal into the file."""
    path = tmp_path / "ledger.sqlite3"
    ledger, long_way = SqliteLedger(path), 0
    for number in range(3000):
        try:
            ledger.reserve(f"{number}", [Cap("total", 10**9)], 1, 60, wait=False)
        except LedgerBusyError:
            long_way += 1
            ledger.reserve(f"{number}", [Cap("total", 10**9)], 1, 60)
    assert long_way == 6
    assert Path(f"{path}-wal").stat().st_size < 20_000_000
    assert ledger.read(["total"])[0].reserved == 3000
    ledger.close()


def test_file_that_was_moved_away_begins_a_new_one_for_all(tmp_path: Path) -> None:
    """Two processes never count in two files."""
    path = tmp_path / "ledger.sqlite3"
    one, other = SqliteLedger(path), SqliteLedger(path)
    one.reserve("a", [RUN], 50, 60)
    for name in os.listdir(tmp_path):
        (tmp_path / name).rename(tmp_path / f"old-{name}")
    other.reserve("b", [RUN], 30, 60)
    assert one.read(["run:r1"]) == other.read(["run:r1"]) == (LedgerEntry("run:r1", 0, 30),)


def test_ledger_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    """What it spent and holds counts; its calls under way are settled, and those that never end lapse."""
    at = [1_800_000_000.0]
    path = tmp_path / "ledger.sqlite3"
    base = sqlite3.connect(path)
    base.executescript(
        "CREATE TABLE accounts1 (key TEXT PRIMARY KEY, spent INTEGER NOT NULL, reserved INTEGER NOT NULL, "
        "lapsed INTEGER NOT NULL, used_at REAL NOT NULL, short_lived INTEGER NOT NULL);"
        "CREATE INDEX accounts1_by_use ON accounts1 (used_at);"
        "CREATE TABLE reservations1 (id TEXT PRIMARY KEY, keys TEXT NOT NULL, amount INTEGER NOT NULL, "
        "until REAL NOT NULL, lapsed INTEGER NOT NULL);"
        f"INSERT INTO accounts1 VALUES ('run:r1', 30, 50, 0, {at[0]}, 1);"
        f"""INSERT INTO reservations1 VALUES ('ends', '["run:r1"]', 20, {at[0] + 60}, 0);"""
        f"""INSERT INTO reservations1 VALUES ('dies', '["run:r1"]', 30, {at[0] + 60}, 0);"""
    )
    base.close()
    ledger = SqliteLedger(path, now=lambda: at[0])
    assert ledger.reserve("a", [RUN], 21, 60).refused == ("run:r1",)
    assert ledger.settle("ends", 5) == (LedgerEntry("run:r1", 35, 30),)
    at[0] += 3_601
    assert ledger.entries(10) == (LedgerEntry("run:r1", 65, 0, 30),)
    assert ledger.settle("dies", 10) == (LedgerEntry("run:r1", 45, 0, 0),)
    ledger.close()


def test_old_runs_are_forgotten_and_totals_stay(tmp_path: Path) -> None:
    """After 400 days without a call a run is gone; a persona and the total are counted for good."""
    at = [1_800_000_000.0]
    path = tmp_path / "ledger.sqlite3"
    ledger = SqliteLedger(path, now=lambda: at[0])
    for key in ("run:old", "node:old/n", "day:2027-01-15", "persona:ada", "node:n", "total"):
        ledger.reserve(key, [Cap(key, 100)], 5, 60)
        ledger.settle(key, 5)
    at[0] += 401 * 86_400
    ledger.reserve("dead", [RUN], 1, 0)
    at[0] += 1
    assert {entry.key for entry in ledger.entries(10)} == {"persona:ada", "node:n", "total", "run:r1"}
    ledger.close()
    base = sqlite3.connect(path)
    assert base.execute("SELECT COUNT(*) FROM accounts1").fetchone() == (4,)
    base.close()


@pytest.mark.needs("redis-server")
def test_redis_that_dies_refuses_and_its_return_is_noticed(tmp_path: Path) -> None:
    """A clear error without a password in it, in bounded time; no restart of ours is needed when it is back."""
    server = RedisServer()
    try:
        ledger = RedisLedger(server.url)
        assert ledger.reserve("a", [RUN], 1, 60).refused == ()
        server.kill()
        with pytest.raises(LedgerError, match="MERGECELLS_LEDGER_URL"):
            ledger.reserve("b", [RUN], 1, 60)
        server.start()
        assert ledger.reserve("c", [RUN], 1, 60).refused == ()
        ledger.close()
    finally:
        server.stop()


@pytest.mark.needs("redis-server")
def test_redis_without_memory_refuses(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing can be written down, so nothing is allowed."""
    server = RedisServer("--maxmemory", "1", "--maxmemory-policy", "noeviction")
    try:
        with pytest.raises(LedgerError, match=r"OOM|OutOfMemory"):
            RedisLedger(server.url).reserve("a", [RUN], 1, 60)
    finally:
        server.stop()


@pytest.mark.needs("redis-server")
def test_redis_that_may_evict_budgets_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """A server that throws away any key when it is full is no place for a ledger: said once, at the start."""
    server = RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    try:
        ledger = RedisLedger(server.url)
        for _ in range(2):
            ledger.read(["total"])
        assert sum("noeviction" in record.message for record in caplog.records) == 1
    finally:
        server.stop()


@pytest.mark.needs("redis-server")
def test_redis_old_runs_are_forgotten_and_totals_stay(redis_url: str) -> None:
    """As in SQLite: runs go by their last use, totals stay. The server's clock cannot be moved, so the marks are."""
    from redis import Redis

    ledger = RedisLedger(redis_url)
    for key in ("run:old", "persona:ada"):
        ledger.reserve(key, [Cap(key, 100)], 5, 60)
        ledger.settle(key, 5)
    with Redis.from_url(redis_url) as client:
        client.zadd("mergecells:ledger1:old", {"a:run:old": 1})
        ledger.read(["total"])
        assert not client.exists("mergecells:ledger1:a:run:old")
    assert ledger.entries(10) == (LedgerEntry("persona:ada", 5, 0),)
    ledger.close()
