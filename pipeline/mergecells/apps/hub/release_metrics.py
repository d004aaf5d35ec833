"""What the hub knows of releases and of the sheets' drift, asked at every scrape."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mergecells.adapters.metric_catalogue import METRICS
from mergecells.apps.hub.desks import Desks
from mergecells.apps.hub.drift import DriftLook
from mergecells.apps.hub.release import Releases

_BEGAN, _PENDING, _SERVICES = (
    "hub_release_began_timestamp_seconds",
    "hub_release_pending_seconds",
    "hub_release_services",
)
_DRIFT, _COMPARED = "hub_sheet_drift", "hub_sheet_drift_timestamp_seconds"


class ReleaseMetrics(Collector):
    """Make one for each registry."""

    def __init__(
        self, desks: Desks, releases: Releases, drift: DriftLook, registry: CollectorRegistry, namespace: str
    ) -> None:
        self._desks, self._releases, self._drift, self._namespace = desks, releases, drift, namespace
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Names only: nothing is asked before the first scrape."""
        return list(self._families().values())

    def collect(self) -> Iterable[Metric]:
        families = self._families()
        for desk in self._desks:
            release = self._releases.current(desk)
            if release is not None:
                _add_release(families, desk.spreadsheet, release)
            compared = self._drift.last(desk)
            if compared is not None:
                for side, cells in compared.cells.items():
                    families[_DRIFT].add_metric([desk.spreadsheet, side], cells)
                families[_COMPARED].add_metric([desk.spreadsheet], compared.at)
        return list(families.values())

    def _families(self) -> dict[str, GaugeMetricFamily]:
        return {
            name: GaugeMetricFamily(f"{self._namespace}_{name}", METRICS[name].text, labels=tuple(METRICS[name].labels))
            for name in (_BEGAN, _PENDING, _SERVICES, _DRIFT, _COMPARED)
        }


def _add_release(families: Mapping[str, GaugeMetricFamily], sheet: str, release: Mapping[str, Any]) -> None:
    began = datetime.datetime.fromisoformat(release["began_at"]).timestamp()
    waits = release["state"] in {"waiting", "stuck"}
    families[_BEGAN].add_metric([sheet, release["revision"]], began)
    pending = datetime.datetime.now(datetime.UTC).timestamp() - began if waits else 0.0
    families[_PENDING].add_metric([sheet], max(0.0, pending))
    families[_SERVICES].add_metric([sheet, "live"], release["live"])
    families[_SERVICES].add_metric([sheet, "late"], release["services"] - release["live"])
