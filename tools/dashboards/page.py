# ruff: noqa: E501 - a panel reads best in few lines
"""The dashboards as pages of HTML, from the JSON that Grafana gets and a running Prometheus; for who has no Grafana.

PYTHONPATH=tools python -m dashboards.page http://127.0.0.1:9090 preview --minutes 60 --rate 5m --pictures
"""

from __future__ import annotations

import argparse
import html
import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dashboards.model import LIVE, RATE, Dashboard, Panel, Query
from dashboards.photograph import photograph
from dashboards.picture import drawing, newest
from dashboards.read import read_boards

_POINTS: Final = 200
_COLOURS: Final = {"green": "#2e7d32", "yellow": "#f9a825", "red": "#c62828"}
_MEASURE: Final = "<script>document.body.dataset.height=document.documentElement.scrollHeight</script>"
_STYLE: Final = """
body{font:14px/1.4 system-ui,sans-serif;margin:24px;background:#f5f6f8;color:#1c2430}
h1{font-size:20px;margin:28px 0 2px} p{margin:0 0 10px;color:#5a6472}
.grid{display:grid;grid-template-columns:repeat(4,1fr);grid-auto-flow:dense;gap:12px}
.card{background:#fff;border:1px solid #dfe3e8;border-radius:6px;padding:10px;grid-column:span 2;overflow:hidden}
.stat{grid-column:span 1} .card h2{font-size:14px;margin:0} .card p{font-size:12px}
.big{font-size:24px;font-weight:600;border-radius:4px;color:#fff;padding:4px 10px;margin:4px 0;overflow-wrap:anywhere}
.big small{font-size:11px;font-weight:400;display:block}
.none{color:#98a1ad;padding:24px 0} table{border-collapse:collapse;font-size:12px;width:100%}
td{border-top:1px solid #edf0f3;padding:2px 6px;overflow-wrap:anywhere} .dot{display:inline-block;width:9px;height:9px;border-radius:5px;margin-right:6px}
"""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Its address, the window, and what stands for Grafana's rate interval."""

    url: str
    start: float
    end: float
    rate: str

    def ask(self, expr: str, instant: bool) -> list[dict[str, Any]]:
        """The result of a query: series with `metric` and `value` or `values`."""
        given: dict[str, Any] = {"query": expr.replace(RATE, self.rate)}
        if instant:
            kind, given["time"] = "query", self.end
        else:
            kind, step = "query_range", max(1.0, (self.end - self.start) / _POINTS)
            given |= {"start": self.start, "end": self.end, "step": step}
        with urllib.request.urlopen(f"{self.url}/api/v1/{kind}?{urllib.parse.urlencode(given)}") as answer:  # noqa: S310
            document = json.load(answer)
        result: list[dict[str, Any]] = document["data"]["result"]
        return result


def page(source: Prometheus, boards: Sequence[Dashboard]) -> str:
    """One page of all `boards`."""
    live = [(float(series["values"][-1][1]) / 1000, series["metric"]["revision"]) for series in source.ask(LIVE, False)]
    sections = "".join(_section(board, source, live) for board in boards)
    return f"<!doctype html><meta charset=utf-8><title>mergecells</title><style>{_STYLE}</style>{sections}{_MEASURE}"


def _section(board: Dashboard, source: Prometheus, live: list[tuple[float, str]]) -> str:
    cards = "".join(_card(panel, source, live) for panel in board.panels)
    return f"<h1>{html.escape(board.title)}</h1><p>{html.escape(board.description)}</p><div class=grid>{cards}</div>"


def _card(panel: Panel, source: Prometheus, live: list[tuple[float, str]]) -> str:
    instant = panel.kind != "timeseries"
    found = [
        (_legend(query, series["metric"]), series)
        for query in panel.queries
        for series in source.ask(query.expr, instant)
    ]
    if not found:
        body = f"<div class=none>{html.escape(panel.empty) or 'no data'}</div>"
    elif panel.kind == "stat":
        body = "".join(_big(panel, legend, float(series["value"][1])) for legend, series in found)
    elif panel.kind == "table":
        body = f"<table>{''.join(f'<tr><td>{html.escape(legend)}' for legend, _ in found)}</table>"
    else:
        lines = [(legend, [(float(t), float(v)) for t, v in series["values"]]) for legend, series in found]
        body = drawing(panel, lines, (source.start, source.end), live)
    head = f"<h2>{html.escape(panel.title)}</h2><p>{html.escape(panel.description)}</p>"
    return f"<div class='card {panel.kind}'>{head}{body}</div>"


def _big(panel: Panel, legend: str, value: float) -> str:
    colour = panel.base
    for least, named in panel.thresholds:
        colour = named if value >= least else colour
    text = dict(panel.words).get(int(value)) or newest(value, panel.unit)
    style = f"background:{_COLOURS[colour]}"
    return f"<div class=big style='{style}'>{html.escape(text)}<small>{html.escape(legend)}</small></div>"


def _legend(query: Query, labels: dict[str, str]) -> str:
    text = query.legend
    for name, value in labels.items():
        text = text.replace("{{" + name + "}}", value[:12] if name == "revision" else value)
    return text


def main() -> int:
    """Write the pages. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.page", description=__doc__)
    parser.add_argument("prometheus")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", default="5m", help="what stands for Grafana's rate interval: four scrapes or more")
    parser.add_argument("--pictures", action="store_true", help="a PNG of each page too, made by Chromium")
    given = parser.parse_args()
    now = time.time()
    source = Prometheus(given.prometheus.rstrip("/"), now - given.minutes * 60, now, given.rate)
    given.folder.mkdir(parents=True, exist_ok=True)
    try:
        for board in read_boards():
            place = given.folder / f"{board.name}.html"
            place.write_text(page(source, [board]), encoding="utf-8")
            print(photograph(place) if given.pictures else place)
    except (OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
