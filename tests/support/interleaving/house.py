"""Databases in which one run after another takes place, each with cases of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.gateway.agencies.scoping import EVERYTHING
from tests.support.interleaving import invariants
from tests.support.interleaving.mortal import MortalDatabase
from tests.support.interleaving.steps import STEPS, Run
from tests.support.interleaving.world import World
from tests.support.stack import Migrated

MOST_CASES = 2
LAST = "SELECT coalesce(max(position), 0) FROM {}.outbox"
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
# Told in the handler's transaction: what is rolled back was not handled.
MAKE = """
    CREATE TABLE IF NOT EXISTS public.handled (service text, event_id uuid);
    CREATE INDEX IF NOT EXISTS handled_events ON public.handled (event_id);
    GRANT ALL ON public.handled TO PUBLIC
"""


@dataclass(frozen=True)
class Told:
    seed: int
    wrong: dict[str, list[str]]
    trace: list[str]
    steps: tuple[int, ...] = tuple(range(STEPS))

    def __str__(self) -> str:
        steps = "\n".join(f"  {step}" for step in self.trace)
        wrong = "\n".join(f"  {name}: {what}" for name, said in self.wrong.items() for what in said)
        only = "" if len(self.steps) == STEPS else f" STEPS={','.join(map(str, self.steps)) or 'none'}"
        return f"seed {self.seed}\n{steps}\n{wrong}\nagain: make interleavings SEED={self.seed}{only}"


class House:
    def __init__(self, notifier: MortalDatabase, gateway: MortalDatabase, owner: AsyncEngine) -> None:
        self._notifier, self._gateway, self._owner = notifier, gateway, owner
        self.sessions: dict[int, AsyncConnection] = {}

    async def run(self, seed: int, steps: Sequence[int] = range(STEPS)) -> Told:
        """Without `steps` nothing is disturbed. A seed a house: another run of the same would meet the cases of the
        first."""
        before = {name: (await self._look(LAST.format(name)))[0][0] for name in ("notifier", "gateway")}
        run = Run(World(self._notifier, self._gateway, self.sessions, self._blocked), seed, steps)
        await run.whole(cases=Random(seed).randint(1, MOST_CASES))
        wrong = await invariants.check(invariants.After(run, self._look, before))
        return Told(seed, wrong, run.trace, tuple(steps))

    async def _blocked(self) -> bool:
        return bool((await self._look(BLOCKED))[0][0])

    async def _look(self, query: str, **values: object) -> list[sa.Row[Any]]:
        async with self._owner.connect() as connection:
            return list((await connection.execute(sa.text(query), values)).all())


@asynccontextmanager
async def house(migrated: Migrated) -> AsyncIterator[House]:
    owner = create_async_engine(migrated.owner_url, isolation_level="AUTOCOMMIT")
    async with owner.connect() as connection:
        await connection.execute(sa.text(MAKE))
    notifier = MortalDatabase(migrated.dsn_for("notifier"), "/haetae/notifier")
    gateway = MortalDatabase(migrated.dsn_for("gateway"), "/haetae/gateway", settings=EVERYTHING)
    made = House(notifier, gateway, owner)
    try:
        yield made
    finally:
        for session in made.sessions.values():
            await session.close()
        await notifier.close()
        await gateway.close()
        await owner.dispose()
