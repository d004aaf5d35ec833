"""The dashboards as Grafana gets them: generated, complete, and about metrics that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.__main__ import main
from dashboards.boards import BOARDS
from dashboards.model import LIVE, Panel
from dashboards.read import read_boards
from mergecells.adapters.metric_catalogue import METRICS
from promql import selectors

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
FILES = sorted(FOLDER.glob("*.json"))
SERIES = {f"mergecells_{series}": metric for metric in METRICS.values() for series in metric.series()}


def load(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def panels() -> Iterator[Panel]:
    for board in BOARDS:
        yield from board.panels


def test_dashboards_are_those_of_their_description() -> None:
    """Who edits one in Grafana edits a copy: the next `make docs` would undo it."""
    assert main(["--check"]) == 0


def test_what_is_drawn_without_grafana_is_what_grafana_gets() -> None:
    """The pages are read from the JSON: units, thresholds, words and legends included."""
    assert read_boards(FOLDER) == list(BOARDS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dashboard_is_complete(file: Path) -> None:
    """Every panel has a unit, a description and queries with legends, none lies upon another, revisions are marked."""
    board = load(file)
    assert board["annotations"]["list"][0]["expr"] == LIVE
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_dashboards_have_addresses_of_their_own() -> None:
    """Links lead by them; Grafana overwrites one dashboard with another of the same."""
    boards = [load(file) for file in FILES]
    assert len({board["uid"] for board in boards}) == len(boards) == 7
    assert sum(len(board["panels"]) for board in boards) >= 30


@pytest.mark.parametrize("panel", list(panels()), ids=lambda panel: panel.title)
def test_panel_asks_for_what_the_catalogue_has(panel: Panel) -> None:
    """Metrics, labels and their values, and labels of the legend: what nobody exports would be an empty panel."""
    for query in panel.queries:
        found = selectors(query.expr)
        labels = {"instance", "job"}
        for selector in found:
            if selector.name.startswith("mergecells_"):
                metric = SERIES[selector.name]
                labels |= metric.labels.keys()
                for label, value in selector.wanted():
                    bound = metric.labels.get(label)
                    assert bound is not None, f"{selector}: no label {label}"
                    assert isinstance(bound, str) or value in bound, f"{selector}: {label} is never {value}"
        if all(selector.name.startswith("mergecells_") for selector in found):
            assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= labels


def test_every_metric_is_on_a_dashboard_or_in_an_alert() -> None:
    """A number that nobody looks at need not be exported."""
    rules = (FOLDER.parent / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    texts = [rules, LIVE, *(query.expr for panel in panels() for query in panel.queries)]
    asked = {selector.name for text in texts for selector in selectors(text)}
    assert {metric.name for name, metric in SERIES.items() if name in asked} == set(METRICS)
