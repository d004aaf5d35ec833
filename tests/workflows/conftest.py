"""One parser for all, a world for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from google_stage import staged
from standins.github_server import GitHubServer
from workflows.parser import Parser, parsing
from workflows.world import World


@pytest.fixture(scope="session")
def parser() -> Iterator[Parser]:
    with parsing() as running:
        yield running


@pytest.fixture
def world(parser: Parser, tmp_path: Path) -> Iterator[World]:
    """Fails when a stand-in saw anything that its description does not allow."""
    with staged() as google, GitHubServer(tmp_path / "github") as server:
        yield World(parser, tmp_path, server, google)
        assert server.violations == []
