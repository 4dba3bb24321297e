"""How pods come and go: probes that the code answers, time to finish, and never all at once."""

from collections.abc import Iterator

from starlette.routing import Route

from deploy.verify.environment import environment
from deploy.verify.facts import Facts
from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, selects, services
from deploy.verify.rendering import Rendered
from shared.clock import SystemClock
from shared.health import CHECK_SECONDS, Health
from shared.metrics import Metrics
from shared.relay import FLUSH_SECONDS
from shared.runtime import LEAVE_SECONDS

PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
# Named port → the setting that says its number.
PORTS = {"ops": "HAETAE_OPS_PORT", "http": "HAETAE_GATEWAY_PORT"}
HOSTS = {"ops": "HAETAE_OPS_HOST", "http": "HAETAE_GATEWAY_HOST"}
DATABASE = {"cnpg.io/cluster": "haetae-db"}  # labels of its pods
# The kernel's own share of an end: signals, the last log lines, unmounting.
SPARE_SECONDS = 5.0


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    for pod in services(rendered):
        if pod.name in facts.services:
            told = _told(pod, rendered, facts)
            yield from _ports(pod, told)
            yield from _grace(pod, float(told["HAETAE_DRAIN_SECONDS"]))
        yield from _probes(pod)
        yield from _rolling(pod)
        yield from _disruption(pod, rendered)
    yield from _scraped(rendered)


def _told(pod: Pod, rendered: Rendered, facts: Facts) -> dict[str, str]:
    """What is set, over what the code takes without."""
    fields = facts.services[pod.name].fields
    defaults = {name: str(field.default) for name, field in fields.items() if not field.is_required()}
    return defaults | {name: one.value for name, one in environment(pod, rendered).items() if one.value is not None}


def _ports(pod: Pod, told: dict[str, str]) -> Iterator[Finding]:
    for name, setting in PORTS.items():
        if setting not in told:
            continue
        listens, opened = int(told[setting]), pod.port(name)
        if listens != opened:
            yield pod.thing.finding(
                f"port {name!r} is {opened}, the service listens on {listens}", f"make it what {setting} says"
            )
        if told[HOSTS[name]] not in ("0.0.0.0", "::"):  # noqa: S104  # a pod's own network
            yield pod.thing.finding(
                f"{HOSTS[name]} is {told[HOSTS[name]]}: nobody outside the pod reaches port {name!r}",
                "set it to 0.0.0.0",
            )


def _probes(pod: Pod) -> Iterator[Finding]:
    container = next(iter(pod.containers), {})
    for probe, path in PROBES.items():
        asked = container.get(probe, {})
        got = asked.get("httpGet", {}).get("path")
        if got != path or asked["httpGet"].get("port") != "ops":
            there = ", ".join(routes())
            yield pod.thing.finding(
                f"{probe} asks {got or 'nothing'}, not {path} of port ops", f"the ops port answers {there}: ask {path}"
            )
        if probe == "readinessProbe" and asked.get("timeoutSeconds", 1) <= CHECK_SECONDS:
            yield pod.thing.finding(
                f"readinessProbe waits no longer than the checks behind it ({CHECK_SECONDS:g} s)",
                f"timeoutSeconds: {CHECK_SECONDS + 1:g}",
            )


def _grace(pod: Pod, drain_s: float) -> Iterator[Finding]:
    container = next(iter(pod.containers), {})
    wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    if pod.labels.get("app.kubernetes.io/component") == "pages" and not wait:
        yield pod.thing.finding("browsers are still sent to a stopped pod", "lifecycle.preStop.sleep.seconds: 5")
    needed = wait + drain_s + LEAVE_SECONDS + FLUSH_SECONDS + LEAVE_SECONDS + SPARE_SECONDS
    given = pod.spec.get("terminationGracePeriodSeconds", 30)
    if given < needed:
        yield pod.thing.finding(
            f"is killed after {given} s, and may need {needed:g} s to finish what it holds",
            f"terminationGracePeriodSeconds: {needed:g}, or a shorter HAETAE_DRAIN_SECONDS",
        )


def _rolling(pod: Pod) -> Iterator[Finding]:
    rolling = pod.thing.spec.get("strategy", {}).get("rollingUpdate") or {}
    if rolling.get("maxUnavailable") != 0:
        yield pod.thing.finding("a release takes pods before new ones are ready", "rollingUpdate.maxUnavailable: 0")
    if not pod.spec.get("topologySpreadConstraints"):
        yield pod.thing.finding("all its pods may be on one node", "add topologySpreadConstraints by zone and host")
    if not pod.spec.get("priorityClassName"):
        yield pod.thing.finding("it has no priority", "priorityClassName: haetae-cases or haetae-looking")


def _disruption(pod: Pod, rendered: Rendered) -> Iterator[Finding]:
    budgets = [one for one in rendered.of("PodDisruptionBudget") if selects(one.spec.get("selector"), pod.labels)]
    if len(budgets) != 1:
        yield pod.thing.finding(
            f"{len(budgets)} PodDisruptionBudgets select its pods", f"deploy/k8s/base/{pod.name}/disruption.yaml: one"
        )
    for budget in budgets:
        if budget.spec.get("maxUnavailable") != 1:
            yield budget.finding("a drained node stands still, or takes all pods at once", "maxUnavailable: 1")


def _scraped(rendered: Rendered) -> Iterator[Finding]:
    for monitor in rendered.of("PodMonitor"):
        if selects(monitor.spec.get("selector"), DATABASE):  # answers by its operator's exporter
            continue
        for pod in services(rendered):
            if not selects(monitor.spec.get("selector"), pod.labels):
                yield monitor.finding(f"does not select {pod.name}", "select by app.kubernetes.io/component")
        for endpoint in monitor.spec.get("podMetricsEndpoints", ()):
            if endpoint.get("path") not in routes() or endpoint.get("port") != "ops":
                yield monitor.finding(
                    f"asks {endpoint.get('path')} of {endpoint.get('port')}", "path: /metrics, port: ops"
                )


def routes() -> list[str]:
    """Of the ops port, asked of the code that serves them."""

    async def nothing() -> None: ...

    health = Health(SystemClock(), Metrics(), {}, dict, nothing)
    return [route.path for route in health.app.routes if isinstance(route, Route)]
