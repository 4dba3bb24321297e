"""Prometheus Operator, monitoring.coreos.com/v1 (https://prometheus-operator.dev/docs/api-reference/api/)."""

from typing import Annotated

from pydantic import Field

from deploy.verify.crds.closed import Closed, Duration, Labels, Selector

# Prometheus' own: days, weeks and years too.
Span = Annotated[str, Field(pattern=r"^([0-9]+(y|w|d|h|m|s|ms))+$")]


class Endpoint(Closed):
    port: str
    path: Annotated[str, Field(pattern=r"^/")]
    interval: Duration
    scrape_timeout: Duration


class PodMonitor(Closed):
    selector: Selector
    job_label: str
    pod_metrics_endpoints: list[Endpoint]


class Rule(Closed):
    alert: str | None = None
    record: str | None = None
    expr: str
    for_: Annotated[Span | None, Field(alias="for")] = None
    keep_firing_for: Annotated[Span | None, Field(alias="keep_firing_for")] = None
    labels: Labels = Field(default_factory=dict)
    annotations: Labels = Field(default_factory=dict)


class Group(Closed):
    name: str
    interval: Span | None = None
    rules: list[Rule]


class Rules(Closed):
    groups: list[Group]


API = "monitoring.coreos.com/v1"
KINDS: dict[str, type[Closed]] = {f"{API}/PodMonitor": PodMonitor, f"{API}/PrometheusRule": Rules}
