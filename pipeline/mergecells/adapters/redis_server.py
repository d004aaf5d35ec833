"""Connections to a Redis: every wait is bounded, nothing is sent more than twice, and no password is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mergecells.domain.errors import MergecellsError, UsageError

if TYPE_CHECKING:
    from redis import Redis

_MOST_CONNECTIONS: Final = 64


def connect_redis(url: str, timeout_s: float) -> Redis:
    """A client that connects with its first command. `timeout_s`: for connecting, and for each read.

    A command is sent once more over a new connection when the old one is broken: a server that was restarted meanwhile
    is no failure. What is sent must bear that. Raises UsageError for an address that is none.
    """
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    settings = {"protocol": 2, "retry": Retry(NoBackoff(), 1), "max_connections": _MOST_CONNECTIONS}
    settings |= {"socket_timeout": timeout_s}
    if not url.startswith("unix:"):
        settings |= {"socket_connect_timeout": timeout_s, "socket_keepalive": True}
    try:
        client: Redis = Redis.from_url(url, **settings)
    except (ValueError, TypeError) as error:
        raise UsageError(
            "The address of Redis cannot be read.", "Write redis://HOST:PORT/DATABASE, with USER:PASSWORD@ if needed."
        ) from error
    return client


def shown(url: str) -> str:
    """The address without user, password and settings."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}"


def ping(url: str, timeout_s: float = 2.0) -> None:
    """Raises MergecellsError when no Redis answers there."""
    client = connect_redis(url, timeout_s)
    try:
        client.ping()
    except Exception as error:
        raise MergecellsError(
            f"No Redis answers at {shown(url)}: {type(error).__name__}.", "See whether it runs, and the address."
        ) from error
    finally:
        client.close()
