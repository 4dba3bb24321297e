"""What the API server refuses though it fits the schema: selectors, ports, names, mounts, amounts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.amounts import amount
from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, pods, selects
from deploy.verify.rendering import Rendered, Thing

# Kubernetes' own: RFC 1123 names, IANA service names for ports, C identifiers and a little more for variables.
SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


def check(rendered: Rendered) -> Iterator[Finding]:
    yield from _twice(rendered)
    for thing in rendered.things:
        yield from _names(thing)
    for pod in pods(rendered):
        yield from _selector(pod)
        yield from _ports(pod)
        yield from _mounts(pod)
        for container in pod.containers:
            yield from _amounts(pod, container)
            yield from _variables(pod, container)
    for service in rendered.of("Service"):
        yield from _service(service, rendered)
    for scaler in rendered.of("ScaledObject", "HorizontalPodAutoscaler"):
        yield from _target(scaler, rendered)


def _twice(rendered: Rendered) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for thing in rendered.things:
        if (thing.kind, thing.name) in seen:
            yield thing.finding("the same object a second time", "remove or rename one of them")
        seen.add((thing.kind, thing.name))


def _names(thing: Thing) -> Iterator[Finding]:
    if not SUBDOMAIN.fullmatch(thing.name):
        yield thing.finding("its name is none", "use lower-case letters, digits, - and . (RFC 1123)")
    for key, value in thing.labels.items():
        if not isinstance(value, str) or not LABEL.fullmatch(value):
            yield thing.finding(
                f"label {key}: {value!r} is no value", "at most 63 letters, digits, -, _ and .; quote numbers"
            )


def _selector(pod: Pod) -> Iterator[Finding]:
    selector = pod.thing.spec.get("selector")
    if pod.thing.kind != "Job" and not selects(selector, pod.labels):
        yield pod.thing.finding(
            "its selector does not select its own pods", "make spec.selector a part of spec.template.metadata.labels"
        )


def _ports(pod: Pod) -> Iterator[Finding]:
    names = []
    for container in pod.containers:
        for port in container.get("ports", ()):
            name, number = port.get("name", ""), port["containerPort"]
            names.append(name)
            if name and not PORT_NAME.fullmatch(name):
                yield pod.thing.finding(f"port name {name!r} is none", "at most 15 lower-case letters, digits and -")
            if not 0 < number < 65536:
                yield pod.thing.finding(f"port {number} does not exist", "choose one from 1024 to 65535")
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        yield pod.thing.finding(f"two ports are called {name}", "give each a name of its own")
    for container in pod.containers:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(probe, {}).get("httpGet", {}).get("port")
            if asked is not None and pod.port(asked) is None:
                yield pod.thing.finding(f"{probe} asks port {asked!r}, which there is not", "name one of its ports")


def _mounts(pod: Pod) -> Iterator[Finding]:
    volumes = {volume["name"] for volume in pod.spec.get("volumes", ())}
    mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
    for name in sorted(mounted - volumes):
        yield pod.thing.finding(f"mounts {name!r}, which is no volume of it", "add the volume, or remove the mount")
    for name in sorted(volumes - mounted):
        yield pod.thing.finding(f"volume {name!r} is mounted nowhere", "mount it, or remove it")
    for container in pod.containers:
        paths = [mount["mountPath"] for mount in container.get("volumeMounts", ())]
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            yield pod.thing.finding(f"two volumes are mounted at {path}", "give each a place of its own")


def _amounts(pod: Pod, container: Mapping[str, Any]) -> Iterator[Finding]:
    asked, most = (container.get("resources", {}).get(kind) or {} for kind in ("requests", "limits"))
    for name in asked:
        if name in most and amount(asked[name]) > amount(most[name]):
            yield pod.thing.finding(f"requests more {name} than its limit", f"raise limits.{name}, or ask for less")


def _variables(pod: Pod, container: Mapping[str, Any]) -> Iterator[Finding]:
    for one in container.get("env", ()):
        if not VARIABLE.fullmatch(one["name"]):
            yield pod.thing.finding(f"env {one['name']!r} is no name of a variable", "use letters, digits and _")


def _service(service: Thing, rendered: Rendered) -> Iterator[Finding]:
    behind = [pod for pod in pods(rendered) if selects({"matchLabels": service.spec.get("selector", {})}, pod.labels)]
    if not behind:
        yield service.finding("it selects no pod", "make its selector the labels of a Deployment's pods")
    for port in service.spec.get("ports", ()):
        target = port.get("targetPort", port["port"])
        for pod in behind:
            if pod.port(target) is None:
                yield service.finding(f"leads to port {target!r}, which {pod.name} has not", "name a port of its pods")


def _target(scaler: Thing, rendered: Rendered) -> Iterator[Finding]:
    name = scaler.spec["scaleTargetRef"]["name"]
    target = rendered.named("Deployment", name)
    if target is None:
        yield scaler.finding(f"scales {name!r}, which there is not", "name a Deployment")
    elif "replicas" in target.spec:
        yield target.finding("says `replicas`, which its scaler changes", "remove the line")
