"""An overlay applied for real, and the day of a platform team: all of it comes up, grows to its ceilings, is drained,
and is rolled to a new release."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.verify.apiserver.client import Client, until
from deploy.verify.apiserver.deployments import (
    ROLL_SECONDS,
    NotRolled,
    available,
    complete,
    path,
    pods,
    running,
    up,
    why,
)
from deploy.verify.apiserver.older import former
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, Thing

REFUSED = 429
EXISTS = 409
# First what others name at their making.
EARLY = ("Namespace", "PriorityClass", "ServiceAccount", "ConfigMap", "Secret")
Say = Callable[[str], None]


def roll(client: Client, rendered: Rendered, say: Say) -> Iterator[Finding]:
    yield from apply(client, rendered)
    deployments = list(rendered.of("Deployment"))
    _volumes(client, rendered)
    up(client, deployments)
    say(f"applied: {len(deployments)} deployments available, job migrations complete: {complete(client, rendered)}")
    yield from _grown(client, rendered, deployments, say)
    yield from _drained(client, rendered, say)
    yield from _released(client, deployments, say)


def apply(client: Client, rendered: Rendered) -> Iterator[Finding]:
    known = [one for one in rendered.things if _older(one) in client.kinds]
    for thing in sorted(known, key=lambda one: EARLY.index(one.kind) if one.kind in EARLY else len(EARLY)):
        answer = client.create(former(thing.body)[0])
        if answer.status != EXISTS:
            yield from (thing.finding(words, "the words are the API server's own") for words in answer.said)


def _older(thing: Thing) -> tuple[str, str]:
    older = former(thing.body)[0]
    return older["apiVersion"], older["kind"]


def _volumes(client: Client, rendered: Rendered) -> None:
    """What a cluster's storage would make for each claim."""
    for claim in rendered.of("PersistentVolumeClaim"):
        spec = {
            "capacity": claim.spec["resources"]["requests"],
            "accessModes": claim.spec["accessModes"],
            "storageClassName": claim.spec.get("storageClassName", ""),
            "hostPath": {"path": "/nowhere"},
        }
        client.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": claim.name}, "spec": spec})


def ceilings(rendered: Rendered) -> dict[str, int]:
    """The most pods that an autoscaler may ask for, by deployment."""
    scalers = [one for kind in ("ScaledObject", "HorizontalPodAutoscaler") for one in rendered.of(kind)]
    return {
        one.spec["scaleTargetRef"]["name"]: one.spec.get("maxReplicaCount") or one.spec["maxReplicas"]
        for one in scalers
    }


def _grown(client: Client, rendered: Rendered, deployments: list[Thing], say: Say) -> Iterator[Finding]:
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in client.get("/api/v1/nodes")["items"]
    }
    most = ceilings(rendered)
    for deployment in deployments:
        client.patch(path(deployment, "scale"), {"spec": {"replicas": most[deployment.name]}})
    up(client, deployments)
    for deployment in deployments:
        spread = Counter(zones[pod["spec"]["nodeName"]] for pod in pods(client, deployment))
        say(f"grown: {deployment.name} to {most[deployment.name]} pods, in zones {dict(sorted(spread.items()))}")
        if len(spread) < min(len(set(zones.values())), most[deployment.name]):
            yield deployment.finding(f"its pods are in {len(spread)} zones", "see topologySpreadConstraints")


def _drained(client: Client, rendered: Rendered, say: Say) -> Iterator[Finding]:
    """Two pods of each service asked to go at once: its budget lets one go."""
    for deployment in rendered.of("Deployment"):
        budget = rendered.named("PodDisruptionBudget", deployment.name)
        if budget is None:
            continue
        until(
            lambda one=budget: client.get(path(one))["status"].get("disruptionsAllowed") == 1,  # type: ignore[misc]  # its default binds the loop's own
            ROLL_SECONDS,
            f"{budget.file}: a pod may go",
        )
        answers = [_evicted(client, pod) for pod in pods(client, deployment)[:2]]
        say(f"drained: {deployment.name}: answers to two evictions at once {answers}")
        if answers != [201, REFUSED]:
            yield budget.finding(f"two evictions at once were answered {answers}", "it must let go one at a time")
        wanted = client.get(path(deployment))["spec"]["replicas"]
        until(
            lambda one=deployment, all_of_them=wanted: running(client, one) == all_of_them,  # type: ignore[misc]  # its defaults bind the loop's own
            ROLL_SECONDS,
            f"{deployment.name}: all pods run again",
        )
        up(client, [deployment])


def _evicted(client: Client, pod: Mapping[str, Any]) -> int:
    meta = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
    place = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/eviction"
    return client.post(place, {"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": meta}).status


def _released(client: Client, deployments: list[Thing], say: Say) -> Iterator[Finding]:
    """A new release: never fewer pods than before, until all are of it."""
    for deployment in deployments:
        wanted = client.get(path(deployment))["spec"]["replicas"]
        release = {"metadata": {"annotations": {"release": "next"}}}
        client.patch(path(deployment), {"spec": {"template": release}})
        fewest = wanted

        def done(one: Thing = deployment) -> bool:
            nonlocal fewest
            fewest = min(fewest, running(client, one))
            return available(client, one)

        try:
            until(done, ROLL_SECONDS, deployment.name)
        except TimeoutError:
            raise NotRolled(f"{deployment.file}: Deployment/{deployment.name}: {why(client, deployment)}") from None
        say(f"released: {deployment.name}: never fewer than {fewest} of {wanted} pods")
        if fewest < wanted:
            yield deployment.finding(f"a rollout left {fewest} of {wanted} pods", "maxUnavailable: 0")
