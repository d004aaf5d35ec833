"""Requests to GitHub's API, through PyGithub's requester: repeated where that is safe, every refusal in words.

Sources: docs.github.com/rest/using-the-rest-api (best practices, rate limits), docs.github.com/graphql/overview.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests
from github import Auth, Github, GithubException

from mergecells.adapters.github_problems import problem_of
from mergecells.domain.errors import MergecellsError

API: Final = "https://api.github.com"
_TIMEOUT_SECONDS: Final = 15
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 60.0
_MOST_ATTEMPTS: Final = 6
_GRAPHQL_STATUS: Final = {"NOT_FOUND": 404, "FORBIDDEN": 403, "RATE_LIMITED": 429}
"""GraphQL answers 200 whatever happened; its error types say what the status would have been."""

_SERVER_TROUBLE: Final = frozenset((500, 502, 503, 504))


class UnansweredError(MergecellsError):
    """A writing request whose answer did not come: it may have been carried out. The caller looks before it repeats."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, headers by lower-case name, body as text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON values; None for an empty one. Raises ValueError for what is no JSON."""
        return json.loads(self.text) if self.text else None


class GitHubApi:
    """One repository's API. `patience` is how long, in seconds, one call may go on being repeated; `pace` is called
    before each request that makes something, and may wait: GitHub counts those of all who use the same credentials."""

    def __init__(
        self,
        slug: str,
        auth: Auth.Auth,
        base_url: str = API,
        *,
        patience: float = 90.0,
        sleep: Callable[[float], None] = time.sleep,
        pace: Callable[[], None] | None = None,
    ) -> None:
        self.slug = slug
        self.requests = 0
        self._pace = pace or (lambda: None)
        self._patience, self._sleep = patience, sleep
        # PyGithub's own pauses and repeats are off: they sleep before each write and repeat what is not safe.
        client = Github(
            auth=auth, base_url=base_url, timeout=_TIMEOUT_SECONDS, retry=None, lazy=True,
            seconds_between_requests=None, seconds_between_writes=None, user_agent="mergecells",
        )  # fmt: skip
        self._requester = client.requester

    def path(self, rest: str) -> str:
        """`git/ref/heads/main` → `/repos/OWNER/NAME/git/ref/heads/main`, quoted where needed."""
        return f"/repos/{self.slug}/{quote(rest, safe='/:.-_~')}"

    def get(self, rest: str, **query: str | int) -> Any:
        """JSON of a resource of the repository. Raises GitHubRefusedError for a refusal (404 among them)."""
        asked = f"?{urlencode(query)}" if query else ""
        return self.call("GET", self.path(rest) + asked).json

    def text(self, rest: str, accept: str) -> str:
        """A resource in another media type, a diff for instance."""
        return self.call("GET", self.path(rest), headers={"Accept": accept}).text

    def send(self, verb: str, rest: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Any:
        """Write to a resource of the repository. `repeatable`: carrying it out twice leaves what once leaves.

        Raises UnansweredError where the answer is lost and the request is not repeatable, else GitHubRefusedError.
        """
        return self.call(verb, self.path(rest), body, repeatable=repeatable).json

    def graphql(self, query: str, variables: Mapping[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        """The `data` of a GraphQL answer. An answer with errors is never taken for a whole one."""
        body = {"query": query, "variables": dict(variables)}
        answer = self.call("POST", self._requester.graphql_url, body, repeatable=repeatable)
        data: dict[str, Any] = answer.json
        if data.get("errors"):
            first = data["errors"][0]
            raise problem_of(_GRAPHQL_STATUS.get(str(first.get("type")), 422), answer.headers, first, self.slug)
        found: dict[str, Any] = data["data"]
        return found

    def call(
        self,
        verb: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """One request, repeated while that is safe and the patience lasts."""
        safe = verb == "GET" if repeatable is None else repeatable
        until = time.monotonic() + self._patience
        for attempt in range(_MOST_ATTEMPTS):
            answer = self._once(verb, url, body, headers)
            if isinstance(answer, Answer) and answer.status < 300:
                return answer
            pause = self._pause(answer, safe, attempt)
            if pause is None or attempt + 1 == _MOST_ATTEMPTS or time.monotonic() + pause > until:
                break
            self._sleep(pause)
        raise self._failed(verb, answer, safe)

    def _once(
        self, verb: str, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> Answer | str:
        """The answer, or why there is none. A body that breaks off counts as none."""
        if verb != "GET" and url != self._requester.graphql_url:
            self._pace()
        self.requests += 1
        given = dict(body) if body is not None else None
        try:
            status, told, text = self._requester.requestJson(verb, url, None, dict(headers or {}), given)
            answer = Answer(status, {name.lower(): str(value) for name, value in told.items()}, text)
            if status < 300 and "json" in answer.headers.get("content-type", ""):
                _ = answer.json
        except (requests.RequestException, OSError, ValueError) as error:
            return type(error).__name__
        except GithubException as error:
            # Signing in (an App's installation token) is a request of its own inside PyGithub.
            return Answer(error.status or 401, {}, json.dumps(error.data or {"message": str(error)}))
        return answer

    def _pause(self, answer: Answer | str, safe: bool, attempt: int) -> float | None:
        """Seconds before the next try; None where none is due. What a limit refused was not carried out."""
        if isinstance(answer, Answer):
            told = _told_pause(answer)
            if told is not None:
                return told if told <= _LONGEST_PAUSE_SECONDS else None
            if answer.status not in _SERVER_TROUBLE:
                return None
        if not safe:
            return None
        return random.uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 2.0**attempt  # noqa: S311 - spreads, hides nothing

    def _failed(self, verb: str, answer: Answer | str, safe: bool) -> MergecellsError:
        if isinstance(answer, Answer) and answer.status not in _SERVER_TROUBLE:
            return problem_of(answer.status, answer.headers, _body(answer), self.slug)
        said = answer if isinstance(answer, str) else f"status {answer.status}"
        if verb == "GET" or safe:
            return MergecellsError(f"GitHub does not answer for {self.slug} ({said}).", "Try again in a minute.")
        return UnansweredError(f"GitHub did not say whether it did what was asked ({said}).", "Look, then try again.")


def _told_pause(answer: Answer) -> float | None:
    """How long a rate limit asks to wait, in seconds; None when the answer is no rate limit."""
    if answer.status not in {403, 429}:
        return None
    if (after := answer.headers.get("retry-after", "")).isdigit():
        return float(after)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, float(answer.headers.get("x-ratelimit-reset", "0")) - time.time()) + 1.0
    # "If you receive a secondary rate limit … wait for at least one minute": longer than a person waits here.
    return 60.0 if "secondary rate limit" in answer.text.lower() or answer.status == 429 else None


def _body(answer: Answer) -> Mapping[str, Any]:
    try:
        found = answer.json
    except ValueError:
        return {"message": f"an answer that is no JSON (status {answer.status})"}
    return found if isinstance(found, dict) else {}
