"""Answers that are kept already, given in the caller's own thread: waking the client's loop takes longer than all
else of them."""

from __future__ import annotations

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import CachedAnswer, ModelRequest
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.ladder import from_store, prepare
from mergecells.prompting.record import CallRecord, Served


class AtHand:
    """Asks for the answer of a call's first model. Another way to the same answers: what is not found here is looked
    for by the ladder, which does not ask the cache again for this key."""

    def __init__(self, cache: AnswerCache, counter: TokenCounter) -> None:
        self._cache, self._counter = cache, counter

    def find(self, call: CallRecord) -> Served | None:
        """From any thread; a cache over the network is waited for in it, within its own bounds."""
        asked = self._first(call)
        return self._found(call, *asked, self._cache.find(asked[1])) if asked else None

    async def lookup(self, call: CallRecord) -> Served | None:
        """From any event loop, which does not wait for the network."""
        asked = self._first(call)
        return self._found(call, *asked, await self._cache.lookup(asked[1])) if asked else None

    def _first(self, call: CallRecord) -> tuple[ModelRequest, str] | None:
        """(request, key) of the first model; None where the ladder has to say what is wrong with it."""
        if not call.use_cache or not call.plan.ladder:
            return None
        name, rung = next(iter(call.plan.ladder.items()))
        try:
            return prepare(call, name, rung, self._counter)
        except ProviderError:
            return None

    def _found(self, call: CallRecord, request: ModelRequest, key: str, found: CachedAnswer | None) -> Served | None:
        if found is None:
            call.missed = key
            return None
        return from_store(call, request, found)
