"""A storm of findings, absorbed: seconds until the last is sealed, while the rendered scaler asks for processes.

The evidence service, which waits: for pages that take their time (here `PAUSE_S`, of a local host that sleeps) and for
Chromium. Real processes of the service, real broker, database and store; the group's lag is read as KEDA reads it, and
`deploy/scaling` decides by the ScaledObject of `deploy/k8s` as rendered for production. Peer: one process, the same
findings in the same partitions at the same moments. Then the storm is simulated (`benchmarks/nationwide`) from what the
peer told, and held against what was lived through.

The controller's clock is `SPEED` times as fast as a cluster's: 15 s between two looks become 2.5, five minutes of
stabilization 50 s. A process takes as long to start as it takes, so that it weighs `SPEED` times as much here.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.harness import Figure, alone
from benchmarks.storming.checked import Checked, check
from benchmarks.storming.curve import Curve
from benchmarks.storming.findings import Plan, plan, records
from benchmarks.storming.foretold import Foretold, foretold, seconds_each
from benchmarks.storming.lags import lag_reader
from benchmarks.storming.pods import Pods
from benchmarks.storming.published import publish
from benchmarks.storming.run import Storm
from benchmarks.storming.site import Site, open_site
from deploy.local.access import libpq_url
from deploy.local.part import PartName
from deploy.local.stack import Stack
from deploy.local.supervisor import StackEvent
from deploy.scaling.controller import Controller
from deploy.scaling.rendered import deployed
from deploy.scaling.scaler import Deployed
from haetae.access import URL, bring_up_to_date
from shared.bus.kafka import KafkaBroker
from shared.clock import SystemClock

SERVICE, TOPIC = "evidence", "content.flagged"
AT_ONCE = "HAETAE_CAPTURES_AT_ONCE"
FINDINGS, QUICK_FINDINGS = 140, 40
WITHIN_S, QUICK_WITHIN_S = 30.0, 3.0
PAUSE_S, QUICK_PAUSE_S = 2.5, 1.0  # what a page takes to answer
SPEED, QUICK_SPEED = 6.0, 12.0
MOST_HERE = 6  # Chromiums beside one another: two cores draw for no more, whatever a cluster may have
WARM_UP, WARM_UP_S, POLL_S = 6, 60.0, 0.2
PARTS: tuple[PartName, ...] = ("postgres", "s3", "kafka", "authority")
FIGURES = Path(__file__).parents[1] / "docs/figures"
BOUND = (
    "two cores, which draw some four pages a second; {at_once} pages drawn at once by each of at most {most} "
    "processes, which wait for pages of all their share of {partitions} partitions"
)


@dataclass(frozen=True)
class Way:
    curve: Curve
    checked: Checked


def measure(quick: bool, home: Path) -> Figure:
    return asyncio.run(_measure(quick, home))


async def _measure(quick: bool, home: Path) -> Figure:
    busy = os.getloadavg()[0]
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home)).absolute()
    pods = _here(deployed(SERVICE))
    storm = plan(QUICK_FINDINGS if quick else FINDINGS, QUICK_WITHIN_S if quick else WITHIN_S, pods.partitions[TOPIC])
    try:
        async with open_site(folder, QUICK_PAUSE_S if quick else PAUSE_S) as site:
            bench = Bench(folder, pods, storm, site, quick)
            async with bench.stack:
                await bring_up_to_date(bench.stack.env[URL], bench.stack.role_passwords)
                fixed = await bench.lived_through("fixed", None)
                scaled = await bench.lived_through("scaled", Controller(pods.scaler))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = _told(pods, storm, fixed, scaled, quick, busy)
    publish(fixed.curve, scaled.curve, told, home if quick else FIGURES)
    return told


def _here(pods: Deployed) -> Deployed:
    return replace(pods, scaler=replace(pods.scaler, most=min(pods.scaler.most, MOST_HERE)))


class Bench:
    def __init__(self, folder: Path, deployment: Deployed, storm: Plan, site: Site, quick: bool) -> None:
        self.deployment, self.storm, self.site, self.quick = deployment, storm, site, quick
        self.pods: Pods | None = None
        self.stack = Stack(
            folder / "stack", parts=PARTS, kafka_store="memory", scratch=True, environ={}, on_event=self._on_event
        )

    def _on_event(self, event: StackEvent) -> None:
        if self.pods:
            self.pods.on_event(event)

    async def lived_through(self, name: str, controller: Controller | None) -> Way:
        """`name` goes before topics and groups, so that the ways do not meet. Raises SystemExit for a lost finding."""
        scaler, partitions = self.deployment.scaler, self.deployment.partitions[TOPIC]
        first = scaler.least if controller else 1
        cases, messages = records(self.storm, name, partitions, self.site, SystemClock())
        owner = libpq_url(self.stack.env[URL])
        async with self._working(name, first) as (pods, broker), lag_reader(self._kafka, f"{name}.") as lags:
            await self._warm_up(name, broker)
            curve = await Storm(
                self.stack, broker, pods, lags, scaler, TOPIC, owner, messages, cases, self.storm.due,
                QUICK_SPEED if self.quick else SPEED, controller,
                after=first if controller and not self.quick else None,
            ).run()  # fmt: skip
            await asyncio.sleep(1.0)  # the relay's last turn
            checked = await asyncio.to_thread(check, owner, cases)
        if not checked.fine:
            raise SystemExit(f"not every finding was sealed and told once, so the speed means nothing: {checked}")
        return Way(curve, checked)

    async def _warm_up(self, name: str, broker: KafkaBroker) -> None:
        """Decoders start, connections open: pods that are there already are warm."""
        partitions = self.deployment.partitions[TOPIC]
        spread = Plan([0.0] * WARM_UP, range(0, partitions, max(1, partitions // WARM_UP)))
        cases, messages = records(spread, f"{name} warm", partitions, self.site, SystemClock())
        await broker.produce(messages)
        async with asyncio.timeout(WARM_UP_S):
            while (await asyncio.to_thread(check, libpq_url(self.stack.env[URL]), cases)).unsealed:
                await asyncio.sleep(POLL_S)

    @property
    def _kafka(self) -> str:
        return self.stack.env["HAETAE_KAFKA_BOOTSTRAP"]

    @asynccontextmanager
    async def _working(self, name: str, first: int) -> AsyncIterator[tuple[Pods, KafkaBroker]]:
        broker = KafkaBroker(self._kafka, f"{name}.", idempotence=False)
        env = {
            "HAETAE_TOPIC_PREFIX": f"{name}.",
            "HAETAE_ALLOWED_HOSTS_FILE": str(self.site.hosts_file),
            "HAETAE_RDAP_BOOTSTRAP": "",
            AT_ONCE: self.deployment.settings[AT_ONCE],
        }
        self.pods = pods = Pods(SERVICE, f"{SERVICE}-{name}", env)
        try:
            await broker.ensure_topics(self.deployment.partitions)
            pods.ask(self.stack, first)
            await pods.ready(self.stack)
            yield pods, broker
        finally:
            await pods.gone(self.stack)
            await broker.close()


def _told(pods: Deployed, storm: Plan, fixed: Way, scaled: Way, quick: bool, busy: float) -> Figure:
    speed, at_once = QUICK_SPEED if quick else SPEED, int(pods.settings[AT_ONCE])
    partitions = pods.partitions[TOPIC]
    ways = {"scaled": scaled, "one_process": fixed}
    simulated: Foretold | None = None
    if scaled.curve.starts_s:
        simulated = foretold(scaled.curve, fixed.curve, storm, pods.scaler, partitions, at_once, speed)
    return Figure(
        name="scaling",
        unit="s from the first finding of the storm to the last sealed",
        ours=round(scaled.curve.drained_s, 1),
        peers={"one_process": round(fixed.curve.drained_s, 1)},
        floor=None,
        lower_is_better=True,
        bound_by=BOUND.format(at_once=at_once, most=pods.scaler.most, partitions=partitions),
        detail={
            "findings": len(storm.due),
            "within_s": QUICK_WITHIN_S if quick else WITHIN_S,
            "page_answers_after_s": QUICK_PAUSE_S if quick else PAUSE_S,
            "times_as_fast_as_a_cluster": speed,
            "processes": {"least": pods.scaler.least, "most": scaled.curve.most_pods, "at_once_each": at_once},
            "highest_lag": {name: way.curve.highest_lag for name, way in ways.items()},
            "process_seconds": {name: round(way.curve.pod_seconds) for name, way in ways.items()},
            "process_starts_s": round(median(scaled.curve.starts_s), 1) if scaled.curve.starts_s else None,
            "capture_s": round(seconds_each(fixed.curve, at_once), 2),
            "lost_or_doubled": 0,
            "load_before": round(busy, 1),
            "bytes_a_capture": scaled.checked.bytes,
            "simulated": simulated
            and {
                "drained_s": round(simulated.drained_s, 1),
                "error": round(simulated.error, 3),
                "curve_error": round(simulated.lag_error, 3),
            },
        },
    )


if __name__ == "__main__":
    alone(measure)
