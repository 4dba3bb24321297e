"""The scaler of a service, its pods and its topics, as an overlay renders them. What it does not know, it refuses."""

from collections.abc import Mapping
from typing import Any

from deploy.scaling.scaler import DOWN, UP, Deployed, Policy, Rules, Scaler, Trigger
from deploy.verify.amounts import amount
from deploy.verify.rendering import Rendered, Thing, render

OVERLAY = "production"
# Fields of a trigger that say where Kafka is and who asks, not how many pods there are to be.
ELSEWHERE = {"bootstrapServers", "consumerGroup", "topic", "tls", "sasl", "offsetResetPolicy", "version"}
TRUE = "true"


def deployed(service: str, overlay: str = OVERLAY) -> Deployed:
    """Renders the overlay by kustomize. Raises `ValueError` naming the object and the cure."""
    return read(render(overlay), service)


def read(rendered: Rendered, service: str) -> Deployed:
    thing = next(
        (one for one in rendered.of("ScaledObject") if one.spec["scaleTargetRef"]["name"] == service),
        None,
    )
    if thing is None:
        raise ValueError(f"overlay {rendered.overlay} has no ScaledObject of {service}: add components/keda")
    scaler = scaler_of(thing, service)
    topics = {trigger.topic: rendered.named("KafkaTopic", trigger.topic) for trigger in scaler.triggers}
    if missing := [name for name, topic in topics.items() if topic is None]:
        raise ValueError(f"overlay {rendered.overlay} has no KafkaTopic {missing[0]}: run `make docs`")
    told = rendered.named("ConfigMap", service)
    requests = _requests(rendered, service)
    return Deployed(
        scaler,
        {name: int(topic.spec["partitions"]) for name, topic in topics.items() if topic},
        dict(told.body.get("data", {})) if told else {},
        float(amount(requests["cpu"])),
        int(amount(requests["memory"])),
    )


def scaler_of(thing: Thing, service: str) -> Scaler:
    spec = thing.spec
    hpa = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {})
    return Scaler(
        service,
        int(spec.get("minReplicaCount", 0)),
        int(spec.get("maxReplicaCount", 100)),
        tuple(_trigger(thing, trigger) for trigger in spec["triggers"]),
        _rules(hpa.get("scaleUp"), UP),
        _rules(hpa.get("scaleDown"), DOWN),
        float(spec.get("cooldownPeriod", 300)),
    )


def _trigger(thing: Thing, trigger: Mapping[str, Any]) -> Trigger:
    if trigger["type"] != "kafka":
        raise ValueError(f"{thing.file}: {thing.name} has a trigger {trigger['type']}: only kafka is known here")
    told = dict(trigger["metadata"])
    made = Trigger(
        told["consumerGroup"],
        told["topic"],
        int(told.pop("lagThreshold", 10)),
        int(told.pop("activationLagThreshold", 0)),
        told.pop("allowIdleConsumers", "") == TRUE,
        told.pop("limitToPartitionsWithLag", "") == TRUE,
    )
    if told.get("offsetResetPolicy") not in (None, "earliest"):
        raise ValueError(f"{thing.file}: {thing.name}: services begin at the start: offsetResetPolicy: earliest")
    if unknown := set(told) - ELSEWHERE:
        raise ValueError(
            f"{thing.file}: {thing.name}: {min(unknown)} is not known here: teach deploy/scaling, or drop it"
        )
    return made


def _rules(told: Mapping[str, Any] | None, default: Rules) -> Rules:
    if told is None:
        return default
    policies = tuple(
        Policy(policy["type"], int(policy["value"]), float(policy["periodSeconds"]))
        for policy in told.get("policies", ())
    )
    return Rules(
        float(told.get("stabilizationWindowSeconds", default.stabilization_s)),
        policies or default.policies,
        told.get("selectPolicy", "Max"),
    )


def _requests(rendered: Rendered, service: str) -> Mapping[str, str]:
    pods = rendered.named("Deployment", service)
    if pods is None:
        raise ValueError(f"overlay {rendered.overlay} has no Deployment {service}")
    container: Mapping[str, Any] = pods.spec["template"]["spec"]["containers"][0]
    requests: Mapping[str, str] = container["resources"]["requests"]
    return requests
