"""Alerts and dashboards in the cluster are those of deploy/observability, word for word."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from deploy.verify.finding import Finding
from deploy.verify.rendering import ROOT, Rendered

RULES = ROOT / "deploy/observability/rules"
BOARDS = ROOT / "deploy/observability/dashboards"
WRITTEN = ROOT / "deploy/k8s/components/observability/rules.yaml"
HEAD = "# Written by `make docs` from deploy/observability/rules: change those, not this.\n"


@cache
def resources() -> list[dict[str, Any]]:
    """A PrometheusRule a file of rules."""
    return [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": f"haetae-{path.stem}"},
            "spec": yaml.safe_load(path.read_text()),
        }
        for path in sorted(RULES.glob("*.yaml"))
    ]


def check(rendered: Rendered) -> Iterator[Finding]:
    for wanted in resources():
        rule = rendered.named("PrometheusRule", wanted["metadata"]["name"])
        if rule is None and any(rendered.of("PodMonitor")):
            yield rendered.finding(f"{wanted['metadata']['name']} is missing", "run `make docs`")
        elif rule and rule.spec != wanted["spec"]:
            yield rule.finding("it differs from deploy/observability/rules", "run `make docs`")
    yield from _boards(rendered)
    for rule in rendered.of("PrometheusRule"):
        for group in rule.spec["groups"]:
            for one in group["rules"]:
                runbook = one.get("annotations", {}).get("runbook_url", "")
                if "alert" in one and not (ROOT / runbook).is_file():
                    yield rule.finding(f"alert {one['alert']} has no runbook {runbook!r}", "write it in docs/runbooks")


def _boards(rendered: Rendered) -> Iterator[Finding]:
    for path in sorted(BOARDS.glob("*.json")):
        there = any(path.name in one.body.get("data", {}) for one in rendered.of("ConfigMap"))
        if not there and any(rendered.of("PodMonitor")):
            yield rendered.finding(f"no dashboard {path.name}", "add it to deploy/observability/kustomization.yaml")


if __name__ == "__main__":
    WRITTEN.write_text(HEAD + yaml.safe_dump_all(resources(), sort_keys=False, width=120, explicit_start=True))
