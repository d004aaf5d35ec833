"""How good an answer is, by four dimensions with fixed rules: no model is asked, and equal answers have equal scores.

An *item* is what an answer consists of: a leaf of its JSON, or a sentence or line of its text.

- completeness: of what was asked for, the share that is there. Asked for are the schema's `required` keys (present, and
  not an empty text, list or mapping), its `minItems`, each text of the example's `contains`, its `min_words`. Of an
  answer that was cut off, or that is not the JSON that was asked for, one thing more is missing.
- clarity: the share of sentences of at most 40 words without a vague word; that nothing of the example's `excludes` is
  there, and that it is within its `max_words`, count as one sentence each.
- testability: the share of items that somebody could check: a number, a date, a yes or no, a web address, a quotation,
  or a text that the schema holds to an enum, a pattern or a format.
- traceability: the share of items that lead back to the inputs: each number in it is one of the inputs, and it shares a
  name or a word of five letters with them. Items with neither a number nor such a word are not counted.

A dimension without anything to judge is None, and so is the overall score of an empty answer: nothing is not perfect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from mergecells.domain.prompts import ExpectedAnswer

MOST_ITEMS: Final = 2_000
MOST_CHARACTERS: Final = 200_000
LONGEST_SENTENCE: Final = 40
_DEEPEST: Final = 32
_SENTENCE = re.compile(r"[.!?](?:\s+|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CHECKABLE = re.compile(r"\d|https?://|\b(?:yes|no|true|false|none)\b|[\"“„«][^\"”“»]{2,200}[\"”“»]", re.IGNORECASE)
_LONG_WORD: Final = 5
_VAGUE = re.compile(
    r"(?<![\w-])(?:etc|and so on|and so forth|and more|as appropriate|where appropriate|as needed|somehow"
    r"|something like|some kind of|stuff|things like that|various|several|numerous|a lot of|significantly"
    r"|considerably|soon|possibly|maybe|perhaps|probably|generally|in some cases|many ways|best-in-class|world-class"
    r"|cutting-edge)(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class QualityScores:
    """Each score 0..1, None where nothing was there to judge. `counts` are what they were made of."""

    completeness: float | None
    clarity: float | None
    testability: float | None
    traceability: float | None
    valid: bool | None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_dimension(self) -> dict[str, float | None]:
        return {
            "completeness": self.completeness,
            "clarity": self.clarity,
            "testability": self.testability,
            "traceability": self.traceability,
        }


class _Item(NamedTuple):
    text: str
    checkable: bool


def score_answer(
    text: str,
    *,
    parsed: Any = None,
    schema: Mapping[str, Any] | None = None,
    expected: ExpectedAnswer | None = None,
    inputs: Mapping[str, Any] | None = None,
    truncated: bool = False,
    valid: bool | None = None,
) -> QualityScores:
    """`parsed` is the JSON answer of a prompt with `outputs`, `inputs` what the prompt was called with. `valid` says
    whether the answer fits the schema, where that was looked at."""
    text = text[:MOST_CHARACTERS]
    if not text.strip() and parsed is None:
        return QualityScores(None, None, None, None, valid, {"items": 0})
    items = list(_items(text, parsed, schema))[:MOST_ITEMS]
    asked = list(_asked(text, parsed, schema, expected, truncated))
    clear = list(_clear(text, parsed, expected))
    source = _Source.of(inputs or {})
    traced = [found for item in items if inputs and (found := _traced(item.text, source)) is not None]
    counts = {
        "asked": len(asked),
        "missing": asked.count(False),
        "sentences": len(clear),
        "unclear": clear.count(False),
        "items": len(items),
        "checkable": sum(item.checkable for item in items),
        "facts": len(traced),
        "traced": traced.count(True),
    }
    checkable = [item.checkable for item in items]
    return QualityScores(_share(asked), _share(clear), _share(checkable), _share(traced), valid, counts)


def _share(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None


def _asked(
    text: str, parsed: Any, schema: Mapping[str, Any] | None, expected: ExpectedAnswer | None, truncated: bool
) -> Iterator[bool]:
    if schema is not None and parsed is not None:
        yield from _required(parsed, schema, 0)
    elif schema is not None:
        yield False
    if expected is not None:
        low = text.lower()
        yield from (wanted.lower() in low for wanted in expected.contains)
        if expected.min_words:
            yield len(_WORD.findall(text)) >= expected.min_words
    if truncated:
        yield False


def _required(value: Any, schema: Any, depth: int) -> Iterator[bool]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key in schema.get("required") or ():
            yield key in value and value[key] not in ("", [], {})
        properties = schema.get("properties")
        for key, inner in properties.items() if isinstance(properties, Mapping) else ():
            if key in value:
                yield from _required(value[key], inner, depth + 1)
    elif isinstance(value, list):
        if least := schema.get("minItems"):
            yield len(value) >= least
        for each in value[:MOST_ITEMS]:
            yield from _required(each, schema.get("items"), depth + 1)


def _items(text: str, parsed: Any, schema: Mapping[str, Any] | None) -> Iterator[_Item]:
    if parsed is None:
        yield from (_Item(one, bool(_CHECKABLE.search(one))) for one in _sentences(text))
    else:
        yield from _leaves(parsed, schema, 0)


def _leaves(value: Any, schema: Any, depth: int) -> Iterator[_Item]:
    shape = schema if isinstance(schema, Mapping) else {}
    if depth > _DEEPEST or value in (None, ""):
        return
    if isinstance(value, Mapping):
        properties, rest = shape.get("properties"), shape.get("additionalProperties")
        known = properties if isinstance(properties, Mapping) else {}
        for key, inner in value.items():
            yield from _leaves(inner, known.get(key, rest), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, shape.get("items"), depth + 1)
    elif isinstance(value, str):
        held = any(key in shape for key in ("enum", "const", "pattern", "format"))
        yield _Item(value, held or bool(_CHECKABLE.search(value)))
    else:
        yield _Item("" if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value), True)


def _sentences(text: str) -> Iterator[str]:
    return (part for part in (each.strip(" \t-*#>") for each in _SENTENCE.split(text)) if _WORD.search(part))


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth <= _DEEPEST and isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}" if isinstance(value, float) else str(value)


def _clear(text: str, parsed: Any, expected: ExpectedAnswer | None) -> Iterator[bool]:
    spoken = [text] if parsed is None else [one for one in _texts(parsed) if len(_WORD.findall(one)) > 3]
    sentences = [one for part in spoken for one in _sentences(part)][:MOST_ITEMS]
    for sentence in sentences:
        yield len(_WORD.findall(sentence)) <= LONGEST_SENTENCE and not _VAGUE.search(sentence)
    if expected is not None and sentences:
        low = text.lower()
        yield from (unwanted.lower() not in low for unwanted in expected.excludes)
        if expected.max_words:
            yield len(_WORD.findall(text)) <= expected.max_words


class _Source(NamedTuple):
    """What the inputs say: their numbers and their long words."""

    numbers: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> _Source:
        text = "\n".join(_texts(inputs))[:MOST_CHARACTERS]
        return cls(frozenset(_numbers(text)), frozenset(_words(text)))


def _numbers(text: str) -> Iterator[str]:
    """Without what separates thousands, and without noughts at the end of decimals: 20,000 is 20000, 1.50 is 1.5."""
    for found in _NUMBER.findall(text):
        plain = re.sub(r",(?=\d{3}(?:\D|$))", "", found)
        yield plain.rstrip("0").rstrip(".") if "." in plain else plain


def _words(text: str) -> Iterator[str]:
    return (word.lower() for word in _WORD.findall(text) if len(word) >= _LONG_WORD or word[0].isupper())


def _traced(text: str, source: _Source) -> bool | None:
    """None for an item that states nothing to look for."""
    numbers, words = list(_numbers(text)), list(_words(text))
    if not numbers and not words:
        return None
    known_numbers = all(number in source.numbers for number in numbers)
    return known_numbers and (not words or any(word in source.words for word in words))
