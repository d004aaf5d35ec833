"""Tokens of prompts by the best method at hand, for commands: nothing is fetched, and no history is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mergecells.adapters.openai_vocabulary import missing_vocabulary
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.routing import Model
from mergecells.transforms.tokens import TokenCount

if TYPE_CHECKING:
    from mergecells.prompting.counting import TokenCounter


class CounterAtHand:
    """A PromptCounter: by the model's vocabulary, else by recorded usage, else by a guess. Recorded usage is read with
    the first question, and waited for, since a command asks once."""

    def __call__(self, rendered: RenderedPrompt, name: str, model: Model) -> TokenCount:
        return self.counter.count(rendered, name, model)

    @cached_property
    def counter(self) -> TokenCounter:
        from mergecells.apps.llm_watchers import make_counter

        return make_counter(wait=True)


def missing_words(models: Mapping[str, str]) -> Iterator[str]:
    """Why tokens are not counted exactly, where they could be; one line for each reason. `models`: our names of models
    → what their providers call them."""
    reasons: dict[str, list[str]] = {}
    for name, model_id in models.items():
        why = missing_vocabulary(model_id)
        if why:
            reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        yield f"Not counted exactly for {', '.join(names)}: {why}. Nothing is fetched (TIKTOKEN_CACHE_DIR)."
