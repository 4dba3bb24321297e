"""Scalers: each looks at what its service reads, in the service's group, and asks for no pod that would stand idle."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.facts import Facts, Told
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

LEAST_TO_SPREAD = 2
# Of KEDA's ways to fall back, the one that takes no pod away.
KEEPS = "currentReplicasIfHigher"


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    for scaler in rendered.of("ScaledObject"):
        told = facts.services.get(scaler.spec["scaleTargetRef"]["name"])
        if told:
            yield from _looks_right(scaler, told, rendered)
            yield from _ceiling(scaler, rendered)
            yield from _falls_back(scaler)
    yield from _all_scaled(rendered, facts)
    for scaler in rendered.of("HorizontalPodAutoscaler"):
        if scaler.spec.get("minReplicas", 1) < LEAST_TO_SPREAD and rendered.overlay != "dev":
            yield scaler.finding("one pod is none while its node is drained", f"minReplicas: {LEAST_TO_SPREAD}")


def _looks_right(scaler: Thing, told: Told, rendered: Rendered) -> Iterator[Finding]:
    pairs = {(group, topic) for group, topics in told.reads.items() for topic in topics}
    seen = set()
    for one in _triggers(scaler):
        group, topic = str(one.get("consumerGroup")), str(one.get("topic"))
        seen.add((group, topic))
        if group not in told.reads:
            yield scaler.finding(f"{group} is no group of {told.name}", f"there is {' and '.join(sorted(told.reads))}")
        elif topic not in told.reads[group]:
            yield scaler.finding(
                f"group {group} does not read {topic}", f"it reads {', '.join(sorted(told.reads[group]))}"
            )
        if rendered.named("KafkaTopic", topic) is None:
            yield scaler.finding(f"there is no topic {topic}", "name a KafkaTopic of deploy/k8s/base/kafka/generated")
        yield from _address(scaler, one, rendered)
    for group, topic in sorted(pairs - seen):
        yield scaler.finding(f"nobody looks how far {group} is behind on {topic}", f"add a trigger for topic {topic}")


def _address(scaler: Thing, trigger: Mapping[str, Any], rendered: Rendered) -> Iterator[Finding]:
    """KEDA lives in another namespace: the services' short name means nothing there."""
    shared = rendered.named("ConfigMap", "haetae")
    host, _, port = (shared.body["data"]["HAETAE_KAFKA_BOOTSTRAP"] if shared else "").partition(":")
    wanted = f"{host}.{scaler.body['metadata'].get('namespace')}.svc:{port}"
    if trigger.get("bootstrapServers") != wanted:
        yield scaler.finding(f"asks Kafka at {trigger.get('bootstrapServers')}", f"bootstrapServers: {wanted}")


def _ceiling(scaler: Thing, rendered: Rendered) -> Iterator[Finding]:
    topics = [rendered.named("KafkaTopic", str(one.get("topic"))) for one in _triggers(scaler)]
    most = max((topic.spec["partitions"] for topic in topics if topic), default=0)
    if scaler.spec.get("maxReplicaCount", 100) > most:
        yield scaler.finding(
            f"up to {scaler.spec.get('maxReplicaCount', 100)} pods for {most} partitions: the others read nothing",
            f"maxReplicaCount: {most}, or more partitions in shared/events/topics.py",
        )
    if scaler.spec.get("minReplicaCount", 0) < 1:
        yield scaler.finding("it may be scaled to nothing, and its tasks do not run", "minReplicaCount: 1")


def _falls_back(scaler: Thing) -> Iterator[Finding]:
    """For as long as the lag cannot be read. That there is a fallback at all, its model says."""
    fallback, rest = scaler.spec.get("fallback") or {}, scaler.spec.get("minReplicaCount", 0)
    if fallback and fallback.get("behavior") != KEEPS:
        yield scaler.finding(
            "when the lag cannot be read, pods that work off a storm are taken away", f"fallback.behavior: {KEEPS}"
        )
    if fallback and fallback["replicas"] < rest:
        yield scaler.finding(
            f"it falls back on {fallback['replicas']} pods, fewer than its {rest} at rest",
            f"fallback.replicas: {rest}",
        )


def _all_scaled(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    scalers = list(rendered.of("ScaledObject", "HorizontalPodAutoscaler"))
    if not any(scaler.kind == "ScaledObject" for scaler in scalers):
        return  # an overlay without KEDA
    scaled = [scaler.spec["scaleTargetRef"]["name"] for scaler in scalers]
    for name in sorted(set(facts.services) - set(scaled)):
        yield rendered.finding(f"nothing scales {name}", "add it to deploy/k8s/components/keda/workers.yaml")
    for name in sorted({name for name in scaled if scaled.count(name) > 1}):
        yield rendered.finding(f"two scalers pull at {name}", "leave one of them")


def _triggers(scaler: Thing) -> list[Mapping[str, Any]]:
    return [one["metadata"] for one in scaler.spec.get("triggers", ()) if one.get("type") == "kafka"]
