"""KEDA 2.17.1, keda.sh/v1alpha1 (keda.sh/docs/latest/reference/scaledobject-spec/ and scalers/apache-kafka/)."""

from typing import Annotated, Literal

from pydantic import Field

from deploy.verify.crds.closed import Closed, Name, Named, Positive

Number = Annotated[str, Field(pattern=r"^[0-9]+$")]  # the trigger's values are all texts
Truth = Literal["true", "false"]


class Target(Closed):
    api_version: Literal["apps/v1"]
    kind: Literal["Deployment"]
    name: Name


class Fallback(Closed):
    failure_threshold: Positive
    replicas: Positive
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = "static"


class ScalingPolicy(Closed):
    type: Literal["Pods", "Percent"]
    value: Positive
    period_seconds: Positive


class ScalingRules(Closed):
    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600)]
    policies: list[ScalingPolicy] = Field(default_factory=list)


class Behavior(Closed):
    scale_down: ScalingRules | None = None
    scale_up: ScalingRules | None = None


class HpaConfig(Closed):
    behavior: Behavior


class Advanced(Closed):
    horizontal_pod_autoscaler_config: HpaConfig


class KafkaLag(Closed):
    bootstrap_servers: str
    consumer_group: str
    topic: str
    lag_threshold: Number
    activation_lag_threshold: Number = "0"
    offset_reset_policy: Literal["latest", "earliest"] = "latest"
    allow_idle_consumers: Truth = "false"
    tls: Literal["enable", "disable"] = "disable"
    sasl: Literal["none", "plaintext", "scram_sha256", "scram_sha512"] = "none"


class Trigger(Closed):
    type: Literal["kafka"]
    metadata: KafkaLag
    authentication_ref: Named


class ScaledObject(Closed):
    scale_target_ref: Target
    polling_interval: Positive
    cooldown_period: Positive
    min_replica_count: Annotated[int, Field(ge=0)]
    max_replica_count: Positive
    fallback: Fallback
    advanced: Advanced
    triggers: Annotated[list[Trigger], Field(min_length=1)]


class FromSecret(Closed):
    parameter: Literal["ca", "cert", "key", "username", "password"]
    name: Name
    key: str


class TriggerAuthentication(Closed):
    secret_target_ref: list[FromSecret]


API = "keda.sh/v1alpha1"
KINDS: dict[str, type[Closed]] = {
    f"{API}/ScaledObject": ScaledObject, f"{API}/TriggerAuthentication": TriggerAuthentication
}  # fmt: skip
