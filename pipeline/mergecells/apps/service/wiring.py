"""The one place that puts the service together: config, metrics, application."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.types import ASGIApp

from mergecells.adapters.hub_acknowledge import acknowledge
from mergecells.adapters.metric_instruments import metrics_namespace, program_registry
from mergecells.adapters.prometheus_metrics import PrometheusMetrics
from mergecells.adapters.published_tree import CURRENT, REVISIONS
from mergecells.apps.embedding import open_config
from mergecells.apps.loop_tracing import loop_tracer
from mergecells.apps.service.app import build_app
from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.llm_wiring import build_desk, llm_is_installed
from mergecells.apps.service.loop_spans import LoopSpans
from mergecells.apps.service.settings import HubToTell, ServiceSettings
from mergecells.apps.service.telling_hub import HubTeller
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.serving.live_config import Config
from mergecells.transforms.yaml_to_config import parse_manifest

logger = logging.getLogger("mergecells.service")


@dataclass(frozen=True, slots=True)
class Service:
    """Everything of one service, not yet listening."""

    app: ASGIApp
    live: LiveConfig
    folder: Path
    closers: tuple[Callable[[], object], ...] = ()
    teller: HubTeller | None = None

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
        if self.teller is not None:
            self.teller.start()

    def close(self) -> None:
        """Say goodbye to the hub, end calls of models under way, and stop following the config."""
        if self.teller is not None:
            self.teller.close()
        for close in self.closers:
            close()
        self.live.close()


def build_service(folder: Path, settings: ServiceSettings) -> Service:
    """The service over the config in `folder`; nothing is read before `start`."""
    registry = program_registry()
    metrics = PrometheusMetrics(registry)

    hub = settings.hub
    instance = hub.name if hub and hub.name else f"{socket.gethostname()[:64]}/{os.getpid()}"
    spans = LoopSpans(loop_tracer("mergecells-service"), instance)

    def open_newest() -> Config:
        config = open_config(config_place(folder), metrics=metrics, state_dir=settings.state_dir)
        spans.serves(config.current)
        config.on_swap(spans.serves)
        config.on_reject(spans.refuses)
        return config

    live = LiveConfig(open_newest, hub.name if hub else "")
    teller = HubTeller(hub, live.report, lambda: spreadsheet_of(config_place(folder)), acknowledge) if hub else None
    desk = build_desk(live, settings, registry) if llm_is_installed() else None
    app = build_app(live, settings, registry, metrics_namespace(), desk, spans)
    return Service(app, live, folder, (desk.close,) if desk else (), teller)


def named_at_hub(hub: HubToTell | None, service_name: str, address: tuple[object, ...]) -> HubToTell | None:
    """A name that no other process has, where none was given: `leads@host-7:8800`."""
    if hub is None or hub.name:
        return hub
    plain = "".join(character if "!" <= character <= "~" else "-" for character in service_name)
    return replace(hub, name=f"{plain}@{socket.gethostname()[:64]}:{address[1]}")


def spreadsheet_of(folder: Path) -> str:
    """The sheet that the config is edited in, by which a hub with several knows ours; empty where none is named."""
    try:
        manifest, _ = parse_manifest({MANIFEST_NAME: (folder / MANIFEST_NAME).read_bytes()})
    except OSError:
        return ""
    return manifest.google.spreadsheet_id if manifest.google else ""


def config_place(folder: Path) -> Path:
    """The folder itself, or its `current` where somebody named the folder that `follow` publishes to.

    Links are not resolved: which tree `current` leads to is what changes.
    """
    if not (folder / MANIFEST_NAME).exists() and (folder / REVISIONS).is_dir():
        return folder / CURRENT
    return folder
