"""The public keys that Google signs identity tokens with: fetched when needed, kept as long as Google says.

Sources: RFC 7517 (key sets), RFC 9111 (Cache-Control, Age). Google's set changes about once a week.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mergecells.domain.errors import MergecellsError

logger = logging.getLogger("mergecells.hub")

GOOGLE_KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"
_TIMEOUT_SECONDS: Final = 5.0
_MOST_BYTES: Final = 256 * 1024
_MOST_KEYS: Final = 50
_WEAKEST_BITS: Final = 2048
_LONGEST_SECONDS: Final = 86_400.0
_WITHOUT_WORD_SECONDS: Final = 300.0
"""How long keys are kept when the answer says nothing of it."""
_BETWEEN_SECONDS: Final = 10.0
"""Between two looks for unknown keys: whoever makes up names must not make us ask Google each time."""


class KeysUnavailableError(MergecellsError):
    """Google's keys cannot be had, so nobody can sign in."""


class SigningKeys:
    """The key set at one address. Safe for several threads; one fetches, the others wait for it."""

    def __init__(self, address: str = GOOGLE_KEYS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._address, self._monotonic = address, monotonic
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._good_until = self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, name: str) -> RSAPublicKey | None:
        """The key of this name. A new name makes us look again (Google rotates). Raises KeysUnavailableError."""
        with self._lock:
            now = self._monotonic()
            stale = now >= self._good_until
            if stale or (name not in self._keys and now - self._asked_at >= _BETWEEN_SECONDS):
                self._refresh(now, stale)
            return self._keys.get(name)

    def _refresh(self, now: float, stale: bool) -> None:
        self._asked_at = now
        try:
            answer = _fetch(self._address)
            keys = _read_keys(answer)
        except (requests.RequestException, ValueError, OSError) as error:
            logger.warning("Google's keys cannot be had: %s", type(error).__name__, extra={"event": "hub.keys"})
            if stale:
                # A key that was withdrawn must not go on being good because its withdrawal cannot be read.
                raise KeysUnavailableError(
                    "Google's public keys cannot be fetched, so nobody can sign in now.", "Try again in a minute."
                ) from None
            return
        self._keys = keys
        self._good_until = now + _lifetime(answer.headers)


def _fetch(address: str) -> requests.Response:
    with requests.get(address, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as answer:
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        content = b""
        for chunk in answer.iter_content(16 * 1024):
            content += chunk
            if len(content) > _MOST_BYTES:
                raise ValueError("too large")
        answer._content = content
    return answer


def _read_keys(answer: requests.Response) -> dict[str, RSAPublicKey]:
    told = json.loads(answer.content)
    entries = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")
    keys = dict(filter(None, map(_read_key, entries[:_MOST_KEYS])))
    if not keys:
        raise ValueError("no usable key")
    return keys


def _read_key(entry: Any) -> tuple[str, RSAPublicKey] | None:
    """Only what signs with RS256: a key for another purpose, of another kind or too short is left out."""
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("alg", "RS256") != "RS256" or entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.algorithms.RSAAlgorithm.from_jwk(entry)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    usable = isinstance(key, RSAPublicKey) and key.key_size >= _WEAKEST_BITS
    return (entry["kid"], key) if usable else None  # type: ignore[return-value]


def _lifetime(headers: Mapping[str, str]) -> float:
    """Seconds that an answer may be kept: `max-age` without the time that it spent in caches on its way."""
    control = headers.get("Cache-Control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    found = re.search(r"\bmax-age=(\d{1,10})\b", control)
    if found is None:
        return _WITHOUT_WORD_SECONDS
    age = headers.get("Age", "")
    passed = int(age) if age.isascii() and age.isdigit() and len(age) <= 10 else 0
    return min(_LONGEST_SECONDS, max(0.0, float(int(found[1]) - passed)))
