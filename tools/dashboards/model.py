"""What a dashboard is, apart from Grafana: panels with queries, units, thresholds and a description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["timeseries", "stat", "table"]
Unit = Literal["short", "s", "percentunit", "currencyUSD", "reqps", "cps", "bytes", "none", "dateTimeAsIso"]

RATE: Final = "$__rate_interval"
"""Grafana's own: at least four scrapes."""

LIVE: Final = (
    "max by (revision) (mergecells_config_last_reload_success_timestamp_seconds"
    " * on (job, instance) group_left (revision) (mergecells_config_info == 1)) * 1000"
)
"""Annotations: when each revision went live, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Query:
    """`legend` names labels of the result: `{{tier}}`."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`thresholds`: from which value on which colour; below the first it is green. `words` are shown for values."""

    title: str
    unit: Unit
    description: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    thresholds: tuple[tuple[float, str], ...] = ()
    base: str = "green"
    words: tuple[tuple[int, str], ...] = ()
    stacked: bool = False
    highest: float | None = None
    empty: str = ""
    """What it means that there is nothing to show; where that is never right, empty."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`name` is the file's and the address's."""

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]


def q(expr: str, legend: str = "") -> Query:
    """A query on one line."""
    return Query(" ".join(expr.split()), legend)


def lines(title: str, unit: Unit, description: str, *queries: Query, **more: object) -> Panel:
    """Values over time."""
    return Panel(title, unit, description, queries, "timeseries", **more)  # type: ignore[arg-type]


def stat(title: str, unit: Unit, description: str, *queries: Query, **more: object) -> Panel:
    """The newest value, large."""
    return Panel(title, unit, description, queries, "stat", **more)  # type: ignore[arg-type]


def table(title: str, unit: Unit, description: str, *queries: Query, **more: object) -> Panel:
    """The newest values by label."""
    return Panel(title, unit, description, queries, "table", **more)  # type: ignore[arg-type]


def rate(metric: str, by: str) -> str:
    """Per second, summed by labels."""
    return f"sum by ({by}) (rate(mergecells_{metric}[{RATE}]))"


def quantile(share: float, metric: str, by: str = "") -> str:
    """Of a histogram."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate(mergecells_{metric}_bucket[{RATE}])))"


def counted(metric: str, by: str = "", more: str = "", window: Literal["1h", "24h"] = "1h") -> str:
    """Of a counter, in a window, summed by labels; `more` are matchers in braces. As the rules count: a counter that
    appeared in the window counts whole, which `increase` alone never sees, where its program was scraped before that or
    has started since."""
    series = f"mergecells_{metric}{more}"
    seconds = {"1h": 3600, "24h": 86_400}[window]
    new = f"(last_over_time({series}[{window}]) unless {series} offset {window})"
    started = f"last_over_time(process_start_time_seconds[{window}]) > time() - {seconds}"
    known = f"(up offset {window} == 1 or {started})"
    labels = f"by ({by}) " if by else ""
    return f"sum {labels}({new} and on (job, instance) {known} or increase({series}[{window}]))"
