"""The whole house at a steady rate: posts appear, pages are reported, officials approve; samples are taken and kept."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import httpx
from sqlalchemy import text

from benchmarks.spent import bytes_in
from chaos.load import Load
from chaos.run import MODEL, SCALE, WideDoor
from chaos.soak.sampling import Held, held, waiting
from haetae.client import Gateway
from haetae.demonstration import REVIEWER, Options
from services import SERVICES

EVERY_S = 10.0
KINDS = ("picture", "picture", "text")  # as the sandbox's own world mixes them
SAMPLES, HISTORY = "samples.jsonl", "history.jsonl"
TABLES = text(
    "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg_%'"
)
SETTLE_S = 60.0  # at the end, until what appeared last is drafted


@dataclass(frozen=True)
class Sample:
    """`hours`: since the first. `held`: by process; `waiting`: see `sampling.waiting`; `stored_mb`: all tables and
    their indexes, and what lies in each folder of the stack (the broker keeps its log in that of the store)."""

    hours: float
    held: Mapping[str, Held]
    waiting: Mapping[str, int]
    stored_mb: Mapping[str, float]


@dataclass(frozen=True)
class Soaked:
    """`to_draft_s`: of each finding, in the order in which they were found."""

    samples: list[Sample]
    to_draft_s: list[float]
    posts: int
    reports: int


@dataclass
class Soak:
    """`say` hears a line a minute."""

    home: Path
    seed: int
    minutes: float
    a_minute: float
    say: Callable[[str], None]

    async def __call__(self) -> Soaked:
        options = Options(self.home / "run", MODEL, seed=self.seed, scale=SCALE, gateway_port=0)
        async with WideDoor(options, lambda _: None, lambda step, took: self.say(f"{step}: {took:.1f} s")) as house:
            await house.prepare()
            return await self._through(house)

    async def _through(self, house: WideDoor) -> Soaked:
        history = self.home / HISTORY
        history.write_text("")
        load = Load(house, history, self.seed)
        self.begun, posts = time.monotonic(), 0
        work = [asyncio.create_task(one()) for one in (load.reporting, load.asking)]
        going = [*work, asyncio.create_task(self._sampling(house))]
        try:
            hosts, kinds = cycle(await house.sandbox.hosts()), cycle(KINDS)
            while self._elapsed() < self.minutes * 60:
                await house.sandbox.publish(next(hosts), next(kinds))
                posts += 1
                await asyncio.sleep(self.begun + posts * 60 / self.a_minute - time.monotonic())
                for one in going:
                    if one.done():
                        one.result()
                        raise RuntimeError("the load ended before its time")
        finally:
            load.over = True
            going[-1].cancel()
            await asyncio.wait(going)
        for one in work:
            one.result()
        await asyncio.sleep(min(SETTLE_S, self.minutes * 60))
        async with await Gateway.login(house.house.gateway_url, REVIEWER, house.password) as gateway:
            cases = sorted(await gateway.cases(), key=lambda case: str(case.times.get("found")))
        to_draft = [took for case in cases if (took := case.seconds("found", "drafted")) is not None]
        return Soaked(read(self.home / SAMPLES), to_draft, posts, load.counted["report"])

    async def _sampling(self, house: WideDoor) -> None:
        stack = house.house.stack
        names = stack.supervisor.names
        at = {name: f"http://127.0.0.1:{stack.home.last_port(f'ops_{name}')}/metrics" for name in SERVICES}
        path, number = self.home / SAMPLES, 0
        path.write_text("")
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as http:
            while True:
                pids = {name: pid for name in names if (pid := stack.supervisor.pid(name))}
                sample = Sample(
                    self._elapsed() / 3600,
                    await asyncio.to_thread(held, pids),
                    await waiting(http, at),
                    await self._stored(house),
                )
                with path.open("a") as file:
                    file.write(json.dumps(asdict(sample)) + "\n")
                if number % 6 == 0:
                    self.say(_line(sample))
                number += 1
                await asyncio.sleep(self.begun + number * EVERY_S - time.monotonic())

    async def _stored(self, house: WideDoor) -> dict[str, float]:
        async with house.house.database("gateway") as database, database.transaction() as tx:
            tables = (await tx.execute(TABLES)).scalar_one()
        folders = await asyncio.to_thread(_sizes, self.home / "run" / "stack")
        return {"tables": round(float(tables) / 2**20, 2), **folders}

    def _elapsed(self) -> float:
        return time.monotonic() - self.begun


def _sizes(stack: Path) -> dict[str, float]:
    """Of what lies under each folder of the stack, in MB."""
    found = {}
    for folder in sorted(one for one in stack.iterdir() if one.is_dir()):
        found[folder.name] = round(bytes_in(folder) / 2**20, 2)
    return found


def _line(sample: Sample) -> str:
    whole = sum(one.memory_mb for one in sample.held.values())
    behind = sum(sample.waiting.values())
    stored = ", ".join(f"{name} {size:.0f}" for name, size in sample.stored_mb.items() if size >= 1)
    return f"{sample.hours * 60:5.1f} min: memory {whole:,.0f} MB, waiting {behind} records, stored MB: {stored}"


def read(path: Path) -> list[Sample]:
    """In the order in which they were taken."""
    samples = []
    for line in path.read_text().splitlines():
        told = json.loads(line)
        told["held"] = {name: Held(**one) for name, one in told["held"].items()}
        samples.append(Sample(**told))
    return samples
