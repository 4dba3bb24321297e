"""What a ScaledObject says, as data, and what Kubernetes takes where it says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Select = Literal["Max", "Min", "Disabled"]


@dataclass(frozen=True)
class Trigger:
    """A `kafka` trigger. `threshold`: records for which there is a pod; `activation`: up to so many wake nobody."""

    group: str
    topic: str
    threshold: int = 10
    activation: int = 0
    allows_idle: bool = False
    only_partitions_with_lag: bool = False


@dataclass(frozen=True)
class Policy:
    """At most `value` pods, or per cent of them, within `period_s`."""

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True)
class Rules:
    """One direction. `Max` takes of several policies the one that changes most."""

    stabilization_s: float
    policies: tuple[Policy, ...]
    select: Select = "Max"


# `behavior` where it is not given: kubernetes.io, "Horizontal Pod Autoscaling", Default Behavior.
UP = Rules(0, (Policy("Pods", 4, 15), Policy("Percent", 100, 15)))
DOWN = Rules(300, (Policy("Percent", 100, 15),))


@dataclass(frozen=True)
class Scaler:
    """`cooldown_s`: without work for so long, a scaler with `least` 0 goes to nothing."""

    service: str
    least: int
    most: int
    triggers: tuple[Trigger, ...]
    up: Rules = UP
    down: Rules = DOWN
    cooldown_s: float = 300


@dataclass(frozen=True)
class Deployed:
    """A worker as an overlay renders it. `settings`: of its own ConfigMap; `cpu`: cores, `memory`: bytes, requested."""

    scaler: Scaler
    partitions: Mapping[str, int]
    settings: Mapping[str, str]
    cpu: float
    memory: int
