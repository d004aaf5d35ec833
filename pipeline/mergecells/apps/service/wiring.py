"""The one place that puts the service together: config, metrics, application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from mergecells.adapters.metric_instruments import metrics_namespace, program_registry
from mergecells.adapters.prometheus_metrics import PrometheusMetrics
from mergecells.adapters.published_tree import CURRENT, REVISIONS
from mergecells.apps.embedding import open_config
from mergecells.apps.service.app import build_app
from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.llm_wiring import build_desk, llm_is_installed
from mergecells.apps.service.settings import ServiceSettings
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.serving.live_config import Config

logger = logging.getLogger("mergecells.service")


@dataclass(frozen=True, slots=True)
class Service:
    """Everything of one service, not yet listening."""

    app: ASGIApp
    live: LiveConfig
    folder: Path
    closers: tuple[Callable[[], object], ...] = ()

    def start(self, address: str) -> None:
        """Load the config, or begin to wait for a good one, and say where the service will answer."""
        self.live.start()
        snapshot = self.live.snapshot
        logger.info(
            "%s: %s %s",
            address,
            "serving the config in" if snapshot else "waiting for a good config in",
            self.folder,
            extra={"event": "service.start", "revision": snapshot.revision if snapshot else None},
        )

    def close(self) -> None:
        """End calls of models under way, and stop following the config."""
        for close in self.closers:
            close()
        self.live.close()


def build_service(folder: Path, settings: ServiceSettings) -> Service:
    """The service over the config in `folder`; nothing is read before `start`."""
    registry = program_registry()
    metrics = PrometheusMetrics(registry)

    def open_newest() -> Config:
        return open_config(config_place(folder), metrics=metrics, state_dir=settings.state_dir)

    live = LiveConfig(open_newest)
    desk = build_desk(live, settings, registry) if llm_is_installed() else None
    app = build_app(live, settings, registry, metrics_namespace(), desk)
    return Service(app, live, folder, (desk.close,) if desk else ())


def config_place(folder: Path) -> Path:
    """The folder itself, or its `current` where somebody named the folder that `follow` publishes to.

    Links are not resolved: which tree `current` leads to is what changes.
    """
    if not (folder / MANIFEST_NAME).exists() and (folder / REVISIONS).is_dir():
        return folder / CURRENT
    return folder
