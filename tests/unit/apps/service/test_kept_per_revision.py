"""A service that lives through thousands of revisions keeps nothing of those that are gone: counted in objects, since
resident memory depends on the allocator."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mergecells.adapters.published_tree import PublishedTrees
from mergecells.apps.service.settings import ServiceSettings
from mergecells.apps.service.wiring import Service, build_service
from mergecells.domain.config_tree import ConfigTree
from mergecells.formula.compiler import _template
from mergecells.formula.remembered import GENERATIONS, remembered_count
from soak.story import base_files, edition
from unit.apps.service.asgi import ask

EARLY, LATE = 20, 60
PER_REVISION = 10
"""What one edition of the soak brings new to remember: two formulas and a prompt, each known in three or four ways."""


class Stage:
    """A service over a folder of published trees, without a watcher's haste: each revision is asked for."""

    def __init__(self, folder: Path) -> None:
        self._base = base_files("http://127.0.0.1:9")
        self._trees = PublishedTrees(folder / "live")
        self.publish(0)
        settings = ServiceSettings(state_dir=str(folder / "state"))
        self.service: Service = build_service(folder / "live" / "current", settings)
        self.service.start("here")

    def publish(self, number: int) -> None:
        self._trees.publish(ConfigTree(f"{number + 1:040x}", edition(self._base, number)))

    def serve(self, number: int) -> None:
        """Publish, load, score."""
        self.publish(number)
        config = self.service.live._config
        assert config is not None
        config.reload(60)
        assert config.current.score({"years": 4, "seats": 40}).revision == f"{number + 1:040x}"

    def series(self) -> int:
        """How many lines a scrape has, once a score was asked for."""

        async def scrape() -> str:
            await ask(self.service.app, "POST", "/v1/score", json={"years": 4})
            return (await ask(self.service.app, "GET", "/metrics")).text

        return len(asyncio.run(scrape()).splitlines())


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    # What pytest keeps of log lines is pytest's.
    monkeypatch.setattr(logging.getLogger("mergecells"), "disabled", True)
    monkeypatch.setattr(logging.getLogger("mergecells.service"), "disabled", True)
    made = Stage(tmp_path)
    yield made
    made.service.close()


def objects() -> Counter[str]:
    gc.collect()
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


def test_service_keeps_nothing_of_revisions_that_are_gone(stage: Stage) -> None:
    """Sixty revisions, each with formulas and a prompt of its own: no kind of object becomes one more with each swap;
    snapshots, remembered formulas, code and series of metrics stay as many."""
    kept: dict[int, tuple[Counter[str], int, int, int]] = {}
    for number in range(1, LATE + 1):
        stage.serve(number)
        if number in (1, EARLY, LATE):  # the first time makes what stays
            series = stage.series()
            kept[number] = (objects(), remembered_count(), _template.cache_info().currsize, series)
    early, late = kept[EARLY], kept[LATE]
    grown = {kind: count - early[0][kind] for kind, count in late[0].items()}
    assert {kind: more for kind, more in grown.items() if more >= LATE - EARLY} == {}
    assert late[0]["mergecells.serving.snapshot.Snapshot"] <= 2
    assert late[1] - early[1] <= GENERATIONS * PER_REVISION
    assert late[2:] == early[2:]
