"""What a conversation is about: by the rules of `routing.yaml`, and by a classifier where they do not tell."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import CallContext
from mergecells.domain.messages import Message
from mergecells.domain.routing import AMBIGUOUS, INTENTS, Routing
from mergecells.ports import IntentClassifier
from mergecells.transforms.routes import READ_CHARACTERS, Detected, detect_intent

_log = logging.getLogger("mergecells")


async def find_intent(
    routing: Routing,
    messages: Sequence[Message],
    stated: str | None,
    classifier: IntentClassifier | None,
    context: CallContext,
) -> Detected:
    """The stated intent, else that of the last message. A classifier is asked only where the rules say ambiguous; one
    that fails leaves it so, and the reason says it."""
    if stated:
        return Detected(stated, 1.0, "Stated by the caller.")
    message = messages[-1].text[:READ_CHARACTERS]
    by_rules = detect_intent(routing, message)
    if classifier is None or by_rules.intent != AMBIGUOUS or not message.strip():
        return by_rules
    choices = {name: each.description for name, each in routing.intents.items() if name in INTENTS and each.ladder}
    try:
        intent, confidence, reason = await classifier.classify(message, choices, context)
    except MergecellsError as error:
        _log.warning("the classifier of intents failed: %s", error)
        return Detected(AMBIGUOUS, 0.0, f"{by_rules.reason} The classifier failed: {error.message}")
    if intent not in choices:
        return Detected(AMBIGUOUS, 0.0, f"{by_rules.reason} The classifier said {intent[:60]!r}, which is no intent.")
    return Detected(intent, min(max(confidence, 0.0), 1.0), f"Classifier: {reason}"[:500])
