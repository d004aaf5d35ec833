"""The one place that puts the hub together."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.adapters.google_identity import IdentityVerifier
from mergecells.adapters.google_keys import SigningKeys
from mergecells.adapters.google_pacing import Pacer
from mergecells.adapters.metric_instruments import metrics_namespace, program_registry
from mergecells.adapters.remembered_engines import RememberedEngines
from mergecells.adapters.sqlite_hub import WAITING, HubStore
from mergecells.apps.hub.app import build_app
from mergecells.apps.hub.desks import Desks, open_desk
from mergecells.apps.hub.drift import DriftLook
from mergecells.apps.hub.fleet import Fleet
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.limits import RateLimit
from mergecells.apps.hub.metrics import HubMetrics
from mergecells.apps.hub.progress import Ledger
from mergecells.apps.hub.queue import SubmissionQueue
from mergecells.apps.hub.release import Releases
from mergecells.apps.hub.release_metrics import ReleaseMetrics
from mergecells.apps.hub.sessions import Sessions
from mergecells.apps.hub.settings import HubSettings
from mergecells.apps.hub.watch import Watch

logger = logging.getLogger("mergecells.hub")

MADE_IN_A_MINUTE = 75
"""GitHub's secondary limit is 80 requests that make content a minute (docs.github.com/rest/using-the-rest-api)."""


@dataclass(frozen=True, slots=True)
class RunningHub:
    """The parts, and the application over them; nothing runs before `hub.start`."""

    hub: Hub
    app: ASGIApp


def build_hub(roots: Sequence[Path], settings: HubSettings) -> RunningHub:
    """Raises UsageError for a config root that cannot be served, MergecellsError for a state that cannot be used."""
    registry = program_registry()
    metrics = HubMetrics(registry, metrics_namespace())
    desks = _open_desks(roots)
    store = HubStore(settings.state)

    fleet = Fleet(store)
    ledger, releases = Ledger(store, metrics.submission), Releases(store, settings, fleet)
    drift = DriftLook(desks, settings.drift_seconds)
    ReleaseMetrics(desks, releases, drift, registry, metrics_namespace())
    queue = SubmissionQueue(desks, ledger, RememberedEngines(EngineProcesses()))
    write_back = queue.ask_write_back if settings.write_back else None
    watch = Watch(desks, ledger, releases, settings.poll_seconds, write_back)
    hub = Hub(
        settings=settings,
        desks=desks,
        store=store,
        identities=IdentityVerifier(SigningKeys(settings.keys_address), settings.allowed),
        sessions=Sessions(settings.session_seconds),
        limit=RateLimit(settings.requests_per_minute),
        queue=queue,
        watch=watch,
        releases=releases,
        fleet=fleet,
        metrics=metrics,
        drift=drift,
    )
    metrics.watch(lambda: len(store.in_states([WAITING])), lambda: len(hub.sessions))
    return RunningHub(hub, build_app(hub, registry, metrics_namespace()))


def _open_desks(roots: Sequence[Path]) -> Desks:
    """One pace for all: the quotas are those of the accounts, whichever sheet is worked on."""
    pacer = Pacer(time.monotonic, time.sleep)
    made = Pacer(time.monotonic, time.sleep, limit=MADE_IN_A_MINUTE)
    return Desks([open_desk(root, pacer, lambda: made.wait("make")) for root in roots])
