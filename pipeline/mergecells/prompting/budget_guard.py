"""Budgets of a call: its worst case is held back before it is made, and what it cost takes that place afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mergecells.domain.budgets import Budget, Budgets
from mergecells.domain.errors import BudgetExceededError, LedgerBusyError, LlmCallError, MergecellsError
from mergecells.domain.llm import BudgetState, CallContext, Cap, LedgerEntry
from mergecells.ports import BudgetLedger, LlmMetrics
from mergecells.prompting.budget_keys import applying, limit_words, nano, state_of
from mergecells.prompting.ids import new_id

_log = logging.getLogger("mergecells")
T = TypeVar("T")
Counted = tuple[tuple[str, Budget], ...]

_OWN_RUN: Final = "run"
"""The key of a call that names no run: it is a run of its own, and nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What is held back for one try. `reservation` is empty when no budget is counted; `amount` in nano-dollars."""

    reservation: str
    budgets: Counted
    amount: int
    states: tuple[BudgetState, ...]


NOTHING_HELD: Final = Hold("", (), 0, ())


class BudgetGuard:
    """Asks the ledger. `now`: Unix time, for the day in UTC. A ledger that is missing or fails refuses the call: a
    budget that cannot be checked is not off."""

    def __init__(self, ledger: BudgetLedger | None, metrics: LlmMetrics, *, now: Callable[[], float]) -> None:
        self._ledger, self._metrics, self._now = ledger, metrics, now
        self._tasks: set[asyncio.Future[Any]] = set()

    async def reserve(
        self, budgets: Budgets, context: CallContext, worst_case: float | None, lease_s: float, model: str = ""
    ) -> Hold:
        """Hold `worst_case` dollars back on every budget that applies. `lease_s`: longer than the try can last.

        `worst_case` is None when the model has no price: refused while any budget applies. A call without a run is a
        run of its own. Raises BudgetExceededError with the state of every budget; LlmCallError of kind `budget` when
        the ledger cannot be asked.
        """
        counted = applying(budgets, context, self._now())
        alone = None if context.run_id else budgets.find("run")
        if worst_case is None:
            if not counted and alone is None:
                return NOTHING_HELD
            raise _unpriced(await self._states(counted), model)
        amount = nano(worst_case, up=True)
        if alone is not None and amount > nano(alone.halt):
            state = BudgetState(_OWN_RUN, alone.warn, alone.halt, 0.0)
            raise _exceeded(worst_case, (_OWN_RUN,), (state, *await self._states(counted)))
        return await self._hold(counted, amount, worst_case, lease_s) if counted else NOTHING_HELD

    async def settle(self, hold: Hold, cost: float | None) -> tuple[BudgetState, ...]:
        """Put what the try cost in the place of what was held back; None is unknown: the whole worst case counts.

        Never raises: the answer is there and paid for. What could not be settled counts as spent when its lease ends.
        Goes on when the caller is cancelled.
        """
        ledger = self._ledger
        if not hold.reservation or ledger is None:
            return hold.states
        amount = hold.amount if cost is None else nano(cost)
        try:
            entries = await self._settle(ledger, hold.reservation, amount)
        except MergecellsError as error:
            _log.error("what a call cost could not be settled; its worst case will count instead: %s", error)
            return hold.states
        return self._seen(hold.budgets, entries) if entries else hold.states

    async def states(self, budgets: Budgets, context: CallContext) -> tuple[BudgetState, ...]:
        """Every budget that applies, as it stands. Raises LlmCallError when the ledger cannot be asked."""
        return await self._states(applying(budgets, context, self._now()))

    def states_at_hand(self, budgets: Budgets, context: CallContext, *, wait: bool) -> tuple[BudgetState, ...] | None:
        """As `states`, from any thread; None where that would have to wait, for another or for the network. `wait`:
        whether it may. Raises LlmCallError too."""
        counted = applying(budgets, context, self._now())
        if not counted:
            return ()
        ledger = self._ledger
        if ledger is None or not (wait or ledger.quick):
            return None
        try:
            return self._seen(counted, ledger.read([key for key, _ in counted], wait=not ledger.quick))
        except LedgerBusyError:
            return None
        except MergecellsError as error:
            raise LlmCallError("budget", error.message, error.hint) from error

    async def drain(self) -> None:
        """Wait for what is still under way for calls that were cancelled."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _states(self, counted: Counted) -> tuple[BudgetState, ...]:
        if not counted:
            return ()
        keys = [key for key, _ in counted]
        return self._seen(counted, await self._ask(lambda ledger, wait: ledger.read(keys, wait=wait)))

    async def _hold(self, counted: Counted, amount: int, worst_case: float, lease_s: float) -> Hold:
        reservation = new_id()
        caps = [Cap(key, nano(budget.halt)) for key, budget in counted]
        reserved = await self._ask(
            lambda ledger, wait: ledger.reserve(reservation, caps, amount, lease_s, wait=wait),
            undo=lambda ledger: ledger.settle(reservation, 0),
        )
        states = self._seen(counted, reserved.entries)
        if reserved.refused:
            raise _exceeded(worst_case, reserved.refused, states)
        return Hold(reservation, counted, amount, states)

    async def _ask(
        self, question: Callable[[BudgetLedger, bool], T], undo: Callable[[BudgetLedger], object] | None = None
    ) -> T:
        """Ask the ledger: in place where it is quick and free, else in a thread. When the caller is cancelled then,
        `undo` follows."""
        ledger = self._ledger
        if ledger is None:
            raise LlmCallError("budget", "A budget applies to this call, and there is no ledger to count it in.")
        asked: asyncio.Future[T] | None = None
        try:
            with contextlib.suppress(LedgerBusyError):
                if ledger.quick:
                    return question(ledger, False)
            asked = self._begin(lambda: question(ledger, True))
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            if undo is not None and asked is not None:
                asked.add_done_callback(lambda done: done.exception() or self._begin(lambda: undo(ledger)))
            raise
        except MergecellsError as error:
            raise LlmCallError("budget", error.message, error.hint) from error

    async def _settle(self, ledger: BudgetLedger, reservation: str, amount: int) -> tuple[LedgerEntry, ...]:
        with contextlib.suppress(LedgerBusyError):
            if ledger.quick:
                return ledger.settle(reservation, amount, wait=False)
        return await asyncio.shield(self._begin(lambda: ledger.settle(reservation, amount)))

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        task = asyncio.ensure_future(asyncio.to_thread(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _seen(self, counted: Counted, entries: Sequence[LedgerEntry]) -> tuple[BudgetState, ...]:
        states = tuple(state_of(key, budget, one) for (key, budget), one in zip(counted, entries, strict=True))
        self._metrics.budgets_seen(states)
        return states


def _exceeded(worst_case: float, refused: Sequence[str], states: tuple[BudgetState, ...]) -> BudgetExceededError:
    """The refusal in words: the first budget that has no room, and what could be done."""
    state = next(state for state in states if state.key == refused[0])
    message = (
        f"The budget {state.key} has ${state.remaining:,.6f} left of {limit_words(state.halt)}, and this call may cost "
        f"${worst_case:,.6f}: it was not made."
    )
    more = f" Also without room: {', '.join(refused[1:])}." if len(refused) > 1 else ""
    hint = f"Raise its halt in prompts/budgets.yaml, or lower the prompt's maxOutputTokens.{more}"
    return BudgetExceededError(message, hint, budgets=states)


def _unpriced(states: tuple[BudgetState, ...], model: str) -> BudgetExceededError:
    return BudgetExceededError(
        f"{model or 'The model'} has no price, so no budget can hold this call: it was not made.",
        f"Add {f'the price of {model}' if model else 'a price'} to prompts/prices.yaml.",
        budgets=states,
    )
