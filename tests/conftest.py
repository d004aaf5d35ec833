"""Fixtures and markers for every kind of test."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import signal
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from coverage_floor import pytest_terminal_summary
from ending import at_the_end
from postgres_stage import extend_path, postgres
from redis_server import RedisServer

__all__ = ["postgres", "pytest_terminal_summary"]

extend_path()

# No test may fail because the machine was slow; speed is measured in tests/benchmarks.
usual = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
settings.register_profile("default", usual)
settings.register_profile("long", usual, max_examples=500)
settings.load_profile("default")

# Reading the test files makes millions of objects that all stay: looking through them again and again for garbage took
# half of the time.
gc.disable()

# A developer's own settings must not leak into tests.
KEPT = {"GIT_SSL_CAINFO", "MERGECELLS_LEADS"}
for name in [name for name in os.environ if name.startswith(("MERGECELLS_", "GIT_")) and name not in KEPT]:
    del os.environ[name]
os.environ.setdefault("GIT_CONFIG_NOSYSTEM", "1")


def in_memory() -> Path | None:
    """A file system in memory with room for all that tests write, where programs may run; None without one."""
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK | os.X_OK) or not place.is_mount():
        return None
    about = os.statvfs(place)
    roomy = about.f_bavail * about.f_frsize > 2 * 2**30
    return place if roomy and not about.f_flag & os.ST_NOEXEC else None


# What is published, committed or recorded is flushed to the disk each time, and waiting for it is no test.
if "TMPDIR" not in os.environ and (place := in_memory()):
    os.environ["TMPDIR"], tempfile.tempdir = str(place), None

# Each client of a provider reads the certificates of every authority, 35 ms of a processor, though no stand-in has any:
# once is enough. Nobody changes a context that was made with the same arguments.
ssl.create_default_context = functools.cache(ssl.create_default_context)

# A run that was started in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was read is set aside, so that the collector looks only at what tests make."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    at_the_end.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: much of the time tests wait for programs that they started."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`needs(tool)`: without the program, skip on a developer's machine and fail in CI, where it must be there."""
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool):
                continue
            if os.environ.get("CI") == "true":
                pytest.fail(f"{tool} is missing: .ci/run must install it")
            pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="session")
def running_redis() -> Iterator[RedisServer]:
    """One server for all tests of a process; tests that use it are marked `needs("redis-server")`."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(running_redis: RedisServer) -> str:
    """The address of an empty Redis."""
    running_redis.flush()
    return running_redis.url
