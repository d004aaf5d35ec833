"""What tests of the client stand on: a config with prompts, routes to stand-ins, a client that remembers its turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fakes.config_samples import sample_files
from mergecells.adapters.provider_factory import ProviderFactory
from mergecells.domain.configset import ConfigSet
from mergecells.domain.llm import QualityRecord, Turn
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.client import Llm
from mergecells.prompting.parts import LlmParts
from mergecells.prompting.silence import NoLlmMetrics, NoTracer
from mergecells.serving.clock import SystemClock
from mergecells.transforms.yaml_to_config import load_config

PROMPT = """\
---
name: hook
model: {id: first, options: {maxOutputTokens: 50, temperature: 0.2}}
inputs:
  company: {sample: Acme}
---
system:
You write hooks.

user:
One for {{ company }}.
"""
FORM = """\
---
name: form
model: {id: first, options: {maxOutputTokens: 80}}
inputs:
  message: {sample: hello}
outputs:
  type: object
  required: [size]
  additionalProperties: false
  properties: {size: {type: integer, minimum: 1}}
---
Fill the form: {{ message }}
"""
PHOTO = """\
---
name: photo
model: {id: first, options: {maxOutputTokens: 80}}
inputs:
  photo: {kind: image, sample: "https://example.com/a.png"}
---
What is it?
![photo]({{ photo }})
"""
PRICES = "prices:\n  first: {input: 1.0, output: 2.0, cached: 0.1}\n  second: {input: 3.0, output: 4.0}\n"
REVISION = "a" * 40


@dataclass
class RememberedTurns:
    """A TurnLog."""

    turns: list[Turn] = field(default_factory=list)
    qualities: list[QualityRecord] = field(default_factory=list)

    def record_turn(self, turn: Turn) -> None:
        self.turns.append(turn)

    def record_quality(self, quality: QualityRecord) -> None:
        self.qualities.append(quality)

    def close(self) -> None: ...


@dataclass
class Pinned:
    config: ConfigSet
    revision: str = REVISION


@dataclass
class Source:
    """What `mergecells.open()` gives, without the folder."""

    current: Pinned


def routing(
    first: str,
    second: str | None = None,
    *,
    kind: str = "openai",
    second_kind: str = "openai",
    rung: str = "{timeout_s: 5, retries: 0}",
    second_rung: str = "{timeout_s: 5, retries: 0}",
    model: str = "json_schema: true, vision: true",
    provider: str = "",
    intents: str = "",
) -> str:
    """Providers `one` and `two` at the addresses, with the models `first` and `second`."""
    lines = [
        "providers:",
        f'  one: {{kind: {kind}, base_url: "{first}", key_env: ONE_KEY{provider}}}',
        *([f'  two: {{kind: {second_kind}, base_url: "{second}", key_env: TWO_KEY}}'] if second else []),
        "models:",
        f"  first: {{provider: one, id: model-1, context_tokens: 100000, max_output_tokens: 1000, {model}}}",
        *(
            [f"  second: {{provider: two, id: model-2, context_tokens: 100000, max_output_tokens: 1000, {model}}}"]
            if second
            else []
        ),
        "intents:",
    ]
    for intent in ("ambiguous", "hook", "form", "photo"):
        lines += [f"  {intent}:", "    ladder:", f"      first: {rung}"]
        lines += [f"      second: {second_rung}"] if second else []
    return "\n".join(lines) + "\n" + intents


def llm_config(
    routes: str, *, prices: str = PRICES, budgets: str = "budgets: {}\n", quality: str = "", **prompts: str
) -> ConfigSet:
    """A whole ConfigSet; `prompts` are files by slug on top of hook, form and photo."""
    files = {
        **sample_files(),
        "prompts/routing.yaml": routes.encode(),
        "prompts/prices.yaml": prices.encode(),
        "prompts/budgets.yaml": budgets.encode(),
    }
    if quality:
        files["prompts/quality.yaml"] = quality.encode()
    for slug, text in {"hook": PROMPT, "form": FORM, "photo": PHOTO, **prompts}.items():
        files[f"prompts/{slug}.md"] = text.encode()
    loaded = load_config(files)
    assert loaded.config is not None, [str(each) for each in loaded.findings]
    return loaded.config


KEYS = {"ONE_KEY": "sk-one-secret-key", "TWO_KEY": "sk-two-secret-key"}


@contextmanager
def open_client(
    config: ConfigSet, *, keys: Mapping[str, str] = KEYS, **parts: Any
) -> Iterator[tuple[Llm, RememberedTurns]]:
    """A client on the config, closed at the end of the block; `parts` are those of LlmParts."""
    turns = RememberedTurns()
    metrics = parts.pop("metrics", NoLlmMetrics())
    clock = SystemClock()
    made: dict[str, Any] = {
        "providers": ProviderFactory(keys),
        "cache": AnswerCache(None, metrics),
        "budget": BudgetGuard(None, metrics, now=lambda: clock.now().timestamp()),
        "turns": turns,
        "tracer": NoTracer(),
        "metrics": metrics,
        "clock": clock,
        "chance": lambda: 0.0,
    }
    llm = Llm(Source(Pinned(config)), LlmParts(**{**made, **parts}))
    try:
        yield llm, turns
    finally:
        llm.close()
