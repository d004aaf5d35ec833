"""The revisions of a soak: what each one changes, which must be refused, and what it must answer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mergecells.adapters.packaged_template import read_template
from mergecells.domain.revision import Files
from mergecells.transforms.score import compile_rules
from mergecells.transforms.yaml_to_config import load_config

RULES, HOOK = "scoring/rules.yaml", "prompts/hook.md"
DATE = datetime.date(2026, 1, 15)
LEADS: tuple[dict[str, Any], ...] = (
    {"years": 7, "employees": 240, "revenue_millions": 31.5, "industry": "Logistics", "seats": 40, "name_quality": 0.9},
    {"years": 3, "employees": 20, "job_title": "CTO", "email": "a@example.com", "decision_maker": True},
    {"years": 9, "employees": 6000, "industry": "retail", "country": "Germany", "price_per_seat": 600, "seats": 10},
)
# Two formulas, of two components: a score of half the one revision and half the other equals neither.
EDITS = (("years/10)", "years/{0:.4f})", 10.0), ("0.7,1,0.8,0.6}", "0.7,1,0.8,{0:.4f}}}", 0.5))
ROUTING = """providers:
  one: {{kind: openai-compatible, base_url: "{url}", key_env: SOAK_KEY, failures_to_open: 1000}}
models:
  first: {{provider: one, id: model-1, context_tokens: 100000, max_output_tokens: 1000}}
intents:
  ambiguous: {{ladder: {{first: {{timeout_s: 20, retries: 0}}}}}}
"""
PROMPT = """---
name: hook
model: {{id: first, options: {{maxOutputTokens: 50}}}}
inputs:
  company: {{sample: Acme}}
---
Edition {number}. One line for {{{{ company }}}}.
"""
Kind = Literal["edit", "rollback", "bad", "forced"]
"""`bad` is refused by the follower, `forced` is put before the services as if nobody had checked it."""


@dataclass(frozen=True)
class Published:
    """One revision as the publisher tells it, before anybody can see it. `number` counts up in the order of the branch;
    `scores` are those of LEADS, without the revision and the date; `at` is when the branch moved (wall clock)."""

    number: int
    kind: Kind
    revision: str
    edition: int
    scores: list[dict[str, Any]]
    at: float

    @property
    def good(self) -> bool:
        return self.kind in ("edit", "rollback")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def kind_of(number: int) -> Kind:
    """Now and then a bad revision, a rollback, one that is forced past the check."""
    if number % 10 == 5:
        return "bad"
    if number % 13 == 7:
        return "forced"
    return "rollback" if number % 7 == 3 else "edit"


def base_files(provider: str) -> dict[str, bytes]:
    """The packaged rules without what would have to agree with a changed one; a prompt that names its edition."""
    kept = {path: text for path, text in read_template().items() if path.startswith("scoring/")}
    kept.pop("scoring/examples.yaml", None)
    return {
        **kept,
        "mergecells.yaml": b"version: 1\n",
        "prompts/routing.yaml": ROUTING.format(url=provider).encode(),
        "prompts/prices.yaml": b"prices:\n  first: {input: 1.0, output: 2.0}\n",
    }


def edition(base: Files, number: int) -> dict[str, bytes]:
    """The files of one edit; no two of them score LEADS alike."""
    text = base[RULES].decode()
    for old, new, start in EDITS:
        assert old in text, old
        text = text.replace(old, new.format(start + (number + 1) / 10_000), 1)
    return {**base, RULES: text.encode(), HOOK: PROMPT.format(number=number).encode()}


def spoiled(files: Files) -> dict[str, bytes]:
    """Weights that do not sum to 1."""
    return {**files, RULES: files[RULES].replace(b"weight: 0.08\n", b"weight: 0.5\n", 1)}


def expected_scores(files: Files) -> list[dict[str, Any]]:
    """What LEADS must get: value by value, not by the one function that a service compiles of all formulas."""
    config = load_config(files).config
    assert config is not None
    scorer = compile_rules(config)
    return [compared(scorer.evaluate(lead, DATE).score.to_dict()) for lead in LEADS]


def compared(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What of an answer a revision determines."""
    return {name: answer[name] for name in ("score", "tier", "components", "issues")}
