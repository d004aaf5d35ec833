"""Asks the models themselves what a smoke case asks, with the client in this process."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from mergecells.apps.service.llm_answers import call_problem
from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import CallContext
from mergecells.domain.messages import Message, TextPart
from mergecells.domain.smoke import Observed, SmokeCase
from mergecells.prompting.client import Llm


class SmokeClient:
    """`ask` answers with the statuses that a service would answer with."""

    def __init__(self, llm: Llm, *, cache: bool = False) -> None:
        self._llm, self._cache = llm, cache
        self._who = CallContext(run_id=f"smoke-{secrets.token_hex(6)}", persona="smoke", workflow="smoke")

    def ask(self, case: SmokeCase, inputs: Mapping[str, Any]) -> Observed:
        started = time.monotonic()
        try:
            if case.prompt is not None:
                result = self._llm.call(case.prompt, inputs, context=self._who, cache=self._cache)
            else:
                said = Message("user", (TextPart(case.message or ""),))
                result = self._llm.reply([said], context=self._who, cache=self._cache)
        except MergecellsError as error:
            return Observed(call_problem(error).status, seconds=time.monotonic() - started, error=str(error))
        return Observed(
            200, result.text, result.intent, result.revision, result.model, result.seconds, result.usage.cost_est
        )
