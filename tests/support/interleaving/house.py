"""Databases in which one run after another takes place, each with cases of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.gateway.agencies.scoping import EVERYTHING
from tests.support.interleaving import invariants
from tests.support.interleaving.mortal import MortalDatabase
from tests.support.interleaving.steps import Run
from tests.support.interleaving.world import World
from tests.support.stack import Migrated

MOST_CASES = 2
LAST = "SELECT coalesce(max(position), 0) FROM {}.outbox"
# Told in the handler's transaction: what is rolled back was not handled.
MAKE = "CREATE TABLE public.handled (service text, event_id uuid); GRANT ALL ON public.handled TO PUBLIC"


@dataclass(frozen=True)
class Told:
    seed: int
    wrong: dict[str, list[str]]
    trace: list[str]

    def __str__(self) -> str:
        steps = "\n".join(f"  {step}" for step in self.trace)
        wrong = "\n".join(f"  {name}: {what}" for name, said in self.wrong.items() for what in said)
        return f"seed {self.seed}\n{steps}\n{wrong}\nagain: make interleavings SEED={self.seed}"


class House:
    def __init__(self, notifier: MortalDatabase, gateway: MortalDatabase, owner: AsyncEngine) -> None:
        self._notifier, self._gateway, self._owner = notifier, gateway, owner

    async def run(self, seed: int, *, faults: bool = True) -> Told:
        """A seed a house: another run of the same would meet the cases of the first."""
        before = {name: (await self._look(LAST.format(name)))[0][0] for name in ("notifier", "gateway")}
        run = Run(World(self._notifier, self._gateway), seed, faults)
        await run.whole(cases=Random(seed).randint(1, MOST_CASES))
        wrong = await invariants.check(invariants.After(run, self._look, before))
        return Told(seed, wrong, run.trace)

    async def _look(self, query: str, **values: object) -> list[sa.Row]:
        async with self._owner.connect() as connection:
            return list((await connection.execute(sa.text(query), values)).all())


@asynccontextmanager
async def house(migrated: Migrated) -> AsyncIterator[House]:
    owner = create_async_engine(migrated.owner_url, isolation_level="AUTOCOMMIT")
    async with owner.connect() as connection:
        await connection.execute(sa.text(MAKE))
    notifier = MortalDatabase(migrated.dsn_for("notifier"), "/haetae/notifier")
    gateway = MortalDatabase(migrated.dsn_for("gateway"), "/haetae/gateway", settings=EVERYTHING)
    try:
        yield House(notifier, gateway, owner)
    finally:
        await notifier.close()
        await gateway.close()
        await owner.dispose()
