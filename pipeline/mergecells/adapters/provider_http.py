"""What the three provider libraries share: an HTTP client that stays within bounds, and their errors as ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import httpx2

from mergecells.adapters.http_streams import use_streams
from mergecells.domain.errors import ProviderError
from mergecells.transforms.provider_failures import clean, refused, unreadable

MOST_BYTES = 32_000_000
"""Of one answer. 1,000,000 tokens of text as JSON are some 8 MB."""

MOST_PACKED_BYTES = 1_000_000
"""Of one compressed answer: 1,000 times as much may come out of it, and no answer packs that well."""


class TooLargeError(httpx2.ReadError):
    """An answer passed its bound."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: Any, most: int, request: httpx2.Request) -> None:
        self._inner, self._left, self._request = inner, most, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLargeError("the answer is too large", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class BoundedClient(httpx2.AsyncClient):
    """Follows no redirect (a key must not follow one) and reads no answer without bound; proxies of the environment
    are used as always. Time is bounded by the ladder as a whole, so that a slow drip ends too.

    `mend` changes each line of a stream of events, which is then asked for without compression.
    """

    def __init__(self, timeout_s: float = 3_600, *, mend: Callable[[bytes], bytes] | None = None) -> None:
        self._mend = mend
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=30)
        super().__init__(timeout=httpx2.Timeout(timeout_s, connect=20), follow_redirects=False, limits=limits)
        use_streams(self)

    def build_request(self, method: str, url: httpx2.URL | str, **more: Any) -> httpx2.Request:
        """The address is always one of a few, and taking it apart takes a tenth of the time of a request."""
        return super().build_request(method, _address(url) if isinstance(url, str) else url, **more)

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        more["follow_redirects"] = False  # The libraries ask for it with each request.
        if self._mend is not None and stream:
            request.headers["accept-encoding"] = "identity"
        response = await super().send(request, stream=True, **more)
        packed = response.headers.get("content-encoding", "identity") != "identity"
        response.stream = _Bounded(response.stream, MOST_PACKED_BYTES if packed else MOST_BYTES, request)
        if self._mend is not None and stream and not packed:
            response.stream = _Mended(response.stream, self._mend)
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response


@lru_cache(maxsize=64)
def _address(url: str) -> httpx2.URL:
    return httpx2.URL(url)


class _Mended(httpx2.AsyncByteStream):
    """Lines through `mend`, whole ones, however they come."""

    def __init__(self, inner: Any, mend: Callable[[bytes], bytes]) -> None:
        self._inner, self._mend = inner, mend

    async def __aiter__(self) -> AsyncIterator[bytes]:
        begun = b""
        async for chunk in self._inner:
            *lines, begun = (begun + chunk).split(b"\n")
            if lines:
                yield b"".join(self._mend(line) + b"\n" for line in lines)
        if begun:
            yield self._mend(begun)

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def translated(provider: str, key: str) -> Iterator[None]:
    """Errors of httpx2, of the libraries and of parsing, as ProviderError without the key."""
    try:
        yield
    except ProviderError as error:
        raise _without(error, key) from None
    except TooLargeError:
        message = f"{provider}'s answer has more than {MOST_BYTES // 1_000_000} MB."
        raise ProviderError("server_error", message, may_cost=True) from None
    except httpx2.TimeoutException as error:
        raise _timed_out(provider, error) from None
    except httpx2.HTTPError as error:
        raise _unreachable(provider, error) from None
    except Exception as error:  # noqa: BLE001 - the libraries raise many things, and all of them end one try
        raise _without(_translate(provider, error), key) from None


def read_json(provider: str, response: httpx2.Response) -> Any:
    """The JSON of a success. Raises ProviderError for a page of a proxy, half an answer, or no JSON."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise unreadable(provider, response.status_code, response.headers.get("content-type", "")) from None


def check_stream(provider: str, response: Any) -> None:
    """Raises ProviderError when a success is no stream of events."""
    kind = response.headers.get("content-type", "")
    if "text/event-stream" not in kind:
        raise unreadable(provider, response.status_code, kind)


def _translate(provider: str, error: Exception) -> Exception:
    cause = error.__cause__
    if isinstance(cause, TooLargeError):
        message = f"{provider}'s answer has more than {MOST_BYTES // 1_000_000} MB."
        return ProviderError("server_error", message, may_cost=True)
    if isinstance(cause, httpx2.TimeoutException):
        return _timed_out(provider, cause)
    if isinstance(cause, httpx2.HTTPError) and not isinstance(cause, httpx2.HTTPStatusError):
        return _unreachable(provider, cause)
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if isinstance(response, httpx2.Response) and isinstance(status, int) and status >= 300:
        return refused(provider, status, _body(error, response), response.headers)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return ProviderError("server_error", f"{provider} sent something that is no JSON.", may_cost=True)
    said = clean(str(error))
    what = type(error).__name__ if "<" in said else f"{type(error).__name__}: {said}"
    return ProviderError("server_error", f"{provider} could not be understood ({what}).", may_cost=True)


def _body(error: Exception, response: httpx2.Response) -> Any:
    try:
        return response.content
    except httpx2.ResponseNotRead:
        return getattr(error, "details", None) or getattr(error, "body", None)


def _timed_out(provider: str, error: Exception) -> ProviderError:
    reached = not isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return ProviderError("timeout", f"{provider} did not answer in time.", may_cost=reached)


def _unreachable(provider: str, error: Exception) -> ProviderError:
    reached = isinstance(error, httpx2.ReadError | httpx2.RemoteProtocolError | httpx2.DecodingError)
    what = "broke the connection" if reached else "cannot be reached"
    said = clean(str(error)).rstrip(".") or type(error).__name__
    return ProviderError("connection", f"{provider} {what}: {said}.", may_cost=reached)


def _without(error: Exception, key: str) -> Exception:
    if key and isinstance(error, ProviderError) and key in str(error):
        error.message = error.message.replace(key, "***")
        error.args = (error.message,)
    return error
