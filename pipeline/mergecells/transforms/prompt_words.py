"""What the words of a prompt give away: contradictions, vagueness, JSON without a format, people's data, secrets.

Found by fixed lists and patterns, so they are warnings: a person decides. The patterns are bounded; the text is not
trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mergecells.transforms.secret_check import secret_in

MAX_TOLD = 5
"""Of one kind in one text."""


class WordProblem(NamedTuple):
    """`start` is the index in the text."""

    code: str
    message: str
    hint: str
    start: int


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + "|".join(alternatives) + r")(?![\w-])", re.IGNORECASE)


_OPPOSITES = (
    (
        _words("be brief", "be concise", "be short", "keep it short", "keep it brief"),
        _words("be detailed", "in (?:great )?detail", "be comprehensive", "be exhaustive", "at length", "in depth"),
    ),
    (
        _words("formal tone", "formal language", "be formal", "write formally"),
        _words("casual tone", "informal", "be casual", "like a friend", "conversational tone"),
    ),
    (
        _words(
            "no bullet points", "without bullet points", "no lists?", "do not use lists?", "do not use bullet points"
        ),
        _words("use bullet points", "as a bulleted list", "in bullet points", "as a list"),
    ),
    (
        _words("no emojis?", "do not use emojis?", "without emojis?"),
        _words("use emojis?", "add emojis?", "with emojis?"),
    ),
    (
        _words("plain text only", "only plain text", "no markdown", "do not use markdown"),
        _words(
            "use markdown",
            "in markdown",
            "as markdown",
            "format it as html",
            "as json",
            "return json",
            "answer in json",
        ),
    ),
    (
        _words("do not explain", "no explanations?", "without explanations?", "only the answer", "nothing else"),
        _words("explain your reasoning", "explain why", "give your reasons", "show your reasoning", "step by step"),
    ),
    (
        _words("do not ask questions?", "never ask questions?"),
        _words("end with a question", "ask a question", "ask one question"),
    ),
)
_AMOUNT = re.compile(
    r"\b(?P<way>at least|no fewer than|more than|at most|no more than|up to|fewer than|under|below)\s{1,3}"
    r"(?P<number>[0-9]{1,6})\s{1,3}(?P<unit>words?|sentences?|characters?|bullets?|bullet points|lines?|paragraphs?)\b",
    re.IGNORECASE,
)
_LEAST = ("at least", "no fewer than", "more than")
_VAGUE = _words(
    r"etc\.?",
    "and so on",
    "and so forth",
    "as needed",
    "as appropriate",
    "if appropriate",
    "where appropriate",
    "do your best",
    "try to",
    "make it good",
    "make it nice",
    "be creative",
    "something like",
    "or something",
    "stuff",
    "some kind of",
    "somehow",
    "various things",
    "things like that",
    "good quality",
    "high quality",
    "reasonable length",
    "not too long",
    "not too short",
    "appropriate length",
)
_JSON = _words("json")
_MAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9._%+-]{1,64}@(?P<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})")
_RESERVED_DOMAIN = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w+])\+[1-9][0-9]{0,14}(?:[ ()./-]{1,3}[0-9]{2,8}){0,5}(?!\w)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<![\w.-])(?:[0-9]{4}[ -]?){3}[0-9]{1,4}(?![\w.-])")
_SSN = re.compile(r"(?<![\w-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![\w-])")


def check_instructions(text: str, has_format: bool) -> Iterator[WordProblem]:
    """Contradictions, vague words, and JSON asked for where no `outputs` say its form."""
    yield from _contradictions(text)
    yield from _amounts(text)
    for found, _ in zip(_VAGUE.finditer(text), range(MAX_TOLD), strict=False):
        message = f"{found[0]!r} leaves to the model what is meant."
        yield WordProblem("prompt.vague", message, "Say what you want, with a number or an example.", found.start())
    found_json = None if has_format else _JSON.search(text)
    if found_json:
        hint = "Say the form under outputs: as a JSON Schema; the answer is then checked against it."
        yield WordProblem(
            "prompt.json-without-format", "JSON is asked for, but not in which form.", hint, found_json.start()
        )


def _contradictions(text: str) -> Iterator[WordProblem]:
    for one, other in _OPPOSITES:
        first, second = one.search(text), other.search(text)
        if first and second:
            earlier, later = sorted((first, second), key=lambda found: found.start())
            message = f"{later[0]!r} contradicts {earlier[0]!r} before it."
            yield WordProblem("prompt.contradiction", message, "Keep one of them.", later.start())


def _amounts(text: str) -> Iterator[WordProblem]:
    """`at least 200 words` beside `at most 100 words`."""
    least: dict[str, tuple[int, str]] = {}
    most: dict[str, tuple[int, str]] = {}
    for found in _AMOUNT.finditer(text):
        unit = found["unit"].lower().removesuffix(" points").rstrip("s")
        number = int(found["number"])
        ours, theirs = (least, most) if found["way"].lower() in _LEAST else (most, least)
        ours.setdefault(unit, (number, found[0]))
        other = theirs.get(unit)
        if other and least[unit][0] > most[unit][0]:
            message = f"{found[0]!r} contradicts {other[1]!r} before it."
            yield WordProblem("prompt.contradiction", message, "Keep one of them.", found.start())


def check_private(text: str) -> Iterator[WordProblem]:
    """Mail addresses, phone, account, card and social security numbers, and secrets; none is repeated."""
    hint = "Take it out, or use what is reserved for examples, such as ann@example.com."
    found: list[tuple[str, int]] = []
    found += [("a mail address", m.start()) for m in _MAIL.finditer(text) if not _RESERVED_DOMAIN.search(m["domain"])]
    found += [("a phone number", m.start()) for m in _PHONE.finditer(text) if 9 <= sum(map(str.isdigit, m[0])) <= 15]
    found += [("an account number", m.start()) for m in _IBAN.finditer(text) if _is_iban(m[0])]
    found += [("a card number", m.start()) for m in _CARD.finditer(text) if _is_card(m[0])]
    found += [("a social security number", m.start()) for m in _SSN.finditer(text)]
    for what, start in found[:MAX_TOLD]:
        yield WordProblem("prompt.personal-data", f"This looks like {what} of a person.", hint, start)
    for what, start in secret_in(text):
        yield WordProblem(
            "security.secret",
            f"This looks like {what}.",
            "Remove it here and from the workbook, and revoke it: git keeps what was once committed.",
            start,
        )


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _is_card(text: str) -> bool:
    digits = [int(character) for character in text if character.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
