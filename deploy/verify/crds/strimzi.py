"""Strimzi, kafka.strimzi.io/v1 (https://strimzi.io/docs/operators/latest/configuring)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from deploy.verify.crds.closed import Amount, Anything, Closed, Key, Name, Positive, Resources, Selector


class Topic(Closed):
    partitions: Positive
    replicas: Annotated[int, Field(ge=1, le=32767)]
    config: Anything = Field(default_factory=dict)
    topic_name: str | None = None


class Resource(Closed):
    type: Literal["topic", "group", "cluster", "transactionalId"]
    name: str | None = None
    pattern_type: Literal["literal", "prefix"] = "literal"


Operation = Literal[
    "Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction", "AlterConfigs", "DescribeConfigs",
    "IdempotentWrite", "All",
]  # fmt: skip


class Acl(Closed):
    resource: Resource
    operations: Annotated[list[Operation], Field(min_length=1)]
    type: Literal["allow", "deny"] = "allow"
    host: str = "*"


class Authorization(Closed):
    type: Literal["simple"]
    acls: list[Acl]


class PasswordFrom(Closed):
    secret_key_ref: Key


class Password(Closed):
    value_from: PasswordFrom


class UserLogin(Closed):
    type: Literal["tls", "tls-external", "scram-sha-512"]
    password: Password | None = None


class Quotas(Closed):
    consumer_byte_rate: Annotated[int, Field(ge=0)] | None = None
    producer_byte_rate: Annotated[int, Field(ge=0)] | None = None
    request_percentage: Annotated[int, Field(ge=0)] | None = None
    controller_mutation_rate: float | None = None


class User(Closed):
    authentication: UserLogin
    authorization: Authorization
    quotas: Quotas | None = None


class Volume(Closed):
    id: Annotated[int, Field(ge=0)]
    type: Literal["persistent-claim", "ephemeral"]
    size: Amount
    kraft_metadata: Literal["shared"] | None = None
    delete_claim: bool = False
    storage_class: Annotated[str | None, Field(alias="class")] = None


class Storage(Closed):
    type: Literal["jbod"]
    volumes: Annotated[list[Volume], Field(min_length=1)]


class NodePool(Closed):
    replicas: Positive
    roles: list[Literal["controller", "broker"]]
    storage: Storage
    resources: Resources | None = None


class Peer(Closed):
    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: dict[str, Any] | None = None


class ListenerLogin(Closed):
    type: Literal["tls", "scram-sha-512"]


class Listener(Closed):
    name: Annotated[str, Field(pattern=r"^[a-z0-9]{1,11}$")]
    port: Annotated[int, Field(ge=9092)]
    type: Literal["internal", "loadbalancer", "nodeport", "cluster-ip"]
    tls: bool
    authentication: ListenerLogin | None = None
    network_policy_peers: list[Peer] = Field(default_factory=list)


class BrokerAuthorization(Closed):
    type: Literal["simple"]
    super_users: list[str] = Field(default_factory=list)


class Rack(Closed):
    topology_key: str


class Brokers(Closed):
    version: str
    metadata_version: str
    listeners: Annotated[list[Listener], Field(min_length=1)]
    authorization: BrokerAuthorization | None = None
    config: Anything = Field(default_factory=dict)
    rack: Rack | None = None


class UserOperator(Closed):
    secret_prefix: Name | Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = ""


class EntityOperator(Closed):
    topic_operator: Anything
    user_operator: UserOperator


class Kafka(Closed):
    kafka: Brokers
    entity_operator: EntityOperator


API = "kafka.strimzi.io/v1"
KINDS: dict[str, type[Closed]] = {
    f"{API}/Kafka": Kafka, f"{API}/KafkaNodePool": NodePool, f"{API}/KafkaTopic": Topic, f"{API}/KafkaUser": User
}  # fmt: skip
