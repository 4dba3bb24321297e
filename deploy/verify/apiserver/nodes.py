"""Machines that are not there: nodes that the scheduler places pods on, and a kubelet that says of each pod that it
runs. Nothing is started: what is judged is whether the pods may be made, where they go, and when they may go away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx

from deploy.verify.apiserver.client import Client

ZONES = ("a", "b", "c")
NODES = 6
# Of a common size; requests of all pods at their ceilings must fit six of them.
SIZE = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
TURN_SECONDS = 0.2
ADDRESS = "203.0.113.{}"


def join(client: Client) -> None:
    for number in range(NODES):
        name = f"node-{number}"
        labels = {"topology.kubernetes.io/zone": ZONES[number % len(ZONES)], "kubernetes.io/hostname": name}
        client.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}})
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        client.patch(
            f"/api/v1/nodes/{name}/status", {"status": {"capacity": SIZE, "allocatable": SIZE, "conditions": [ready]}}
        )
        # Put there until the node controller, which does not run here, has seen it ready.
        client.patch(f"/api/v1/nodes/{name}", {"spec": {"taints": None}})


@contextmanager
def kubelet(client: Client) -> Iterator[None]:
    stop = Event()
    turns = Thread(target=_turns, args=(client, stop), daemon=True)
    turns.start()
    try:
        yield
    finally:
        stop.set()
        turns.join()


def _turns(client: Client, stop: Event) -> None:
    while not stop.wait(TURN_SECONDS):
        try:
            for number, pod in enumerate(client.get("/api/v1/pods")["items"]):
                _turn(client, pod, number)
        except httpx.HTTPError:
            continue  # the next turn finds the same pods


def _turn(client: Client, pod: Mapping[str, Any], number: int) -> None:
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
    if meta.get("deletionTimestamp"):
        client.delete(path)
    elif pod["spec"].get("nodeName") and pod["status"]["phase"] == "Pending":
        owners = {one["kind"] for one in meta.get("ownerReferences", ())}
        client.patch(
            f"{path}/status", {"status": _done() if "Job" in owners else _runs(ADDRESS.format(1 + number % 250))}
        )


def _runs(address: str) -> dict[str, Any]:
    conditions = [{"type": one, "status": "True"} for one in ("Initialized", "ContainersReady", "Ready")]
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": conditions}


def _done() -> dict[str, Any]:
    return {"phase": "Succeeded"}
