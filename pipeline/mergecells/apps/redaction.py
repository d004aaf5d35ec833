"""Secrets taken out of what is logged or shown: known shapes in texts, and whole values under telling keys."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

_TELLING = re.compile(
    r"(?:token|secret|passw(?:or)?d|authorization|cookie|api[_-]?key|private[_-]?key)$", re.IGNORECASE
)
# Bounded repetitions only: a hostile text must not make a log line slow.
_ASSIGNED = re.compile(
    r"((?:[\w-]{0,40}(?:token|secret|passw(?:or)?d|api[_-]?key))[\"']?\s{0,3}[=:]\s{0,3}[\"']?)[^\s\"'&,;}]{1,4096}",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(
    r"(authorization[\"']?\s{0,3}[=:]\s{0,3}[\"']?)(?:[A-Za-z]{1,20} )?[^\s\"',;}]{1,4096}", re.IGNORECASE
)
_BEARER = re.compile(r"\b(bearer|basic) [A-Za-z0-9._~+/=-]{6,4096}", re.IGNORECASE)
_ADDRESS = re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s@]{1,512}@", re.IGNORECASE)
_KEYS = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|sk-[A-Za-z0-9_-]{16,255}|xox[abeoprs]-[A-Za-z0-9-]{10,255}|AIza[0-9A-Za-z_-]{35}|[rs]k_live_[0-9A-Za-z]{16,255})"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,16384}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)", re.DOTALL
)
# Whatever one of the expressions matches holds one of these in lower case.
_MARKS = (
    *("authorization", "bearer ", "basic ", "token", "secret", "passw", "api_key", "api-key", "apikey"),
    *("://", "private key-----", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "akia", "asia"),
    *("sk-", "xox", "aiza", "k_live_"),
)


def redact_text(text: str) -> str:
    """`text` without tokens, passwords and keys: `token=…`, `Authorization: …`, `https://user:password@…`."""
    if _is_harmless(text):
        return text
    text = _AUTHORIZATION.sub(rf"\1{REDACTED}", text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    text = _ASSIGNED.sub(rf"\1{REDACTED}", text)
    text = _ADDRESS.sub(rf"\1{REDACTED}@", text)
    text = _PRIVATE_KEY.sub(REDACTED, text)
    return _KEYS.sub(REDACTED, text)


def _is_harmless(text: str) -> bool:
    """Whether nothing can match, at a hundredth of the cost. Not for other letters than ASCII's: ſ is an s here."""
    if not text.isascii():
        return False
    lower = text.lower()
    return not any(map(lower.__contains__, _MARKS))


@lru_cache(1024)
def _is_telling(key: str) -> bool:
    return _TELLING.search(key) is not None


def redact(value: Any, key: str = "", depth: int = 6) -> Any:
    """`value` as plain JSON without secrets; what is not of a plain type becomes its `str`."""
    if key and value is not None and _is_telling(key):
        return REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        # NaN and infinity are no JSON.
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth <= 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(name): redact(inner, str(name), depth - 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner, "", depth - 1) for inner in value]
    return redact_text(str(value))
