"""What pods cost, and what is full first. Pure; prices are assumptions of `load.toml`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.nationwide.chain import Day
from benchmarks.nationwide.load import DAY_S, HOUR_S, Load
from benchmarks.nationwide.model import Model
from benchmarks.nationwide.stage import Stage
from deploy.verify.amounts import amount
from deploy.verify.rendering import Rendered

GIB = 2**30


def pods_cost(day: Day, model: Model) -> float:
    """A day of the simulated services, by what their pods request."""
    return sum(
        outcome.pod_hours * _hour(model.deployed[name].cpu, model.deployed[name].memory, model.told["price"])
        for name, outcome in day.stages.items()
    )


def standing_cost(rendered: Rendered, model: Model) -> float:
    """A day of all that runs whatever the load: gateway, crawler and notifier at their least, Kafka, PostgreSQL."""
    return 24 * sum(pods * _hour(cpu, memory, model.told["price"]) for pods, cpu, memory in _standing(rendered, model))


def _standing(rendered: Rendered, model: Model) -> Iterator[tuple[int, float, float]]:
    """Pods, and what each requests."""
    scalers = {
        one.spec["scaleTargetRef"]["name"]: one.spec.get("minReplicas", one.spec.get("minReplicaCount", 1))
        for one in rendered.of("HorizontalPodAutoscaler", "ScaledObject")
    }
    for thing in rendered.of("Deployment"):
        if thing.name not in model.deployed:
            asked = thing.spec["template"]["spec"]["containers"][0]["resources"]["requests"]
            yield int(scalers.get(thing.name, 1)), amount(asked["cpu"]), amount(asked["memory"])
    for thing in rendered.of("KafkaNodePool", "Cluster"):
        asked = thing.spec["resources"]["requests"]
        yield (
            int(thing.spec.get("replicas", thing.spec.get("instances"))),
            amount(asked["cpu"]),
            amount(asked["memory"]),
        )


def _hour(cores: float, memory: float, price: Mapping[str, Any]) -> float:
    return cores * float(price["core_hour"]) + memory / GIB * float(price["gib_hour"])


def carries(stage: Stage) -> float:
    """Records a second with all the pods that it may have: partitions are worked through one record after another."""
    return min(stage.partitions, stage.scaler.most * stage.at_once) / stage.seconds.mean


def full_first(load: Load, stages: Sequence[Stage]) -> list[tuple[str, float]]:
    """How many times the load may be until the storm's own rate is a stage's ceiling; the first to be full first."""
    storm = load.rate((load.storm_hour + load.storm_minutes / 120) * HOUR_S)
    asked = [storm, *(storm * load.storm_flagged for _ in stages[1:])]
    times = [(stage.scaler.service, round(carries(stage) / rate, 2)) for stage, rate in zip(stages, asked, strict=True)]
    return sorted(times, key=lambda one: one[1])


def besides(load: Load, told: Mapping[str, Any]) -> dict[str, float]:
    """What is not simulated: means over a day without a storm."""
    cases = load.findings_a_day * load.flagged
    pages = load.sites * told["crawl"]["pages_a_site"] + cases * told["crawl"]["checks_a_case"]
    people = told["people"]
    return {
        "crawler_cores": round(pages * told["crawl"]["cpu_s_a_page"] / DAY_S, 3),
        "notifier_cores": round(cases * told["mail"]["notices_a_case"] * told["mail"]["cpu_s_a_notice"] / DAY_S, 4),
        "officials": round(cases * people["seconds_a_verdict"] / (people["hours_a_day"] * HOUR_S), 1),
    }
