"""Asks a running service what a smoke case asks, as any caller would."""

from __future__ import annotations

import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from mergecells.adapters.service_client import check_url, direct_opener, words
from mergecells.domain.smoke import Observed, SmokeCase

_MOST_BYTES = 16 * 1024 * 1024
_NO_ANSWER = 0
"""`Observed.status` when nothing was answered at all."""


class SmokeService:
    """The service at `url`. `token` is its MERGECELLS_LLM_TOKEN; answers come new from the models unless `cache`."""

    def __init__(self, url: str, token: str = "", *, seconds: float = 120.0, cache: bool = False) -> None:
        self._url, self._token, self._seconds, self._cache = check_url(url), token, seconds, cache
        self._run = f"smoke-{secrets.token_hex(6)}"

    def ask(self, case: SmokeCase, inputs: Mapping[str, Any]) -> Observed:
        """What the service answers; never raises for what it or the network does."""
        about = {"run_id": self._run, "persona": "smoke", "workflow": "smoke", "cache": self._cache, "stream": False}
        if case.prompt is not None:
            return self._post(f"/v1/prompts/{case.prompt}/complete", {"inputs": dict(inputs), **about})
        return self._post(
            f"/v1/threads/{self._run}-{secrets.token_hex(4)}/messages", {"message": case.message, **about}
        )

    def _post(self, path: str, body: Mapping[str, Any]) -> Observed:
        started = time.monotonic()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(  # noqa: S310 - see check_url
            self._url + path, data=json.dumps(body).encode(), headers=headers, method="POST"
        )
        try:
            with direct_opener().open(request, timeout=self._seconds) as answer:
                return _observed(answer.status, answer.read(_MOST_BYTES), time.monotonic() - started)
        except urllib.error.HTTPError as error:
            with error:
                return _observed(error.code, error.read(_MOST_BYTES), time.monotonic() - started)
        except (OSError, http.client.HTTPException) as error:
            return Observed(_NO_ANSWER, seconds=time.monotonic() - started, error=f"{self._url} {words(error)}")


def _observed(status: int, content: bytes, seconds: float) -> Observed:
    try:
        found: Any = json.loads(content)
    except ValueError:
        return Observed(status, seconds=seconds, error="The answer is no JSON: is this a mergecells service?")
    if not isinstance(found, dict):
        return Observed(status, seconds=seconds, error="The answer is no JSON object.")
    usage = found.get("usage") or {}
    return Observed(
        status,
        text=str(found.get("text", "")),
        intent=str(found.get("intent", "")),
        revision=str(found.get("revision", "")),
        model=str(found.get("model", "")),
        seconds=seconds,
        cost=usage.get("cost_est"),
        error=" ".join(str(found[key]) for key in ("detail", "hint") if found.get(key)),
    )
