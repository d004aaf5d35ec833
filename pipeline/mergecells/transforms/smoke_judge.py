"""What came back for a smoke case, against its label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mergecells.domain.configset import ConfigSet
from mergecells.domain.routing import INTENTS
from mergecells.domain.smoke import Observed, Smoke, SmokeCase, Verdict
from mergecells.transforms.answer_check import check_answer
from mergecells.transforms.routes import detect_intent


def judge(name: str, case: SmokeCase, observed: Observed) -> Verdict:
    """Status, then intent, then the shape of the answer: each is compared, none stands for another."""
    return Verdict(name, case, observed, tuple(_problems(case, observed)))


def _problems(case: SmokeCase, observed: Observed) -> Iterator[str]:
    if observed.status != case.status:
        because = f": {observed.error}" if observed.error else ""
        yield f"The status is {observed.status}, not {case.status}{because}"
        return
    if case.intent is not None and observed.intent != case.intent:
        yield f"The intent is {observed.intent or 'none'}, not {case.intent}."
    if observed.status == 200:
        if not observed.text.strip():
            yield "The answer is empty."
        yield from check_answer(case.expected, observed.text)


def judge_offline(config: ConfigSet, smoke: Smoke) -> list[Verdict]:
    """The intents alone, by the rules of the config: no model is asked, nothing is spent."""
    verdicts = []
    for name, case in smoke.cases.items():
        if case.message is None or case.intent is None:
            continue
        found = detect_intent(config.routing, case.message)
        told = (
            () if found.intent == case.intent else (f"The rules say {found.intent}, not {case.intent}: {found.reason}",)
        )
        verdicts.append(Verdict(name, case, Observed(200, intent=found.intent), told))
    return verdicts


def gaps(config: ConfigSet, smoke: Smoke) -> list[str]:
    """Intents and types of prompts that no case asks for."""
    asked = {case.intent for case in smoke.cases.values() if case.message is not None}
    types: Mapping[str, str] = {slug: prompt.front.metadata.type for slug, prompt in config.prompts.items()}
    tried = {types.get(case.prompt) for case in smoke.cases.values() if case.prompt is not None}
    intents = [intent for intent in INTENTS if intent in config.routing.intents and intent not in asked]
    return [f"intent {intent}" for intent in intents] + [
        f"prompts of type {kind}" for kind in sorted(set(types.values())) if kind not in tried
    ]
