"""Deployments as the API server sees them: whether all of their pods are there, and if not, why."""

from collections.abc import Mapping
from typing import Any

from deploy.verify.apiserver.client import Client, until
from deploy.verify.rendering import Rendered, Thing

ROLL_SECONDS = 180


class NotRolled(Exception):
    """What stood still, with what the API server knew of it."""


def path(thing: Thing, *more: str) -> str:
    place = {"Deployment": "/apis/apps/v1", "PodDisruptionBudget": "/apis/policy/v1beta1", "Job": "/apis/batch/v1"}
    plural = f"{thing.kind.lower()}s"
    return "/".join(
        (f"{place[thing.kind]}/namespaces/{thing.body['metadata']['namespace']}/{plural}/{thing.name}", *more)
    )


def available(client: Client, deployment: Thing) -> bool:
    now = client.get(path(deployment))
    wanted, status = now["spec"]["replicas"], now["status"]
    seen = status.get("observedGeneration", 0) >= now["metadata"]["generation"]
    counts = [status.get(one, 0) for one in ("replicas", "updatedReplicas", "availableReplicas")]
    return seen and counts == [wanted] * 3


def up(client: Client, deployments: list[Thing]) -> None:
    for deployment in deployments:
        try:
            until(lambda one=deployment: available(client, one), ROLL_SECONDS, deployment.name)  # type: ignore[misc]  # its default binds the loop's own
        except TimeoutError:
            raise NotRolled(f"{deployment.file}: Deployment/{deployment.name}: {why(client, deployment)}") from None


def why(client: Client, deployment: Thing) -> str:
    status = client.get(path(deployment))["status"]
    told = [one["message"] for one in status.get("conditions", ()) if one["status"] != "True" and "message" in one]
    waiting = [
        condition["message"]
        for pod in pods(client, deployment)
        for condition in pod["status"].get("conditions", ())
        if condition["status"] != "True" and "message" in condition
    ]
    return "; ".join(dict.fromkeys([*told, *waiting])) or f"not available: {status}"


def pods(client: Client, deployment: Thing) -> list[Mapping[str, Any]]:
    labels = deployment.spec["selector"]["matchLabels"]
    place = f"/api/v1/namespaces/{deployment.body['metadata']['namespace']}/pods"
    found = client.get(place, labelSelector=",".join(f"{name}={value}" for name, value in labels.items()))["items"]
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def complete(client: Client, rendered: Rendered) -> bool:
    jobs = list(rendered.of("Job"))
    done = "jobs are complete"
    until(lambda: all(client.get(path(job))["status"].get("succeeded") == 1 for job in jobs), ROLL_SECONDS, done)
    return True


def running(client: Client, deployment: Thing) -> int:
    """Pods that run and stay: counted themselves, since a deployment's status comes after them."""
    return sum(pod["status"]["phase"] == "Running" for pod in pods(client, deployment))
