"""The catalogue as Strimzi's resources (kafka.strimzi.io/v1): the operator makes the topics, users, ACLs and quotas."""

from collections.abc import Iterable
from typing import Any

import yaml

from deploy.access.catalogue import Principal
from deploy.access.retention import Kept
from shared.bus.kafka_topics import IN_SYNC, REPLICAS

API, CLUSTER = "kafka.strimzi.io/v1", "haetae"
HEAD = "# Written by `make docs` from the services' tables (deploy/access): change those, not this.\n"


def topic(one: Kept, prefix: str = "") -> dict[str, Any]:
    config = {
        "cleanup.policy": "delete",
        "min.insync.replicas": IN_SYNC,
        "retention.ms": one.retention_ms,
    }
    labels = {"haetae/public": "true"} if one.public else {}
    spec = {"partitions": one.partitions, "replicas": REPLICAS, "config": config}
    return _resource("KafkaTopic", prefix + one.name, spec, labels)


def user(one: Principal, prefix: str = "", password_from: str | None = None) -> dict[str, Any]:
    """`password_from`: a Secret with the key `password`; without it the operator makes one up."""
    authentication: dict[str, Any] = {"type": one.login}
    if password_from:
        reference = {"name": password_from, "key": "password"}
        authentication["password"] = {"valueFrom": {"secretKeyRef": reference}}
    spec: dict[str, Any] = {
        "authentication": authentication,
        "authorization": {"type": "simple", "acls": [_acl(*grant, before=prefix) for grant in one.grants]},
    }
    if one.quotas:
        spec["quotas"] = dict(one.quotas)
    return _resource("KafkaUser", one.name, spec, {})


def document(resources: Iterable[dict[str, Any]]) -> str:
    """The same resources give the same bytes."""
    return HEAD + yaml.safe_dump_all(resources, sort_keys=False, width=120, explicit_start=True)


def _acl(kind: str, name: str, operations: tuple[str, ...], prefix: bool, *, before: str) -> dict[str, Any]:
    pattern = "prefix" if prefix else "literal"
    resource = {"type": kind, "name": before + name, "patternType": pattern}
    return {"resource": resource, "operations": list(operations)}


def _resource(kind: str, name: str, spec: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": CLUSTER, **labels}}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}
