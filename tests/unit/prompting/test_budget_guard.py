"""Budgets of calls: what applies, what is refused, what is settled, and ledgers that fail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from fakes.recording_llm_metrics import RecordingLlmMetrics
from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.domain.budgets import Budget, Budgets
from mergecells.domain.errors import BudgetExceededError, LedgerError, LlmCallError
from mergecells.domain.llm import CallContext, Cap, LedgerEntry, Reserved
from mergecells.ports import BudgetLedger
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.budget_keys import applying, budget_of, nano

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
ALL = Budgets(
    budgets={
        "run": Budget(warn=1, halt=5),
        "node": Budget(warn=1, halt=2),
        "persona": Budget(warn=5, halt=10),
        "persona:ada": Budget(warn=1, halt=20),
        "day": Budget(warn=50, halt=100),
        "total": Budget(warn=500, halt=1000),
    }
)
CONTEXT = CallContext(run_id="r1", node="draft", persona="ada")


def guard_of(ledger: BudgetLedger | None, at: float = NOON) -> tuple[BudgetGuard, RecordingLlmMetrics]:
    metrics = RecordingLlmMetrics()
    return BudgetGuard(ledger, metrics, now=lambda: at), metrics


def test_applying_names_each_scope_once() -> None:
    """Node of a run, run, persona (the named one's own limit), day in UTC, total."""
    found = dict(applying(ALL, CONTEXT, NOON))
    assert list(found) == ["node:r1/draft", "run:r1", "persona:ada", "day:2026-01-01", "total"]
    assert found["persona:ada"].halt == 20


def test_applying_two_runs_and_nodes_with_slashes_are_not_one() -> None:
    """`a/b` + `c` and `a` + `b/c` are counted apart, and so are long names with the same beginning."""
    keys = {
        applying(ALL, context, NOON)[0][0]
        for context in (CallContext(run_id="a/b", node="c"), CallContext(run_id="a", node="b/c"))
    }
    assert len(keys) == 2
    long = {applying(ALL, CallContext(run_id="x" * 1000 + end), NOON)[0][0] for end in "ab"}
    assert len(long) == 2
    assert all(len(key) < 200 for key in long)


def test_applying_control_characters_do_not_reach_a_key() -> None:
    """What a caller names is shown in terminals and in Redis: no control characters."""
    (key, _), *_ = applying(ALL, CallContext(run_id="a\x1b[31m\n"), NOON)
    assert key.isprintable()


def test_budget_of_finds_the_budget_of_a_key() -> None:
    """As the command line shows it: by the key alone."""
    assert [budget_of(ALL, key) and budget_of(ALL, key).halt for key, _ in applying(ALL, CONTEXT, NOON)] == [  # type: ignore[union-attr]
        2, 5, 20, 100, 1000,
    ]  # fmt: skip
    assert budget_of(ALL, "something:else") is None


@pytest.mark.parametrize(("dollars", "expected"), [(0.1, 100_000_000), (0.29, 290_000_000), (5.0, 5_000_000_000)])
def test_nano_is_exact(dollars: float, expected: int) -> None:
    """The number as written, not its binary neighbour."""
    assert nano(dollars) == nano(dollars, up=True) == expected


def test_nano_up_is_never_less() -> None:
    """A worst case is rounded up."""
    assert (nano(1e-10), nano(1e-10, up=True)) == (0, 1)


def test_reserve_holds_on_every_budget_and_settle_replaces() -> None:
    """While the call is under way its worst case is taken; then what it cost."""

    async def test() -> None:
        guard, metrics = guard_of(MemoryLedger())
        hold = await guard.reserve(ALL, CONTEXT, 1.5, 60)
        assert [(state.key, state.reserved, state.spent) for state in hold.states] == [
            (key, 1.5, 0.0) for key, _ in applying(ALL, CONTEXT, NOON)
        ]
        states = await guard.settle(hold, 1.2)
        assert [(state.reserved, state.spent) for state in states] == [(0.0, 1.2)] * 5
        assert [state.warned for state in states] == [True, True, True, False, False]
        assert len(metrics.budgets) == 2

    asyncio.run(test())


def test_reserve_past_one_budget_is_refused_and_holds_nothing() -> None:
    """The narrowest that has no room is named, with what is left; no other budget is touched."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        with pytest.raises(
            BudgetExceededError, match=r"node:r1/draft has \$2\.000000 left of \$2\.00.*\$2\.500000"
        ) as got:
            await guard.reserve(ALL, CONTEXT, 2.5, 60)
        assert got.value.kind == "budget"
        assert all(state.reserved == 0 for state in got.value.budgets)
        assert all(state.reserved == 0 for state in await guard.states(ALL, CONTEXT))

    asyncio.run(test())


def test_reserve_exactly_to_the_halt_is_made_and_one_nano_more_is_not() -> None:
    """The cap is the cap, to the nano-dollar."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        only_run = Budgets(budgets={"run": Budget(warn=0.1, halt=0.3)})
        hold = await guard.reserve(only_run, CONTEXT, 0.3, 60)
        with pytest.raises(BudgetExceededError):
            await guard.reserve(only_run, CONTEXT, 1e-9, 60)
        (state,) = await guard.settle(hold, 0.3)
        assert (state.halted, state.remaining) == (True, 0.0)

    asyncio.run(test())


def test_reserve_budget_lowered_below_what_is_spent_halts_at_once() -> None:
    """A new config with a lower halt holds with the next call."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        await guard.settle(await guard.reserve(ALL, CONTEXT, 1.5, 60), 1.5)
        lowered = Budgets(budgets={"run": Budget(warn=0.5, halt=1)})
        with pytest.raises(BudgetExceededError):
            await guard.reserve(lowered, CONTEXT, 0.0, 60)
        (state,) = await guard.states(lowered, CONTEXT)
        assert state.halted

    asyncio.run(test())


def test_reserve_without_a_price_is_refused_while_a_budget_applies() -> None:
    """Unknown is not free: the way out is named. Without any budget the call may be made."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        with pytest.raises(BudgetExceededError, match=r"mystery-9 has no price.*prices\.yaml"):
            await guard.reserve(ALL, CONTEXT, None, 60, "mystery-9")
        with pytest.raises(BudgetExceededError):
            await guard.reserve(Budgets(), CallContext(), None, 60)
        assert (await guard.reserve(Budgets(budgets={}), CONTEXT, None, 60)).reservation == ""

    asyncio.run(test())


def test_reserve_call_without_a_run_is_a_run_of_its_own() -> None:
    """The default budget holds for single calls too, and nothing of them adds up."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        for _ in range(3):
            assert (await guard.reserve(Budgets(), CallContext(), 4.0, 60)).reservation == ""
        with pytest.raises(BudgetExceededError, match="budget run has"):
            await guard.reserve(Budgets(), CallContext(), 5.5, 60)

    asyncio.run(test())


def test_settle_unknown_cost_counts_the_worst_case() -> None:
    """An answer of unknown cost is never free."""

    async def test() -> None:
        guard, _ = guard_of(MemoryLedger())
        states = await guard.settle(await guard.reserve(ALL, CONTEXT, 1.5, 60), None)
        assert states[0].spent == 1.5

    asyncio.run(test())


def test_settle_after_midnight_counts_on_the_day_of_the_reservation() -> None:
    """A call that runs over midnight UTC is one of the day on which it was allowed; the next one is not."""

    async def test() -> None:
        ledger, days = MemoryLedger(), Budgets(budgets={"day": Budget(warn=1, halt=2)})
        before, _ = guard_of(ledger, NOON + 43_199)
        after, _ = guard_of(ledger, NOON + 43_201)
        hold = await before.reserve(days, CONTEXT, 1.5, 60)
        assert [state.key for state in await after.settle(hold, 1.25)] == ["day:2026-01-01"]
        (state,) = await after.states(days, CONTEXT)
        assert (state.key, state.spent) == ("day:2026-01-02", 0.0)

    asyncio.run(test())


class BrokenLedger(MemoryLedger):
    """Its disk is gone."""

    def reserve(
        self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float, *, wait: bool = True
    ) -> Reserved:
        raise LedgerError("The ledger is gone.", "Mount it.")

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        raise LedgerError("The ledger is gone.", "Mount it.")


@pytest.mark.parametrize("ledger", [BrokenLedger(), None])
def test_reserve_ledger_that_fails_or_is_missing_refuses_the_call(ledger: BudgetLedger | None) -> None:
    """A budget that cannot be checked is not off."""

    async def test() -> None:
        guard, _ = guard_of(ledger)
        with pytest.raises(LlmCallError, match="ledger") as got:
            await guard.reserve(ALL, CONTEXT, 0.1, 60)
        assert got.value.kind == "budget"

    asyncio.run(test())


def test_settle_ledger_that_fails_does_not_take_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    """The answer is there and paid for: told in the log, and the reservation counts when its lease ends."""

    class Fails(MemoryLedger):
        settle = BrokenLedger.settle

    async def test() -> None:
        guard, _ = guard_of(Fails())
        hold = await guard.reserve(ALL, CONTEXT, 1.5, 60)
        assert await guard.settle(hold, 1.0) == hold.states
        assert "could not be settled" in caplog.text

    asyncio.run(test())


def test_reserve_cancelled_in_the_middle_gives_back() -> None:
    """A caller that goes away while the ledger is asked never called the provider: nothing stays reserved."""

    class Slow(MemoryLedger):
        quick = False
        asked, go = threading.Event(), threading.Event()

        def reserve(
            self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float, *, wait: bool = True
        ) -> Reserved:
            self.asked.set()
            self.go.wait(15)
            return super().reserve(reservation, caps, amount, lease_s)

    async def test() -> None:
        ledger = Slow()
        guard, _ = guard_of(ledger)
        task = asyncio.create_task(guard.reserve(ALL, CONTEXT, 1.5, 60))
        await asyncio.to_thread(ledger.asked.wait, 15)
        task.cancel()
        await asyncio.wait([task])
        ledger.go.set()
        await guard.drain()
        assert [state.reserved for state in await guard.states(ALL, CONTEXT)] == [0.0] * 5

    asyncio.run(test())
