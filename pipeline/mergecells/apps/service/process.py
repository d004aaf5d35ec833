"""The service as a process: a bound socket first, then the server, then a calm end on SIGTERM."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from mergecells.apps.service.patient_protocol import PatientProtocol
from mergecells.apps.service.settings import ServiceSettings
from mergecells.domain.errors import MergecellsError, UsageError

logger = logging.getLogger("mergecells.service")

_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises MergecellsError when the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
    except socket.gaierror as error:
        raise UsageError(
            f"{host!r} is no address of this machine: {error.strerror}.", "Try --host 127.0.0.1."
        ) from error
    # With the protocol named, asyncio sets TCP_NODELAY; without, every answer waits 40 ms for a delayed ACK.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # So that a restart need not wait for the kernel to forget the connections of the former process.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise _bind_failure(host, port, error) from error
    return bound


def address_of(bound: socket.socket) -> str:
    """`http://127.0.0.1:8800`, with the port that the kernel gave."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def http_config(app: ASGIApp, head_seconds: float, **more: Any) -> uvicorn.Config:
    """How the service speaks HTTP: our protocol, logs and headers; `more` are limits, as uvicorn names them."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        # Typed as a class; all that is done with it is to call it.
        http=partial(PatientProtocol, head_seconds),  # type: ignore[arg-type]
        **more,
    )


def run(app: ASGIApp, bound: socket.socket, settings: ServiceSettings, stopping: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; requests under way get `stop_seconds` to end, then `stopping` is called.

    Returns after SIGTERM; after SIGINT raises KeyboardInterrupt, as the command line expects.
    """
    config = http_config(
        app,
        settings.head_seconds,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(settings.stop_seconds),
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=settings.max_connections,
    )
    # The server raises the signal again when it has ended; without a handler SIGTERM would end us as killed.
    former = signal.signal(signal.SIGTERM, lambda *_: logger.info("stopped", extra={"event": "service.stop"}))
    try:
        uvicorn.Server(config).run(sockets=[bound])
    finally:
        stopping()
        bound.close()
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, former)


def _bind_failure(host: str, port: int, error: OSError) -> MergecellsError:
    if error.errno == errno.EADDRINUSE:
        return MergecellsError(
            f"Port {port} of {host} is in use by another program.", "Choose another with --port, or 0 for any free one."
        )
    if error.errno == errno.EACCES:
        return MergecellsError(f"Port {port} may not be used by this user.", "Choose one above 1023 with --port.")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is no address of this machine.", "Try --host 127.0.0.1.")
    return MergecellsError(f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another --host or --port.")
