"""Every PromQL expression that is shipped, and the metrics that each names: for tests, and for who looks one up."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

HERE = Path(__file__).parent
RULES, DASHBOARDS = HERE / "rules", HERE / "dashboards"
# Of other exporters that a cluster has: of volumes (kubelet), of CloudNativePG and its Barman Cloud plug-in.
ELSEWHERE = frozenset(
    {
        "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp",
        "cnpg_pg_stat_archiver_last_archived_time",
        "cnpg_pg_stat_archiver_last_failed_time",
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
        "up",
    }
)
# What Grafana writes in place of these before Prometheus sees them.
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$job": ".*"}


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(RULES.glob("*.yaml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield file, rule


def dashboards() -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(DASHBOARDS.glob("*.json")):
        yield file, json.loads(file.read_text())


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and the expression as Prometheus gets it."""
    for file, rule in rules():
        yield f"{file.name}: {rule.get('alert') or rule['record']}", rule["expr"]
    for file, board in dashboards():
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file.name}: {panel['title']}", plain(target["expr"])


def plain(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def names_in(expression: str) -> set[str]:
    """The metrics that an expression asks for. Raises `ValueError` for one that is none."""
    return set(_walk(promql_parser.parse(expression)))


def _walk(node: object) -> Iterator[str]:
    match node:
        case promql_parser.VectorSelector():
            yield node.name or ""
        case promql_parser.MatrixSelector():
            yield from _walk(node.vector_selector)
        case promql_parser.BinaryExpr():
            yield from _walk(node.lhs)
            yield from _walk(node.rhs)
        case promql_parser.Call():
            for argument in node.args:
                yield from _walk(argument)
        case promql_parser.AggregateExpr() | promql_parser.SubqueryExpr() | promql_parser.ParenExpr():
            yield from _walk(node.expr)
        case promql_parser.UnaryExpr():
            yield from _walk(node.expr)


def unknown(scrapes: Iterable[str]) -> list[str]:
    """Metrics that something asks for and no service tells, each with where it is asked for."""
    told = {name for scrape in scrapes for name in series_of(scrape)}
    told |= ELSEWHERE | {rule["record"] for _, rule in rules() if "record" in rule}
    return [f"{where}: {name}" for where, text in expressions() for name in sorted(names_in(text) - told)]


def series_of(scrape: str) -> set[str]:
    """Names of series; of a metric with labels that none has yet, those that it will have."""
    found = set()
    for family in text_string_to_metric_families(scrape):
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        found |= {family.name + end for end in ends}
    return found
