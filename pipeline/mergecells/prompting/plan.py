"""One call as it was asked for, from one Snapshot: messages, ladder, form of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import ProviderError, UnknownPromptError, UsageError
from mergecells.domain.llm import CallContext, ModelRequest
from mergecells.domain.messages import ImagePart, Message, RenderedPrompt
from mergecells.domain.prompts import ModelOptions, Prompt
from mergecells.domain.revision import Revision
from mergecells.domain.routing import Model, Provider, Rung
from mergecells.prompting.ids import new_id
from mergecells.transforms.json_answers import with_schema_words
from mergecells.transforms.plain_text import unsendable
from mergecells.transforms.routes import Detected, prompt_ladder

if TYPE_CHECKING:
    from mergecells.prompting.counting import TokenCounter

LEAST_OUTPUT_TOKENS = 16
_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")


class PinnedConfig(Protocol):
    """What a call takes from a Snapshot."""

    @property
    def revision(self) -> Revision: ...

    @property
    def config(self) -> ConfigSet: ...


class ConfigSource(Protocol):
    """What `mergecells.open()` returns, or anything else with a `current`."""

    @property
    def current(self) -> PinnedConfig: ...


def pin(source: ConfigSource | Callable[[], PinnedConfig]) -> Callable[[], PinnedConfig]:
    """What gives the current Snapshot, from what `mergecells.open()` returned or from a function."""
    if callable(source):
        return source
    known = source
    return lambda: known.current


@dataclass(frozen=True, slots=True)
class CallPlan:
    """`slug` and `sha` are empty for a conversation without a prompt."""

    pinned: PinnedConfig
    slug: str
    sha: str
    messages: tuple[Message, ...]
    ladder: Mapping[str, Rung]
    options: ModelOptions
    schema: Mapping[str, Any] | None
    detected: Detected

    @property
    def characters(self) -> int:
        return sum(len(message.text) for message in self.messages)

    @property
    def has_images(self) -> bool:
        return any(isinstance(part, ImagePart) for message in self.messages for part in message.parts)


def find_prompt(pinned: PinnedConfig, slug: str) -> Prompt:
    """Raises UnknownPromptError with the nearest name."""
    prompt = pinned.config.prompts.get(slug) if isinstance(slug, str) else None
    if prompt is not None:
        return prompt
    slug = str(slug)
    close = get_close_matches(slug, pinned.config.prompts, n=1)
    known = ", ".join(pinned.config.prompts) or "none"
    hint = f"Did you mean {close[0]!r}?" if close else f"Prompts are: {known}."
    raise UnknownPromptError(f"There is no prompt {slug[:100]!r} at {pinned.revision[:12]}.", hint)


def plan_prompt(pinned: PinnedConfig, prompt: Prompt, inputs: Mapping[str, Any]) -> CallPlan:
    """Raises PromptInputError, PromptRenderError."""
    # Jinja2 is an extra, and takes its time to import: at the first call.
    from mergecells.transforms.prompt_render import render_prompt

    routing = pinned.config.routing
    rendered = render_prompt(prompt, pinned.config.partials, inputs)
    own = routing.intents.get(prompt.slug)
    if own is not None and own.ladder:
        detected = Detected(prompt.slug, 1.0, "The prompt has a ladder of its own.")
    else:
        first = f"{prompt.front.model.id}, then " if prompt.front.model.id else ""
        detected = Detected("ambiguous", 1.0, f"The prompt's ladder: {first}that of ambiguous.")
    return CallPlan(
        pinned, prompt.slug, prompt.sha, rendered.messages, prompt_ladder(routing, prompt),
        prompt.front.model.options, prompt.front.outputs, detected,
    )  # fmt: skip


def plan_reply(pinned: PinnedConfig, messages: Sequence[Message], detected: Detected) -> CallPlan:
    """A conversation by the ladder of its intent. Raises UsageError for an intent without one."""
    intents = pinned.config.routing.intents
    intent = intents.get(detected.intent)
    if intent is None:
        close = get_close_matches(detected.intent, intents, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Intents are: {', '.join(intents) or 'none'}."
        raise UsageError(f"There is no intent {detected.intent[:100]!r} in prompts/routing.yaml.", hint)
    for message in messages:
        if found := unsendable(message.text):
            raise UsageError(f"A message holds the character {found}.", "Remove it: no provider takes it.")
    return CallPlan(pinned, "", "", tuple(messages), intent.ladder, ModelOptions(), None, detected)


def build_request(
    plan: CallPlan, name: str, rung: Rung, counter: TokenCounter, context: CallContext | None = None
) -> ModelRequest:
    """What a rung's model is asked, in the trace of `context`. Raises UnfitError for one that cannot serve it."""
    model, provider = _model(plan, name)
    if plan.has_images and not model.vision:
        raise UnfitError(f"{name} reads no images.")
    messages = plan.messages
    if plan.schema is not None and not model.json_schema:
        messages = with_schema_words(messages, plan.schema)
    return ModelRequest(
        provider_name=model.provider,
        provider=provider,
        model=name,
        model_id=model.id or name,
        messages=messages,
        max_output_tokens=_most_output(plan, name, model, messages, counter),
        timeout_s=rung.timeout_s,
        options=plan.options,
        output_schema=plan.schema,
        json_schema=model.json_schema,
        headers=_trace_headers(provider, context) if context else {},
    )


def _trace_headers(provider: Provider, context: CallContext) -> dict[str, str]:
    """A W3C `traceparent` for a server of one's own; strangers need not know our ids."""
    if provider.kind != "openai-compatible" or not _TRACE.fullmatch(context.trace_id):
        return {}
    return {"traceparent": f"00-{context.trace_id}-{new_id(16)}-01"}


class UnfitError(ProviderError):
    """A model that cannot serve this call; the next one is tried, and nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_request", message)


def _model(plan: CallPlan, name: str) -> tuple[Model, Provider]:
    routing = plan.pinned.config.routing
    model = routing.models.get(name)
    provider = routing.providers.get(model.provider) if model else None
    if model is None or provider is None:
        what = f"the model {name!r}" if model is None else f"the provider {model.provider!r} of {name}"
        raise ProviderError("not_found", f"prompts/routing.yaml does not have {what}.", "Add it there.")
    return model, provider


def _most_output(plan: CallPlan, name: str, model: Model, messages: Sequence[Message], counter: TokenCounter) -> int:
    """The prompt's own limit, else the model's, within what the input leaves of the context."""
    asked = min(plan.options.max_output_tokens or model.max_output_tokens, model.max_output_tokens)
    rendered = RenderedPrompt(plan.slug, plan.sha, tuple(messages))
    # Only a long text is worth counting: no tokenizer makes more tokens than there are bytes, four for a character.
    if rendered.characters * 4 + asked + 10_000 * rendered.images < model.context_tokens:
        return asked
    tokens = counter.count(rendered, name, model).tokens
    left = model.context_tokens - tokens
    if left < LEAST_OUTPUT_TOKENS:
        raise UnfitError(
            f"The input has about {tokens:,} tokens, and {name} takes {model.context_tokens:,} with its answer."
        )
    return min(asked, left)
