"""Keys and tokens that someone pasted into a cell. A git history never forgets them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.transforms.locate import Locator

# The documented prefixes of the issuers. Bounded repetitions only: the text is untrusted.
_SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})"),
    "an API key": re.compile(r"\bsk-(?:[a-z]{2,10}-){0,2}[A-Za-z0-9_-]{20}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{20}"),
}


def secret_in(text: str) -> Iterator[tuple[str, int]]:
    """(what it looks like, where it starts) for each secret in a text."""
    for what, pattern in _SECRETS.items():
        if found := pattern.search(text):
            yield what, found.start()


def check_secrets(documents: Mapping[str, Document], locator: Locator) -> Iterator[Finding]:
    """A finding for each text, key or value, that holds what looks like a secret; the secret is not repeated."""
    for file, document in documents.items():
        for path, text in _texts(document.value, ()):
            for what, _ in secret_in(text):
                yield locator.finding(
                    "security.secret",
                    f"This looks like {what}.",
                    "Remove it here and from the workbook, and revoke it: git keeps what was once committed.",
                    (file, path),
                )


def _texts(value: object, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str):
                yield (*path, key), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
