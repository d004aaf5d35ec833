"""What is wrong with a soak's answers, from the answers and the revisions that were told alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from soak.story import Published


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one instance. Times are seconds of one clock; `header` is X-Config-Revision.

    `lead` is a place in LEADS, None for a prompt: then `said` is what the provider echoed, the edition of the prompt.
    """

    instance: str
    asked: float
    told: float
    status: int
    header: str
    revision: str = ""
    lead: int | None = None
    scored: dict[str, Any] | None = None
    said: int | None = None
    cached: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    instance: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.instance}: {self.text}"


def violations(answers: Sequence[Answer], published: Iterable[Published]) -> list[Violation]:
    """Every answer that is an error, of a revision that was not published or was bad, mixed, or older than one that the
    same instance had already told somebody before it was asked."""
    by_revision = {each.revision: each for each in published}
    found = [problem for answer in answers if (problem := _wrong(answer, by_revision))]
    by_instance: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.status == 200 and answer.revision in by_revision:
            by_instance[answer.instance].append(answer)
    for each in by_instance.values():
        found += _backwards(each, by_revision)
    return found


def _wrong(answer: Answer, by_revision: dict[str, Published]) -> Violation | None:
    def violation(kind: str, text: str) -> Violation:
        return Violation(kind, answer.instance, text)

    if answer.status != 200 or answer.failure:
        return violation("error", f"status {answer.status} {answer.failure}".strip())
    named = by_revision.get(answer.revision)
    if named is None:
        return violation("unknown revision", answer.revision)
    if not named.good:
        return violation("bad revision served", f"number {named.number}")
    if answer.header != answer.revision:
        return violation("mixed", f"header {answer.header}, body {answer.revision}")
    if answer.lead is not None and answer.scored != named.scores[answer.lead]:
        return violation(
            "mixed", f"lead {answer.lead} at number {named.number}: {answer.scored}, not {named.scores[answer.lead]}"
        )
    if answer.lead is None and answer.said != named.edition:
        return violation("mixed", f"edition {answer.said} of the prompt at number {named.number} ({named.edition})")
    return None


def _backwards(answers: list[Answer], by_revision: dict[str, Published]) -> list[Violation]:
    """Asked after an answer of revision n had come, an instance must answer with n or a later one."""
    ends = sorted((answer.told, by_revision[answer.revision].number) for answer in answers)
    found, place, newest = [], 0, -1
    for answer in sorted(answers, key=lambda each: each.asked):
        while place < len(ends) and ends[place][0] < answer.asked:
            newest, place = max(newest, ends[place][1]), place + 1
        number = by_revision[answer.revision].number
        if number < newest:
            found.append(Violation("backwards", answer.instance, f"number {number} after {newest}"))
    return found
