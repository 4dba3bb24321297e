"""Which right each request takes, and what a broker says without it: Apache Kafka's `KafkaApis`, as a table.

https://kafka.apache.org/documentation/#operations_in_kafka
"""

from __future__ import annotations

from typing import NamedTuple

from kio.schema.errors import ErrorCode

TOPIC, GROUP, CLUSTER = (
    ErrorCode.topic_authorization_failed,
    ErrorCode.group_authorization_failed,
    ErrorCode.cluster_authorization_failed,
)
FORBIDDEN = {"topic": TOPIC, "group": GROUP, "cluster": CLUSTER}
CLUSTER_NAME = "kafka-cluster"
TOPIC_RESOURCE = 2  # of ConfigResource; the others are the cluster's


class Listed(NamedTuple):
    """What a request, or its answer, lists: the field with the entries, and in each its name, its partitions and their
    numbers. Without a name's field the entries are names; without a number's field partitions are numbers."""

    entries: str
    name: str = ""
    partitions: str = ""
    number: str = ""


class Api(NamedTuple):
    """`versions`: those that are offered; later ones name topics by a number, or several groups at once."""

    versions: tuple[int, int]
    operation: str
    kind: str
    asks: Listed | None = None
    answers: Listed | None = None
    group: tuple[str, str] | None = None  # the operation on a group that it takes first, and the group's field


READ_GROUP, SEE_GROUP = ("Read", "group_id"), ("Describe", "group_id")
APIS: dict[str, Api] = {
    "produce": Api(
        (3, 11),
        "Write",
        "topic",
        Listed("topic_data", "name", "partition_data", "index"),
        Listed("responses", "name", "partition_responses", "index"),
    ),
    "fetch": Api(
        (4, 12),
        "Read",
        "topic",
        Listed("topics", "topic", "partitions", "partition"),
        Listed("responses", "topic", "partitions", "partition_index"),
    ),
    "list_offsets": Api(
        (1, 7),
        "Describe",
        "topic",
        Listed("topics", "name", "partitions", "partition_index"),
        Listed("topics", "name", "partitions", "partition_index"),
    ),
    "metadata": Api((1, 9), "Describe", "topic", Listed("topics", "name"), Listed("topics", "name")),
    "offset_commit": Api(
        (2, 8),
        "Read",
        "topic",
        Listed("topics", "name", "partitions", "partition_index"),
        Listed("topics", "name", "partitions", "partition_index"),
        READ_GROUP,
    ),
    "offset_fetch": Api(
        (1, 7),
        "Describe",
        "topic",
        Listed("topics", "name", "partition_indexes"),
        Listed("topics", "name", "partitions", "partition_index"),
        SEE_GROUP,
    ),
    "find_coordinator": Api((0, 3), "", "", group=("Describe", "key")),
    "join_group": Api((0, 9), "", "", group=READ_GROUP),
    "sync_group": Api((0, 5), "", "", group=READ_GROUP),
    "heartbeat": Api((0, 4), "", "", group=READ_GROUP),
    "leave_group": Api((0, 5), "", "", group=READ_GROUP),
    "describe_groups": Api((0, 5), "Describe", "group", Listed("groups"), Listed("groups", "group_id")),
    "list_groups": Api((0, 4), "Describe", "group", None, Listed("groups", "group_id")),
    "delete_groups": Api((0, 2), "Delete", "group", Listed("groups_names"), Listed("results", "group_id")),
    "create_topics": Api((2, 6), "Create", "topic", Listed("topics", "name"), Listed("topics", "name")),
    "delete_topics": Api((1, 5), "Delete", "topic", Listed("topic_names"), Listed("responses", "name")),
    "delete_records": Api(
        (0, 2),
        "Delete",
        "topic",
        Listed("topics", "name", "partitions", "partition_index"),
        Listed("topics", "name", "partitions", "partition_index"),
    ),
    "describe_configs": Api(
        (1, 4), "DescribeConfigs", "topic", Listed("resources", "resource_name"), Listed("results", "resource_name")
    ),
    "incremental_alter_configs": Api(
        (0, 1), "AlterConfigs", "topic", Listed("resources", "resource_name"), Listed("responses", "resource_name")
    ),
    "init_producer_id": Api((0, 4), "IdempotentWrite", "cluster"),
}
