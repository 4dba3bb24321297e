"""The catalogue as commands of Kafka itself, for a broker that no operator looks after."""

import shlex
from collections.abc import Mapping

from deploy.access.catalogue import Grant, Principal
from deploy.access.retention import Kept
from shared.bus.kafka_topics import IN_SYNC, REPLICAS

AT = '--bootstrap-server "$KAFKA" --command-config admin.properties'
# Kafka's own least is 4096, for SHA-512 too.
SCRAM_ITERATIONS = 8192
QUOTAS = {"consumerByteRate": "consumer_byte_rate", "requestPercentage": "request_percentage"}


def create_topic(one: Kept, prefix: str = "") -> str:
    return (
        f"kafka-topics.sh {AT} --create --if-not-exists --topic {prefix}{one.name} --partitions {one.partitions} "
        f"--replication-factor {REPLICAS} --config retention.ms={one.retention_ms} "
        f"--config min.insync.replicas={IN_SYNC}"
    )


def allow(one: Principal, prefix: str = "") -> list[str]:
    who = f"CN={one.name}" if one.login == "tls" else one.name
    return [_allow(who, grant, prefix) for grant in one.grants]


def set_password(user: str, password: str) -> str:
    given = f"SCRAM-SHA-512=[iterations={SCRAM_ITERATIONS},password={password}]"
    return f"{_configs(user)} --add-config {shlex.quote(given)}"


def set_quotas(user: str, quotas: Mapping[str, int]) -> str:
    given = ",".join(f"{QUOTAS[name]}={value}" for name, value in quotas.items())
    return f"{_configs(user)} --add-config {given}"


def _configs(user: str) -> str:
    return f"kafka-configs.sh {AT} --alter --entity-type users --entity-name {user}"


def _allow(who: str, grant: Grant, prefix: str) -> str:
    operations = " ".join(f"--operation {one}" for one in grant.operations)
    pattern = " --resource-pattern-type prefixed" if grant.prefix else ""
    resource = f"--{grant.kind} {prefix}{grant.name}{pattern}"
    return f"kafka-acls.sh {AT} --add --allow-principal User:{who} {operations} {resource}"
