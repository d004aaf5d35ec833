"""Dashboards as they stand in Grafana's JSON: what is drawn without Grafana is what Grafana would get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from dashboards.boards import BOARDS
from dashboards.model import Dashboard, Panel, Query

FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "grafana"


def read_boards(folder: Path = FOLDER) -> list[Dashboard]:
    """All of a folder, in the order of the description; others after them."""
    order = [board.name for board in BOARDS]
    files = sorted(
        folder.glob("*.json"), key=lambda file: (order.index(file.stem) if file.stem in order else 99, file.stem)
    )
    return [from_grafana(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]


def from_grafana(name: str, document: dict[str, Any]) -> Dashboard:
    """The inverse of `to_grafana`."""
    panels = tuple(_panel(each) for each in document["panels"])
    return Dashboard(name, document["title"], document["description"], panels)


def _panel(given: dict[str, Any]) -> Panel:
    field = given["fieldConfig"]["defaults"]
    base, *steps = field["thresholds"]["steps"]
    words = field["mappings"][0]["options"] if "mappings" in field else {}
    return Panel(
        title=given["title"],
        unit=field["unit"],
        description=given["description"],
        queries=tuple(Query(each["expr"], each["legendFormat"]) for each in given["targets"]),
        kind=given["type"],
        thresholds=tuple((float(step["value"]), step["color"]) for step in steps),
        base=base["color"],
        words=tuple((int(value), option["text"]) for value, option in words.items()),
        stacked=field.get("custom", {}).get("stacking", {}).get("mode") == "normal",
        highest=field.get("max"),
        empty=field.get("noValue", ""),
    )
