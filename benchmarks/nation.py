"""A nation's day, simulated: 20,000 sites, 100,000 findings, a storm in the evening, under the rendered scalers' rule.

Nothing of it is lived through. Each stage's work is a measured figure (`benchmarks/nationwide/load.toml` names its
command), the controller is the one that drives real processes in `make bench NAME=scaling`, and that benchmark says how
far the simulation is from what it lived through. Peers: always as many pods as the scalers allow, and always as few.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, alone
from benchmarks.nationwide.chain import Day, day
from benchmarks.nationwide.cost import besides, full_first, pods_cost, standing_cost
from benchmarks.nationwide.drawing import Panel, Point, drawn
from benchmarks.nationwide.load import HOUR_S, MINUTE_S, Load
from benchmarks.nationwide.model import Model, model
from benchmarks.nationwide.stage import Stage
from deploy.scaling.rendered import OVERLAY
from deploy.verify.rendering import Rendered, render
from haetae.summary import percentile

SEED = 11
LOAD = "nation"
PROMISED_S = 10.0  # docs/slo.md, found_to_drafted
FIGURES = Path(__file__).parents[1] / "docs/figures"
LIVED = FIGURES / "scaling.json"


def measure(quick: bool, home: Path) -> Figure:
    rendered = render(OVERLAY)
    made = model(rendered)
    load = made.loads[LOAD]
    ruled = day(load, made.stages, made.hop_s, SEED)
    most = day(load, made.with_pods(least=False), made.hop_s, SEED)
    least = day(load, made.with_pods(least=True), made.hop_s, SEED)
    if not quick:
        FIGURES.mkdir(exist_ok=True)
        (FIGURES / "nation.svg").write_text(picture(ruled, least, load))
    return Figure(
        name="nation",
        unit="pod-hours a day of classifier, evidence and drafter",
        ours=round(hours(ruled), 1),
        peers={"always_as_many_as_allowed": round(hours(most), 1), "always_as_few_as_allowed": round(hours(least), 1)},
        floor=None,
        lower_is_better=True,
        bound_by=f"{full_first(load, made.stages)[0][0]}: its partitions are full first",
        detail={
            "load": {"sites": load.sites, "findings": ruled.found, "flagged": ruled.flagged},
            "found_to_draft_s": {
                "by_the_rule": waits(ruled, load),
                "as_many": waits(most, load),
                "as_few": waits(least, load),
            },
            "most_pods": {name: max(one.pods for one in out.seen) for name, out in ruled.stages.items()},
            "storm_grows_until_full": dict(full_first(load, made.stages)),
            "storms": {} if quick else {other["name"]: storms(made, other) for other in made.told["storm"]},
            "loads": {} if quick else {name: row(made, rendered, name) for name in made.loads},
            "simulation_against_life": lived(),
        },
        against="always_as_many_as_allowed",
    )


def hours(of: Day) -> float:
    return sum(outcome.pod_hours for outcome in of.stages.values())


def waits(of: Day, load: Load) -> dict[str, dict[str, float]]:
    """Of the whole day, and of what was found in the storm. `promised`: the share of drafts within the promise."""
    return {
        name: {f"p{percent}": round(percentile(sorted(some), percent), 1) for percent in (50, 95, 99)}
        | {"promised": round(sum(seconds <= PROMISED_S for seconds in some) / max(1, len(some)), 4)}
        for name, some in (
            ("day", [seconds for _, seconds in of.waits]),
            ("storm", [seconds for at, seconds in of.waits if load.in_storm(at)]),
        )
    }


def storms(made: Model, other: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The wait of what another storm brings, and until when its last draft is there, in minutes after its end; with
    scalers and topics as rendered, and with other numbers for one of them."""
    load = replace(made.loads[LOAD], **{name: value for name, value in other.items() if name != "name"})
    end = load.storm_hour * HOUR_S + load.storm_minutes * MINUTE_S
    told = {}
    for name, stages in (("as_rendered", made.stages), ("instead", made.instead())):
        of = day(load, stages, made.hop_s, SEED)
        last = max(at + seconds for at, seconds in of.waits if load.in_storm(at))
        waited = waits(of, load)
        told[name] = {
            **waited["storm"],
            "minutes_after": round(max(0.0, last - end) / MINUTE_S, 1),
            "promised_that_day": waited["day"]["promised"],
            "pod_hours": round(hours(of), 1),
        }
    return told


def row(made: Model, rendered: Rendered, name: str) -> dict[str, Any]:
    """A line of the table of loads."""
    load = made.loads[name]
    stages: Sequence[Stage] = made.with_pods(least=True) if name == "office" else made.stages
    if name == "office":  # one process of each, without a cluster
        stages = [replace(stage, scaler=replace(stage.scaler, least=1, most=1)) for stage in stages]
    of = day(load, stages, made.hop_s, SEED)
    price = made.told["price"]
    cost = {"pods": round(pods_cost(of, made), 2), "standing": round(standing_cost(rendered, made), 2)}
    return {
        "found_to_draft_s": waits(of, load),
        "most_pods": {service: max(one.pods for one in out.seen) for service, out in of.stages.items()},
        "pod_hours": round(hours(of), 1),
        **besides(load, made.told),
        **({} if name == "office" else {f"{price['currency']}_a_day": cost}),
    }


def lived() -> Mapping[str, Any] | None:
    """What `make bench NAME=scaling` found when it simulated the storm that it had lived through."""
    if not LIVED.exists():
        return None
    told: Mapping[str, Any] = json.loads(LIVED.read_text())["figure"]["detail"]["simulated"]
    return told


def picture(ruled: Day, least: Day, load: Load) -> str:
    minutes = [minute * MINUTE_S for minute in range(0, 24 * 60, 5)]
    arriving: list[Point] = [(at / HOUR_S, load.rate(at) * MINUTE_S) for at in minutes]
    pods = [(name, [(seen.at / HOUR_S, seen.pods) for seen in out.seen]) for name, out in ruled.stages.items()]
    panels = [
        Panel("findings a minute", [("found", arriving)]),
        Panel("pods", pods, stepped=True),
        Panel(
            "seconds from found to draft, 99th percentile of ten minutes",
            [("by the rule", _slow(ruled)), ("always as few", _slow(least))],
        ),
    ]
    return drawn("A nation's day, simulated: 100,000 findings and a storm", "hour", panels, 24.0)


def _slow(of: Day) -> list[Point]:
    every = 10 * MINUTE_S
    slots: dict[int, list[float]] = {}
    for at, seconds in of.waits:
        slots.setdefault(int(at // every), []).append(seconds)
    return [(slot * every / HOUR_S, percentile(sorted(some), 99)) for slot, some in sorted(slots.items())]


if __name__ == "__main__":
    alone(measure)
