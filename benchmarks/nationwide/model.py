"""`load.toml` and what an overlay renders, as stages to simulate. Errors name the file and the field."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.nationwide.load import Load
from benchmarks.nationwide.stage import Draw, Stage
from deploy.scaling.rendered import read
from deploy.scaling.scaler import Deployed
from deploy.verify.rendering import Rendered

FILE = Path(__file__).parent / "load.toml"


@dataclass(frozen=True)
class Model:
    """`deployed`: of each simulated service, as rendered. `told`: the file."""

    loads: Mapping[str, Load]
    stages: tuple[Stage, ...]
    deployed: Mapping[str, Deployed]
    told: Mapping[str, Any]

    @property
    def hop_s(self) -> float:
        return float(self.told["between"]["hop_s"])

    def instead(self) -> tuple[Stage, ...]:
        """With other numbers for one of them."""
        told = self.told["instead"]
        return tuple(_with(stage, told) if stage.scaler.service == told["service"] else stage for stage in self.stages)

    def with_pods(self, least: bool) -> tuple[Stage, ...]:
        """The same without a scaler: always as few, or as many, pods as it may have."""
        return tuple(
            replace(stage, scaler=replace(stage.scaler, least=many, most=many))
            for stage in self.stages
            for many in [stage.scaler.least if least else stage.scaler.most]
        )


def model(rendered: Rendered, file: Path = FILE) -> Model:
    """Raises `ValueError`."""
    try:
        told = tomllib.loads(file.read_text())
        loads = {name: Load(**{**told["usual"], **load}) for name, load in told["load"].items()}
        pods = {stage["service"]: read(rendered, stage["service"]) for stage in told["stage"]}
        stages = tuple(_stage(stage, pods[stage["service"]], told["between"]) for stage in told["stage"])
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file}: {error}: compare it with benchmarks/nationwide/load.toml") from error
    return Model(loads, stages, pods, told)


def _stage(told: Mapping[str, Any], pods: Deployed, between: Mapping[str, float]) -> Stage:
    at_once = told["at_once"]
    works, waits = told["seconds"], told.get("waits", [0.0, 0.0])
    return Stage(
        pods.scaler,
        told["topic"],
        pods.partitions[told["topic"]],
        int(pods.settings[at_once] if isinstance(at_once, str) else at_once),
        Draw(works[0] + waits[0], works[1] + waits[1]),
        between["start_s"],
        between["rebalance_s"],
    )


def _with(stage: Stage, told: Mapping[str, Any]) -> Stage:
    triggers = tuple(
        replace(trigger, threshold=told["threshold"]) if trigger.topic == stage.topic else trigger
        for trigger in stage.scaler.triggers
    )
    scaler = replace(stage.scaler, most=told["most"], triggers=triggers)
    return replace(stage, partitions=told["partitions"], scaler=scaler)
