"""Whatever an object names is there: secrets with their keys, ConfigMaps, accounts, claims, priorities, logins."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.environment import keys, secret
from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, pods
from deploy.verify.rendering import Rendered, Thing

# Made by operators once the cluster runs: Strimzi's CA, CloudNativePG's. Users' secrets follow from the KafkaUsers.
MADE_BY_OPERATORS = {"haetae-cluster-ca-cert": {"ca.crt"}, "haetae-db-ca": {"ca.crt"}}
OF_USERS = {"tls": {"ca.crt", "user.crt", "user.key"}, "scram-sha-512": {"password"}}
# What a secret of Kubernetes is for is told nowhere in this repository but for a cluster of one's own.
OPEN = "dev"


def check(rendered: Rendered) -> Iterator[Finding]:
    for pod in pods(rendered):
        yield from _secrets(pod, rendered)
        yield from _others(pod, rendered)
    for authentication in rendered.of("TriggerAuthentication"):
        for one in authentication.spec.get("secretTargetRef", ()):
            yield from _key(authentication, one["name"], [one["key"]], rendered)
    for scaler in rendered.of("ScaledObject"):
        for trigger in scaler.spec.get("triggers", ()):
            named = trigger.get("authenticationRef", {}).get("name", "")
            if rendered.named("TriggerAuthentication", named) is None:
                yield scaler.finding(f"there is no TriggerAuthentication {named!r}", "authenticationRef: {name: kafka}")
    for cluster in rendered.of("Cluster"):
        yield from _logins(cluster, rendered)
    if rendered.overlay != OPEN:
        for kept in rendered.of("Secret"):
            yield kept.finding("a secret lies open in the repository", "let an ExternalSecret bring it")


def _secrets(pod: Pod, rendered: Rendered) -> Iterator[Finding]:
    for volume in pod.spec.get("volumes", ()):
        if named := volume.get("secret"):
            wanted = [item["key"] for item in named.get("items", ())]
            yield from _key(pod.thing, named["secretName"], wanted, rendered)
            if int(named.get("defaultMode", 0o644)) & 0o007:
                yield pod.thing.finding(f"everybody in the pod may read volume {volume['name']}", "defaultMode: 0440")
    for container in pod.containers:
        for one in container.get("env", ()):
            if named := one.get("valueFrom", {}).get("secretKeyRef"):
                yield from _key(pod.thing, named["name"], [named["key"]], rendered)


def _key(thing: Thing, name: str, wanted: list[str], rendered: Rendered) -> Iterator[Finding]:
    there = _keys(name, rendered)
    if there is None:
        yield thing.finding(f"there is no secret {name!r}", "add an ExternalSecret for it, or correct the name")
    else:
        for key in (key for key in wanted if key not in there):
            yield thing.finding(f"secret {name!r} has no {key!r}", f"it has {', '.join(sorted(there))}")


def _keys(name: str, rendered: Rendered) -> set[str] | None:
    if name in MADE_BY_OPERATORS:
        return MADE_BY_OPERATORS[name]
    for kafka in rendered.of("Kafka"):
        prefix = kafka.spec.get("entityOperator", {}).get("userOperator", {}).get("secretPrefix", "")
        user = rendered.named("KafkaUser", name.removeprefix(prefix)) if name.startswith(prefix) else None
        if user:
            return OF_USERS[user.spec["authentication"]["type"]]
    kept = secret(name, rendered)
    return set(keys(kept)) if kept else None


def _others(pod: Pod, rendered: Rendered) -> Iterator[Finding]:
    for kind, name in _named(pod.spec):
        if rendered.named(kind, name) is None:
            yield pod.thing.finding(f"there is no {kind} {name!r}", "add it, or correct the name")


def _named(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", spec.get("serviceAccountName", "default")
    yield "PriorityClass", spec.get("priorityClassName", "")
    for volume in spec.get("volumes", ()):
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
    for container in spec.get("containers", ()):
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                yield "ConfigMap", source["configMapRef"]["name"]
        for mount in container.get("volumeMounts", ()):
            if mount["mountPath"] == "/dev/shm":  # noqa: S108  # a path in a pod
                yield "SeccompProfile", _profile(container)


def _profile(container: Mapping[str, Any]) -> str:
    """Who has shared memory starts Chromium, and needs the profile that lets it shut itself in."""
    named = container.get("securityContext", {}).get("seccompProfile", {}).get("localhostProfile", "none")
    return str(named).rpartition("/")[2].removesuffix(".json")


def _logins(cluster: Thing, rendered: Rendered) -> Iterator[Finding]:
    spec = cluster.spec
    named = [one["passwordSecret"]["name"] for one in spec.get("managed", {}).get("roles", ())]
    for name in (spec["bootstrap"]["initdb"]["secret"]["name"], *named):
        yield from _key(cluster, name, ["username", "password"], rendered)
