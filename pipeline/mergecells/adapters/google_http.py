"""gspread's HTTP client with patience: what may be repeated is; what may have been done is never done twice."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NoReturn

import requests
from google.auth import exceptions as auth_errors
from google.auth.credentials import Credentials
from gspread.http_client import HTTPClient

from mergecells.adapters.google_errors import AmbiguousWriteError, explain_auth, explain_response, is_too_fast
from mergecells.adapters.google_pacing import PER_MINUTE, Pacer
from mergecells.domain.errors import MergecellsError
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.json_in_turns import parse_in_turns

SHEETS, DRIVE = "https://sheets.googleapis.com", "https://www.googleapis.com"
_CONNECT, _READ = 10.0, 180.0
"""Google ends a request after 180 s by itself."""

_FIRST_WAIT, _LONGEST_WAIT, _WORTH_TELLING = 0.5, 32.0, 2.0
_LARGE = frozenset({"sheets", "data", "rowData"})
_LEVELS_OF_ROWS = 7
"""sheets → a sheet → data → a grid → rowData → a row."""
_TRANSIENT = {408, 500, 502, 503, 504}
_NEVER_SENT = (requests.exceptions.ConnectTimeout,)
_NO_ANSWER = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True)
class Patience:
    """`deadline`: seconds for one call with all its repeats. `tell` hears of waits that a person would wonder about."""

    deadline: float = 180.0
    tell: Callable[[str], None] = lambda _: None
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform

    def pacer(self) -> Pacer:
        return Pacer(self.monotonic, self._sleep_for_quota)

    def _sleep_for_quota(self, seconds: float) -> None:
        if seconds >= _WORTH_TELLING:
            self.tell(f"{PER_MINUTE} requests in a minute is what Google allows; going on in {seconds:.0f} s")
        self.sleep(seconds)


class RefusedRequestError(Exception):
    """The cause of an error that an answer of Google's gave: its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class PatientClient(HTTPClient):
    """429 and 5xx are repeated with what `Retry-After` asks for, else with growing random waits, until the deadline.

    A read is always repeated. A write is repeated when it was refused before it was begun; one that may have been
    carried out raises AmbiguousWriteError, and the caller looks. `account` and `name` are for messages.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        account: str,
        endpoint: str = "",
        patience: Patience | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        super().__init__(credentials)
        self.account = account
        self.name = "the spreadsheet"
        self._endpoint = endpoint.rstrip("/")
        self._patience = patience or Patience()
        self._pacer = pacer or self._patience.pacer()

    def request(
        self,
        method: str,
        endpoint: str,
        params: Any = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        """One call with its repeats. Raises MergecellsError; never returns an error answer or half of one."""
        calling = _Calling(self, method.upper() == "GET")
        arguments = {"params": params, "data": data, "json": json, "files": files, "headers": headers}
        while True:
            self._pace(calling.reads, endpoint)
            response = calling.attempt(method, self._address(endpoint), arguments)
            if response is not None:
                return response

    def _pace(self, reads: bool, endpoint: str) -> None:
        if endpoint.startswith(SHEETS):
            self._pacer.wait("read" if reads else "write")

    def _address(self, endpoint: str) -> str:
        if not self._endpoint:
            return endpoint
        for host in (SHEETS, DRIVE):
            if endpoint.startswith(host):
                return self._endpoint + endpoint.removeprefix(host)
        return endpoint


class _Calling:
    """The repeats of one call."""

    def __init__(self, client: PatientClient, reads: bool) -> None:
        self.reads = reads
        self._client = client
        self._patience = client._patience
        self._ends = self._patience.monotonic() + self._patience.deadline
        self._tries = 0

    def attempt(self, method: str, url: str, arguments: dict[str, Any]) -> requests.Response | None:
        """The answer, or None after a wait: try again."""
        self._tries += 1
        left = max(1.0, self._ends - self._patience.monotonic())
        timeout = (min(_CONNECT, left), min(_READ, left))
        try:
            response = self._client.session.request(method=method, url=url, timeout=timeout, **arguments)
        except auth_errors.GoogleAuthError as error:
            self._after_auth_error(error)
            return None
        except _NO_ANSWER as error:
            self._after_no_answer(error)
            return None
        if response.ok:
            return self._whole(response)
        self._after_refusal(response)
        return None

    def _whole(self, response: requests.Response) -> requests.Response | None:
        """An answer that was cut off is none. 20 MB are parsed once, though gspread asks for its content again."""
        try:
            content = read_answer(response.content)
        except ValueError as error:
            self._after_no_answer(error)
            return None
        response.json = lambda **_: content  # type: ignore[method-assign]
        return response

    def _after_auth_error(self, error: auth_errors.GoogleAuthError) -> None:
        explained = explain_auth(error, self._client.account)
        if not (error.retryable or isinstance(error, auth_errors.TransportError)):
            raise explained from None
        self._wait(None, explained)

    def _after_no_answer(self, error: Exception) -> None:
        explained = MergecellsError(
            f"Google did not answer ({type(error).__name__}) until the time was up.",
            "Look at the network and at a proxy (HTTPS_PROXY), then try again.",
        )
        if not self.reads and not _was_never_sent(error):
            raise AmbiguousWriteError(explained.message, explained.hint) from error
        self._wait(None, explained)

    def _after_refusal(self, response: requests.Response) -> None:
        explained = explain_response(response, self._client.account, self._client.name)
        if is_too_fast(response):
            self._wait(_asked_wait(response), explained)
        elif response.status_code in _TRANSIENT:
            if not self.reads:
                raise AmbiguousWriteError(explained.message, explained.hint)
            self._wait(_asked_wait(response), explained)
        else:
            raise explained from RefusedRequestError(response.status_code)

    def _wait(self, asked: float | None, explained: MergecellsError) -> None:
        growing = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._tries, 10))
        wait = self._patience.jitter(0, growing if asked is None else 1.0) + (asked or 0.0)
        if self._patience.monotonic() + wait > self._ends:
            _give_up(explained)
        if wait >= _WORTH_TELLING:
            self._patience.tell(f"{explained.message.split('.')[0]}; trying again in {wait:.0f} s")
        self._patience.sleep(wait)


@paused_collector()
def read_answer(content: bytes) -> Any:
    """The JSON of an answer, a large one row by row, so that other threads go on meanwhile. Raises ValueError."""
    return parse_in_turns(content, _no_number, levels=_LEVELS_OF_ROWS, only=_LARGE, most=None)


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _give_up(explained: MergecellsError) -> NoReturn:
    raise explained


def _was_never_sent(error: Exception) -> bool:
    return isinstance(error, _NEVER_SENT) or "NewConnectionError" in repr(error)


def _asked_wait(response: requests.Response) -> float | None:
    """`Retry-After` in seconds: a number, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    moment = email.utils.parsedate_tz(text) if text else None
    return max(0.0, email.utils.mktime_tz(moment) - time.time()) if moment else None
