"""Intents told by a model, with a prompt like any other: reviewed, routed, cached, metered, kept within budget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mergecells.domain.errors import InvalidAnswerError
from mergecells.domain.llm import CallContext, LlmResult

CLASSIFIER_PROMPT = "intent_classifier"
Ask = Callable[[str, Mapping[str, Any], CallContext], Awaitable[LlmResult]]


class PromptClassifier:
    """Asks the prompt `slug` with `message` and `intents` (a text, one intent a line). Its `outputs` must have
    `intent`, and may have `confidence` and `reason`. Implements `ports.IntentClassifier`."""

    def __init__(self, ask: Ask, slug: str = CLASSIFIER_PROMPT) -> None:
        self._ask, self._slug = ask, slug

    async def classify(self, message: str, intents: Mapping[str, str], context: CallContext) -> tuple[str, float, str]:
        """See `ports.IntentClassifier`."""
        choices = "\n".join(f"{name}: {description}" for name, description in intents.items())
        result = await self._ask(self._slug, {"message": message, "intents": choices}, context)
        said = result.parsed if isinstance(result.parsed, dict) else {}
        intent = said.get("intent")
        if not isinstance(intent, str):
            raise InvalidAnswerError(f"The prompt {self._slug} gave no intent.", "Give it `outputs` with `intent`.")
        told = said.get("confidence")
        confidence = float(told) if isinstance(told, int | float) and not isinstance(told, bool) else 0.5
        return intent, confidence, str(said.get("reason") or "no reason given")[:300]
