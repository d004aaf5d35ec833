"""One contract for every ledger of budgets: memory, SQLite, Redis. Money is counted to the nano-dollar."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.adapters.redis_ledger import RedisLedger
from mergecells.adapters.sqlite_ledger import SqliteLedger
from mergecells.domain.errors import LedgerError
from mergecells.domain.ledger import MOST_NANO
from mergecells.domain.llm import NANO, Cap, LedgerEntry
from mergecells.ports import BudgetLedger

Opener = Callable[[], BudgetLedger]
KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))]
RUN, DAY = Cap("run:r1", 5 * NANO), Cap("day:2026-01-01", 100 * NANO)


def opener(request: pytest.FixtureRequest, folder: Path) -> Opener:
    if request.param == "sqlite":
        return lambda: SqliteLedger(folder / "ledger.sqlite3")
    url: str = request.getfixturevalue("redis_url")
    return lambda: RedisLedger(url)


@pytest.fixture(params=["memory", *KINDS])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BudgetLedger]:
    found: BudgetLedger = MemoryLedger() if request.param == "memory" else opener(request, tmp_path)()
    yield found
    found.close()


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Each call opens the same ledger, as another process would."""
    return opener(request, tmp_path)


def wait_until(holds: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_reserve_and_settle_move_the_amount(ledger: BudgetLedger) -> None:
    """Held back on every key, then spent on every key, exactly."""
    got = ledger.reserve("a", [RUN, DAY], 1_234_567_891, 60)
    assert got.refused == ()
    assert got.entries == (LedgerEntry("run:r1", 0, 1_234_567_891), LedgerEntry("day:2026-01-01", 0, 1_234_567_891))
    settled = ledger.settle("a", 1_000_000_007)
    assert settled == (LedgerEntry("run:r1", 1_000_000_007, 0), LedgerEntry("day:2026-01-01", 1_000_000_007, 0))
    assert ledger.read(["day:2026-01-01", "other"]) == (
        LedgerEntry("day:2026-01-01", 1_000_000_007, 0),
        LedgerEntry("other", 0, 0),
    )


def test_reserve_to_the_last_nano_dollar_and_no_further(ledger: BudgetLedger) -> None:
    """Exactly the halt fits; one nano-dollar more does not, and then nothing is held on any key."""
    assert ledger.reserve("a", [RUN, DAY], 5 * NANO, 60).refused == ()
    refused = ledger.reserve("b", [DAY, RUN], 1, 60)
    assert refused.refused == ("run:r1",)
    assert ledger.read(["run:r1", "day:2026-01-01"]) == (
        LedgerEntry("run:r1", 0, 5 * NANO),
        LedgerEntry("day:2026-01-01", 0, 5 * NANO),
    )


def test_reserve_names_every_budget_without_room(ledger: BudgetLedger) -> None:
    """All that refuse are named."""
    caps = [Cap("run:r1", 1), Cap("persona:ada", 100), Cap("total", 2)]
    assert ledger.reserve("a", caps, 3, 60).refused == ("run:r1", "total")


def test_reserve_under_a_halt_that_was_lowered_is_refused(ledger: BudgetLedger) -> None:
    """The halt is that of the call, so a new config holds at once, for calls that cost nothing too."""
    ledger.reserve("a", [RUN], NANO, 60)
    ledger.settle("a", NANO)
    assert ledger.reserve("b", [Cap("run:r1", NANO - 1)], 0, 60).refused == ("run:r1",)
    assert ledger.reserve("c", [Cap("run:r1", NANO)], 0, 60).refused == ()


def test_settle_twice_counts_once(ledger: BudgetLedger) -> None:
    """A second settlement does nothing, and neither does one that nobody reserved."""
    ledger.reserve("a", [RUN], 100, 60)
    ledger.settle("a", 40)
    assert ledger.settle("a", 40) == ()
    assert ledger.settle("never", 7) == ()
    assert ledger.read(["run:r1"]) == (LedgerEntry("run:r1", 40, 0),)


def test_settle_for_more_than_was_reserved_counts_it_all(ledger: BudgetLedger) -> None:
    """What was spent was spent."""
    ledger.reserve("a", [RUN], 100, 60)
    assert ledger.settle("a", 6 * NANO) == (LedgerEntry("run:r1", 6 * NANO, 0),)
    assert ledger.reserve("b", [RUN], 0, 60).refused == ("run:r1",)


def test_lease_that_ends_counts_as_spent_and_is_named(ledger: BudgetLedger) -> None:
    """Nobody said what the call cost: all of it counts, and how much that was stays known."""
    ledger.reserve("dead", [RUN], 3 * NANO, 0.05)
    wait_until(lambda: ledger.read(["run:r1"])[0].lapsed)
    assert ledger.read(["run:r1"]) == (LedgerEntry("run:r1", 3 * NANO, 0, 3 * NANO),)
    assert ledger.reserve("b", [RUN], 3 * NANO, 60).refused == ("run:r1",)


def test_settle_after_the_lease_corrects_what_was_assumed(ledger: BudgetLedger) -> None:
    """The process was not dead but slow: what it says counts."""
    ledger.reserve("slow", [RUN], 3 * NANO, 0.05)
    wait_until(lambda: ledger.read(["run:r1"])[0].lapsed)
    assert ledger.settle("slow", NANO) == (LedgerEntry("run:r1", NANO, 0, 0),)


def test_entries_newest_first(ledger: BudgetLedger) -> None:
    """What was used last comes first, as many as asked for."""
    for number in range(4):
        ledger.reserve(f"{number}", [Cap(f"run:{number}", NANO)], 1, 60)
    assert [entry.key for entry in ledger.entries(3)] == ["run:3", "run:2", "run:1"]


def test_amounts_beyond_a_float_stay_exact(ledger: BudgetLedger) -> None:
    """Above nine million dollars a float would round to two nano-dollars: budgets may be a hundred times that."""
    cap = Cap("total", 900_000_000 * NANO)
    amount = 300_000_000 * NANO + 1
    for number in range(2):
        assert ledger.reserve(f"{number}", [cap], amount, 60).refused == ()
        ledger.settle(f"{number}", amount)
    assert ledger.read(["total"]) == (LedgerEntry("total", 2 * amount, 0),)
    assert ledger.reserve("2", [cap], amount, 60).refused == ("total",)
    assert ledger.reserve("3", [cap], amount - 3, 60).refused == ()


def test_amounts_that_no_call_can_cost_are_refused_or_bounded(ledger: BudgetLedger) -> None:
    """Nothing overflows: absurd reservations are errors, absurd settlements stop at a billion dollars each."""
    for amount in (-1, MOST_NANO + 1):
        with pytest.raises(LedgerError):
            ledger.reserve("a", [RUN], amount, 60)
    for number in range(12):
        ledger.reserve(f"{number}", [Cap("total", MOST_NANO)], 0, 60)
    for number in range(12):
        ledger.settle(f"{number}", 10**30)
    (entry,) = ledger.read(["total"])
    assert type(entry.spent) is int
    assert entry.spent >= MOST_NANO
    assert ledger.reserve("more", [Cap("total", MOST_NANO)], 1, 60).refused == ("total",)


def test_ledger_survives_its_process(opened: Opener) -> None:
    """A new process sees what was spent and what is held."""
    one = opened()
    one.reserve("a", [RUN], 10, 60)
    one.settle("a", 7)
    one.reserve("b", [RUN], 20, 60)
    one.close()
    other = opened()
    assert other.read(["run:r1"]) == (LedgerEntry("run:r1", 7, 20),)
    assert other.settle("b", 5) == (LedgerEntry("run:r1", 12, 0),)
    other.close()


def test_fifty_calls_at_the_cap_overspend_nothing(ledger: BudgetLedger) -> None:
    """Fifty threads, a cap with room for twenty: exactly twenty are allowed, and the cap is spent to the last."""
    cap, allowed = Cap("run:r1", 20 * 250_000_001), []
    barrier = threading.Barrier(50)

    def call(number: int) -> None:
        barrier.wait(30)
        if not ledger.reserve(f"{number}", [cap, DAY], 250_000_001, 60).refused:
            allowed.append(number)
            ledger.settle(f"{number}", 250_000_001)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(allowed) == 20
    assert ledger.read(["run:r1"]) == (LedgerEntry("run:r1", cap.halt, 0),)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 60)), max_size=25))
def test_any_order_of_calls_never_holds_more_than_the_cap(calls: list[tuple[int, int, int]]) -> None:
    """Whatever is reserved and settled: what is held never passes the cap by a reservation, in memory as in SQLite, and
    both say the same."""
    with tempfile.TemporaryDirectory() as folder:
        compare(calls, (MemoryLedger(), SqliteLedger(Path(folder) / "ledger.sqlite3")))


def compare(calls: list[tuple[int, int, int]], both: tuple[BudgetLedger, BudgetLedger]) -> None:
    for number, (slot, amount, cost) in enumerate(calls):
        caps = [Cap(f"run:{slot}", 50), Cap("total", 90)]
        one, other = (ledger.reserve(f"{number}", caps, amount, 60) for ledger in both)
        assert one == other
        if not one.refused:
            assert all(entry.spent + entry.reserved <= cap.halt for entry, cap in zip(one.entries, caps, strict=True))
            if number % 3:
                assert both[0].settle(f"{number}", cost) == both[1].settle(f"{number}", cost)
    both[1].close()
