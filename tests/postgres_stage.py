"""A real PostgreSQL server for tests, in a folder of its own, on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

_PATIENCE = 60.0


def extend_path() -> None:
    """Debian keeps the programs of PostgreSQL in a folder of their version, which is not on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found and shutil.which("initdb") is None:
        os.environ["PATH"] = f"{os.environ['PATH']}:{found[-1]}"


@dataclass
class Postgres:
    """The server. `start` and `stop` may be called by tests that need it dead for a while."""

    folder: Path
    port: int
    owner: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = f"port={self.port} listen_addresses=127.0.0.1 fsync=off shared_buffers=16MB".split()
        settings += ["unix_socket_directories=", "max_connections=60"]
        options = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["postgres", "-D", str(self.folder / "data"), *options], stdout=log, stderr=log, **self.owner
            )
        until = time.monotonic() + _PATIENCE
        while subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: open transactions are broken off. SIGQUIT: without a good-bye."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(_PATIENCE)
            self.process = None

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://mergecells@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"t{uuid.uuid4().hex[:12]}"
        place = f"host=127.0.0.1 port={self.port} user=mergecells dbname=postgres"
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new server, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="mergecells-pg-"))
    # PostgreSQL refuses to run as root.
    owner: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(folder, "nobody", "nogroup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = Postgres(folder, port, {**owner, "cwd": folder})
    try:
        subprocess.run(
            ["initdb", "-D", str(folder / "data"), "-U", "mergecells", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_PATIENCE,
            **server.owner,
        )
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # what it holds is thrown away
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of a run; each takes a database of its own."""
    with running_postgres() as server:
        yield server
