"""A real Redis on a socket of its own, for tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path


class RedisServer:
    """Started with the object; `stop` ends it. On a Unix socket, so that no port can be taken by another."""

    def __init__(self, *settings: str) -> None:
        # Not pytest's folder: the path of a socket is 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.url = f"unix://{self.folder}/socket"
        self._settings = settings
        self.start()

    def start(self) -> None:
        given = ["--port", "0", "--unixsocket", f"{self.folder}/socket", "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen(
            ["redis-server", *given, "--appendonly", "no", *self._settings], stdout=subprocess.DEVNULL
        )
        self._wait()

    def _wait(self) -> None:
        from redis import Redis
        from redis.exceptions import RedisError

        deadline = time.monotonic() + 20
        with Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                    return
                except RedisError:
                    if time.monotonic() > deadline or self.process.poll() is not None:
                        raise
                    time.sleep(0.02)

    def flush(self) -> None:
        from redis import Redis

        with Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        """As a crash: nothing is said to the clients."""
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
