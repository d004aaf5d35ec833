"""What a provider answered instead of an answer → a ProviderError with the class that ladders go by."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import ErrorKind

SHOWN = 300
"""Characters of a provider's own words in our messages."""

_KEYS = re.compile(r"(?i)\b(?:sk|pk|pplx|AIza|xai|gsk)[-_A-Za-z0-9*]{8,}|bearer\s+\S+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_KINDS: Mapping[int, ErrorKind] = {
    401: "auth",
    402: "auth",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "server_error",
    425: "overloaded",
    429: "rate_limit",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_FILTERED = ("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")
_HINTS: Mapping[ErrorKind, str] = {
    "auth": "Is the key right, and may it use this model? The provider's `key_env` in prompts/routing.yaml names it.",
    "not_found": "Are `base_url` and the model's `id` in prompts/routing.yaml right?",
    "bad_request": "This is a mistake of the request, so no other model was tried.",
}

_UNPAID = "Has the account of this key credit? The provider's `key_env` in prompts/routing.yaml names the key."


def refused(
    provider: str, status: int, body: Any = None, headers: Mapping[str, str] | None = None, now: float | None = None
) -> ProviderError:
    """The error for an HTTP status that is no success. `body`: what came, a text or a JSON value."""
    found = _json(body)
    kind = _kind(status, found)
    said = said_by_provider(found if found is not None else body)
    if 300 <= status < 400:
        where = clean((headers or {}).get("location", ""))
        return ProviderError(
            kind, f"{provider} answered {status}, a redirect{f' to {where}' if where else ''}.",
            "Redirects are not followed: state the final address as `base_url`.", status=status,
        )  # fmt: skip
    wait = read_retry_after(headers or {}, found, time.time() if now is None else now)
    text = f"{provider} answered {status}" + (f": {said}" if said else ".")
    hint = _UNPAID if status == 402 else _HINTS.get(kind, "")
    return ProviderError(kind, text, hint, status=status, retry_after=wait)


def unreadable(provider: str, status: int, content_type: str) -> ProviderError:
    """The error for a success whose content is not what the API promises: a proxy's page, half an answer."""
    what = clean(content_type) or "no content type"
    return ProviderError(
        "server_error", f"{provider} answered {status} with something that is not its format ({what}).",
        "Is `base_url` the address of the API itself?", status=status, may_cost=True,
    )  # fmt: skip


def said_by_provider(body: Any) -> str:
    """The provider's own words, on one line, bounded, without anything that looks like a key."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(error, list) and error:
        return said_by_provider(error[0])
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("type") or error.get("status") or ""
    if not isinstance(error, str) or error.lstrip()[:1] == "<":
        return ""
    return clean(error)


def clean(text: str) -> str:
    """On one line, bounded, without anything that looks like a key."""
    text = _KEYS.sub("***", _CONTROL.sub(" ", str(text)[: SHOWN * 4])).strip()
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def read_retry_after(headers: Mapping[str, str], body: Any, now: float) -> float | None:
    """Seconds that the provider asks to wait: `retry-after-ms`, `retry-after` (seconds or a date), Google's RetryInfo.

    None for what is missing or makes no sense (NaN, negative). A long time is told as it is: the ladder bounds it.
    """
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    stated = headers.get("retry-after")
    seconds = _seconds(stated)
    if seconds is None and stated:
        seconds = _until(stated, now)
    return seconds if seconds is not None else _retry_info(body)


def _kind(status: int, body: Any) -> ErrorKind:
    text = json.dumps(body)[:4_000] if isinstance(body, Mapping | list) else ""
    if status == 400 and any(f'"{code}"' in text for code in _FILTERED):
        return "content_filter"
    if status == 400 and "API_KEY_INVALID" in text:
        return "auth"
    return _KINDS.get(status, "server_error" if status >= 500 else "bad_request")


def _json(body: Any) -> Any:
    if isinstance(body, bytes):
        body = body[:100_000].decode("utf-8", "replace")
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text) if text else math.nan
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(text: str, now: float) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _retry_info(body: Any) -> float | None:
    error = body.get("error") if isinstance(body, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    for each in details if isinstance(details, list) else []:
        delay = each.get("retryDelay") if isinstance(each, Mapping) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return _seconds(delay[:-1])
    return None
