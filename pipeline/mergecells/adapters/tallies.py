"""Counters and histograms of what happens many times a second: plain numbers, told to Prometheus when it asks.

prometheus_client looks at one bucket after the other, takes a lock for each number and makes an object of each
exemplar: more than twice the time of what is here. Where several processes share their numbers
(PROMETHEUS_MULTIPROC_DIR), a scrape of one must find those of all; that its own instruments can, and
`metric_instruments` takes them then.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Exemplar, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from mergecells.adapters.metric_catalogue import Metric as Entry


class Count(Protocol):
    """One series of a counter."""

    def inc(self, amount: float = 1) -> None: ...


class Spread(Protocol):
    """One series of a histogram. `exemplar` as `metric_instruments.exemplar` makes it."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None: ...


class CountTally:
    """A number; adding is safe from any thread."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value = 0.0

    def inc(self, amount: float = 1) -> None:
        with self._lock:
            self.value += amount


class SpreadTally:
    """How many lay in each bucket, their sum, and of each bucket the newest that belongs to a trace."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_lock", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._lock = threading.Lock()
        self._bounds: Final = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._exemplars: list[tuple[dict[str, str], float, float] | None] = [None] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        at = bisect_left(self._bounds, amount)
        with self._lock:
            self._counts[at] += 1
            self._sum += amount
            if exemplar:
                self._exemplars[at] = (exemplar, amount, time.time())

    def read(self) -> tuple[list[tuple[str, float, Exemplar | None]], float]:
        """(upper bound, how many up to it, exemplar) of each bucket, and the sum: all of one moment."""
        with self._lock:
            counts, exemplars, total = self._counts.copy(), self._exemplars.copy(), self._sum
        buckets: list[tuple[str, float, Exemplar | None]] = []
        below = 0
        for bound, count, seen in zip((*self._bounds, float("inf")), counts, exemplars, strict=True):
            below += count
            named = floatToGoString(bound)  # type: ignore[no-untyped-call]
            buckets.append((named, float(below), Exemplar(*seen) if seen else None))
        return buckets, total


class Tallies(Collector):
    """One metric of a registry. Its series are made when they are first asked for, and stay."""

    def __init__(self, entry: Entry, namespace: str, registry: CollectorRegistry) -> None:
        self._entry, self._name = entry, f"{namespace}_{entry.name}"
        self._making = threading.Lock()
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """The name only."""
        return [self._empty()]

    def _empty(self) -> Metric:
        raise NotImplementedError


class CountTallies(Tallies):
    """As `Counter` of prometheus_client."""

    def __init__(self, entry: Entry, namespace: str, registry: CollectorRegistry) -> None:
        self._series: dict[tuple[str, ...], CountTally] = {} if entry.labels else {(): CountTally()}
        super().__init__(entry, namespace, registry)

    def labels(self, *values: str) -> CountTally:
        with self._making:
            return self._series.setdefault(values, CountTally())

    def inc(self, amount: float = 1) -> None:
        """Of one without labels."""
        self._series[()].inc(amount)

    def collect(self) -> Iterator[Metric]:
        family = self._empty()
        for values, tally in self._series.copy().items():
            family.add_metric(values, tally.value)
        yield family

    def _empty(self) -> CounterMetricFamily:
        return CounterMetricFamily(self._name, self._entry.text, labels=tuple(self._entry.labels))


class SpreadTallies(Tallies):
    """As `Histogram` of prometheus_client."""

    def __init__(self, entry: Entry, namespace: str, registry: CollectorRegistry) -> None:
        self._series: dict[tuple[str, ...], SpreadTally] = {} if entry.labels else {(): SpreadTally(entry.buckets)}
        super().__init__(entry, namespace, registry)

    def labels(self, *values: str) -> SpreadTally:
        with self._making:
            return self._series.setdefault(values, SpreadTally(self._entry.buckets))

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Of one without labels."""
        self._series[()].observe(amount, exemplar)

    def collect(self) -> Iterator[Metric]:
        family = self._empty()
        for values, tally in self._series.copy().items():
            buckets, total = tally.read()
            family.add_metric(values, buckets, total)  # type: ignore[arg-type]  # it takes None for no exemplar
        yield family

    def _empty(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._entry.text, labels=tuple(self._entry.labels))
