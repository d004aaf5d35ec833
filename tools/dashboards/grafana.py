"""Dashboards as the JSON that Grafana provisions (schema version 39)."""

from __future__ import annotations

from typing import Any, Final

from dashboards.model import LIVE, Dashboard, Panel

_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_ACROSS: Final = 24
_SIZE: Final = {"stat": (6, 5), "table": (12, 8), "timeseries": (12, 8)}


def to_grafana(board: Dashboard) -> dict[str, Any]:
    """One dashboard. Every revision that went live is an annotation."""
    return {
        "uid": f"mergecells-{board.name}",
        "title": board.title,
        "description": board.description,
        "tags": ["mergecells"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "graphTooltip": 1,
        "templating": {"list": [_datasource()]},
        "annotations": {"list": [_live()]},
        "links": [_links()],
        "panels": _placed(board.panels),
    }


def _placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """From left to right, in rows as high as their highest panel."""
    placed, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        width, height = _SIZE[panel.kind]
        if x + width > _ACROSS:
            x, y, row = 0, y + row, 0
        placed.append({"id": number, "gridPos": {"x": x, "y": y, "w": width, "h": height}, **_panel(panel)})
        x, row = x + width, max(row, height)
    return placed


def _panel(panel: Panel) -> dict[str, Any]:
    instant = panel.kind != "timeseries"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                "instant": instant,
                "range": not instant,
                "exemplar": "_bucket" in query.expr,
                **({"format": "table"} if panel.kind == "table" else {}),
            }
            for number, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps = [{"color": panel.base, "value": None}, *({"color": c, "value": v} for v, c in panel.thresholds)]
    field: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
    }
    if panel.unit == "short":
        field["decimals"] = 0  # `increase` reckons with parts of what can only be counted
    if panel.highest is not None:
        field["max"] = panel.highest
    if panel.empty:
        field["noValue"] = panel.empty
    if panel.words:
        words = {str(value): {"text": text, "index": n} for n, (value, text) in enumerate(panel.words)}
        field["mappings"] = [{"type": "value", "options": words}]
    if panel.kind == "timeseries":
        field["custom"] = {
            "fillOpacity": 20 if panel.stacked else 5,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "line" if panel.thresholds else "off"},
        }
    return field


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value_and_name", "colorMode": "background"}
    if panel.kind == "table":
        return {"showHeader": True}
    return {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]}}


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _live() -> dict[str, Any]:
    return {
        "name": "Revision live",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "blue",
        "expr": LIVE,
        "useValueForTime": "on",
        "titleFormat": "Live",
        "textFormat": "{{revision}}",
        "step": "60s",
    }


def _links() -> dict[str, Any]:
    return {"type": "dashboards", "title": "mergecells", "tags": ["mergecells"], "asDropdown": True, "keepTime": True}
