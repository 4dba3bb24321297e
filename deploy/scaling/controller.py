"""KEDA's Kafka scaler and the autoscaler that it feeds, as functions of time and lag.

KEDA gives the HorizontalPodAutoscaler one external metric a trigger, with an average per pod as target (keda.sh,
"Apache Kafka" scaler; `getTotalLag` of its `kafka_scaler.go`, 2.20). The autoscaler is `autoscaling/v2`
(kubernetes.io, "Horizontal Pod Autoscaling": algorithm, stabilization, policies; `GetExternalPerPodMetricReplicas` of
`replica_calculator.go`; KEP-853 for the policies). Seconds are the caller's clock, whatever its speed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from deploy.scaling.scaler import Policy, Rules, Scaler, Trigger

SYNC_S = 15.0  # --horizontal-pod-autoscaler-sync-period
TOLERANCE = 0.1  # --horizontal-pod-autoscaler-tolerance

Lags = Mapping[tuple[str, str], Sequence[int]]  # (group, topic) → records waiting in each partition


def metric(trigger: Trigger, lags: Sequence[int]) -> int:
    """What KEDA tells of a topic: its lag, no more than gives each partition a pod (unless idle ones are allowed).

    KEDA divides whole numbers, so that less than a threshold beyond the cap is let through: `maxReplicaCount` holds.
    """
    total = sum(lags)
    if trigger.allows_idle and not trigger.only_partitions_with_lag:
        return total
    bound = sum(lag > 0 for lag in lags) if trigger.only_partitions_with_lag else len(lags)
    return bound * trigger.threshold if total // trigger.threshold > bound else total


def proposed(value: int, target: int, pods: int) -> int:
    """Pods by one metric, unless the load of those there are is within the tolerance."""
    if abs(1.0 - value / (target * pods)) <= TOLERANCE:
        return pods
    return ceil(value / target)


@dataclass
class Controller:
    """Of one scaler; call `step` each `SYNC_S`. It remembers what it recommended and what it changed."""

    scaler: Scaler
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)
    _active_at: float = float("-inf")

    def step(self, now: float, pods: int, lags: Lags) -> int:
        """How many pods there should be, where `pods` are asked for now. `lags`: of each trigger's group and topic."""
        of = [(trigger, lags[trigger.group, trigger.topic]) for trigger in self.scaler.triggers]
        if self.scaler.least == 0 and (woken := self._woken(now, pods, of)) is not None:
            return woken
        wanted = max((proposed(metric(one, some), one.threshold, pods) for one, some in of), default=pods)
        allowed = self._limited(now, pods, self._stabilized(now, pods, wanted))
        if allowed != pods:
            self._changes.append((now, allowed - pods))
        return allowed

    def _woken(self, now: float, pods: int, of: Sequence[tuple[Trigger, Sequence[int]]]) -> int | None:
        """KEDA itself scales between nothing and one; None leaves it to the autoscaler."""
        if any(sum(lags) > trigger.activation for trigger, lags in of):
            self._active_at = now
            return 1 if pods == 0 else None
        return 0 if pods == 0 or now - self._active_at >= self.scaler.cooldown_s else None

    def _stabilized(self, now: float, pods: int, wanted: int) -> int:
        """No lower than the highest recommendation of the window, and no higher than the lowest of the other."""
        if not self._recommended:
            self._recommended.append((now, pods))
        up, down = self.scaler.up.stabilization_s, self.scaler.down.stabilization_s
        least = min((many for at, many in self._recommended if at > now - up), default=wanted)
        most = max((many for at, many in self._recommended if at > now - down), default=wanted)
        self._recommended = [(at, many) for at, many in self._recommended if at > now - max(up, down)]
        self._recommended.append((now, wanted))
        return min(max(pods, min(wanted, least)), max(wanted, most))

    def _limited(self, now: float, pods: int, wanted: int) -> int:
        """Between `least` and `most`, and no faster than the policies let it."""
        ceiling, bottom = self.scaler.most, max(1, self.scaler.least)
        if wanted > pods:
            return min(wanted, ceiling, max(pods, self._fastest_up(now, pods)))
        if wanted < pods:
            return min(max(wanted, bottom, min(pods, self._fastest_down(now, pods))), ceiling)
        return min(max(pods, bottom), ceiling)

    def _fastest_up(self, now: float, pods: int) -> int:
        rules = self.scaler.up
        offers = [_up(policy, self._then(now, pods, policy)) for policy in rules.policies]
        return pods if rules.select == "Disabled" else _chosen(rules, offers, max, min)

    def _fastest_down(self, now: float, pods: int) -> int:
        rules = self.scaler.down
        offers = [_down(policy, self._then(now, pods, policy)) for policy in rules.policies]
        return pods if rules.select == "Disabled" else _chosen(rules, offers, min, max)

    def _then(self, now: float, pods: int, policy: Policy) -> int:
        """Pods when the policy's period began."""
        return pods - sum(by for at, by in self._changes if at > now - policy.period_s)


def _up(policy: Policy, pods: int) -> int:
    return pods + policy.value if policy.kind == "Pods" else ceil(pods * (1 + policy.value / 100))


def _down(policy: Policy, pods: int) -> int:
    return pods - policy.value if policy.kind == "Pods" else int(pods * (1 - policy.value / 100))


def _chosen(rules: Rules, offers: Sequence[int], most: Callable[..., int], least: Callable[..., int]) -> int:
    return (least if rules.select == "Min" else most)(offers)
