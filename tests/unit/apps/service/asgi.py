"""The service in this process over a real Snapshot: for what needs neither a socket nor a file event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from mergecells.apps.service.app import build_app
from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.settings import ServiceSettings
from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.errors import MergecellsError
from mergecells.serving.build import build_snapshot
from mergecells.serving.live_config import Config
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Status

RULES = b"""
version: "1.0"
tiers:
  A: {min: 60, label: "A"}
  D: {min: 0, label: "D"}
components:
  company:
    weight: 1
    factors:
      age: {weight: 1, formula: "=IF(years>=10,1,years/10)"}
"""
FIELDS = b"""
fields:
  years: {column: "Years", type: number, sample: 12}
  name: {type: text, sample: "x"}
"""
VERTICAL = b"""
components:
  company:
    factors:
      age: {formula: "=IF(years>=5,1,years/5)"}
"""
FILES = {
    "mergecells.yaml": b"version: 1\n",
    "scoring/rules.yaml": RULES,
    "scoring/fields.yaml": FIELDS,
    "scoring/verticals/saas.yaml": VERTICAL,
}
TOKEN = "correct horse battery staple"
FIRST, SECOND = "1" * 40, "2" * 40


def snapshot(revision: str = FIRST, rules: bytes = RULES) -> Snapshot:
    return build_snapshot(ConfigTree(revision, {**FILES, "scoring/rules.yaml": rules}))


def config(revision: str = FIRST) -> Config:
    made = snapshot(revision)
    return Config(made, Status(made.revision, "2026-01-01T00:00:00.000Z", "ok", "2026-01-01T00:00:00.000Z"))


@contextmanager
def live(opened: Config | MergecellsError) -> Iterator[LiveConfig]:
    """A LiveConfig whose opening gives `opened`, or fails with it."""

    def open_config() -> Config:
        if isinstance(opened, MergecellsError):
            raise opened
        return opened

    made = LiveConfig(open_config)
    made.start()
    try:
        yield made
    finally:
        made.close()


def app_of(made: LiveConfig, **settings: Any) -> ASGIApp:
    return build_app(made, ServiceSettings(**{"reload_token": TOKEN, **settings}), CollectorRegistry())


async def ask(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.request(method, path, **options)
