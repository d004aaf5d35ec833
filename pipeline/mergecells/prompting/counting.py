"""Tokens by the best method at hand: the model's own vocabulary, recorded usage, else a guess; never the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.routing import Model
from mergecells.transforms.tokens import TokenCount, count_prompt_tokens, count_tokens

Vocabulary = Callable[[str], Callable[[str], int] | None]
"""What the provider calls a model → its counter, where its vocabulary is on this machine."""

Calibration = Callable[[str, str, str], float | None]
"""(prompt's slug, its SHA, our name of the model) → characters per token of recorded usage; None without enough."""


def _unknown(_model_id: str) -> None:
    return None


def _uncalibrated(_slug: str, _sha: str, _model: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class TokenCounter:
    vocabulary: Vocabulary = _unknown
    calibration: Calibration = _uncalibrated

    def count(self, rendered: RenderedPrompt, name: str, model: Model) -> TokenCount:
        """The tokens of a rendered prompt for one model."""
        ratio = self.calibration(rendered.slug, rendered.sha, name)
        return count_prompt_tokens(rendered, ratio, self.vocabulary(model.id or name))

    def count_answer(self, text: str, name: str, model: Model) -> TokenCount:
        """The tokens of an answer. Recorded usage tells of prompts, so it is not used."""
        return count_tokens(text, None, self.vocabulary(model.id or name))
