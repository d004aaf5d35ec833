"""How many tokens a text has, with the method said: `exact`, `calibrated` or `heuristic`.

Exact needs the model's own vocabulary, which its library fetches over the network; so it is used where the caller has a
counter. Calibrated takes the characters per token of this prompt and model from recorded usage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.routing import Model

Method = Literal["exact", "calibrated", "heuristic"]
IMAGE_TOKENS = 1_100
"""About what providers count for an image of a megapixel (Anthropic: width x height / 750; OpenAI: 765 to 1,105)."""

MESSAGE_TOKENS = 4
"""Around each message, as OpenAI's cookbook counts them."""

_WORD = re.compile(r"[A-Za-z]+|[0-9]{1,3}|[^\W\d_a-zA-Z]|[^\w\s]|_|\n+")
_LETTERS_PER_TOKEN = 6


class TokenCount(NamedTuple):
    tokens: int
    method: Method


PromptCounter: TypeAlias = Callable[[RenderedPrompt, str, Model], TokenCount]
"""(rendered prompt, our name of the model, the model) → its tokens by the best method at hand."""


def count_tokens(
    text: str, characters_per_token: float | None = None, counter: Callable[[str], int] | None = None
) -> TokenCount:
    """The tokens of a text by the best method at hand."""
    if counter is not None:
        return TokenCount(counter(text), "exact")
    if characters_per_token:
        return TokenCount(math.ceil(len(text) / characters_per_token), "calibrated")
    return TokenCount(_guess(text), "heuristic")


def count_prompt_tokens(
    rendered: RenderedPrompt,
    characters_per_token: float | None = None,
    counter: Callable[[str], int] | None = None,
) -> TokenCount:
    """The tokens of a rendered prompt, with its images and what surrounds its messages."""
    counts = [count_tokens(message.text, characters_per_token, counter) for message in rendered.messages]
    around = MESSAGE_TOKENS * len(counts) + IMAGE_TOKENS * rendered.images
    return TokenCount(sum(each.tokens for each in counts) + around, counts[0].method)


def guess_prompt_tokens(rendered: RenderedPrompt, _name: str, _model: Model) -> TokenCount:
    """A PromptCounter that needs nothing."""
    return count_prompt_tokens(rendered)


def _guess(text: str) -> int:
    """A word of up to six letters is one token, a longer one more; each sign, three digits, each other letter one."""
    return sum(
        -(-len(word) // _LETTERS_PER_TOKEN) if word[0].isascii() and word[0].isalpha() else 1
        for word in _WORD.findall(text)
    )
