"""Grafana's JSON (schema 39) of a board. Nothing in it depends on the time or the machine: twice is the same file."""

import json
from dataclasses import dataclass
from typing import Any

SCHEMA = 39
WIDTH, HEIGHT = 12, 8  # of a panel, of the 24 columns that a row has
SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True)
class Panel:
    """`unit`: by Grafana's name. `queries`: legend and expression. `signed`: it may be below zero."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    signed: bool = False


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    about: str
    panels: tuple[Panel, ...]


def rendered(board: Board) -> str:
    return json.dumps(grafana(board), indent=1, ensure_ascii=False) + "\n"


def grafana(board: Board) -> dict[str, Any]:
    uses_job = any("$job" in expression for panel in board.panels for _, expression in panel.queries)
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.about,
        "tags": ["haetae"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": [_source(), *([_job()] if uses_job else [])]},
        "panels": [_panel(number, panel) for number, panel in enumerate(board.panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"x": number % 2 * WIDTH, "y": number // 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, **({} if panel.signed else {"min": 0})}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for place, (legend, expression) in enumerate(panel.queries)
        ],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}


def _job() -> dict[str, Any]:
    query = "label_values(haetae_service_info, job)"
    return {
        "name": "job",
        "label": "Service",
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "job"},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }
