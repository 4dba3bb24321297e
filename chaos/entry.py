"""A service as it is, but for a clock that jumps when told to, and points at which it dies when told to.

`python -m chaos.entry services.NAME` with CHAOS_HOME, the folder in which it is told: `NAME.clock` has the seconds that
its clock is wrong by, `NAME.die` the point (`chaos.schedule.POINTS`) at which it is gone, once.
"""

import os
import runpy
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shared.bus.kafka import KafkaBroker
from shared.bus.kafka_member import KafkaMember
from shared.bus.port import Partition, Record
from shared.clock import SystemClock
from shared.database import Database, Transaction
from shared.events import Envelope, Event


class Told:
    def __init__(self, home: Path, name: str) -> None:
        self._clock, self._die = home / f"{name}.clock", home / f"{name}.die"

    def shift(self) -> timedelta:
        try:
            return timedelta(seconds=float(self._clock.read_text() or 0))
        except FileNotFoundError:
            return timedelta(0)

    def passing(self, point: str) -> None:
        try:
            wanted = self._die.read_text()
        except FileNotFoundError:
            return
        if wanted == point:
            self._die.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)


def mortal(told: Told) -> None:
    """Every clock, transaction and broker of this process from now on."""
    now, opened, transaction = SystemClock.now, Database.__init__, Database.transaction
    produce, commit = KafkaBroker.produce, KafkaMember.commit

    def shifted(clock: SystemClock) -> datetime:
        return now(clock) + told.shift()

    def opening(database: Database, *arguments: Any, **more: Any) -> None:  # noqa: ANN401  # as the original's
        opened(database, *arguments, **more)
        sa.event.listen(database.engine.sync_engine, "commit", lambda connection: told.passing("committing"))

    @asynccontextmanager
    async def dying(database: Database, cause: Envelope[Event] | None = None) -> AsyncIterator[Transaction]:
        async with transaction(database, cause) as tx:
            told.passing("begun")
            yield tx
            told.passing("handled")
        told.passing("committed")

    async def producing(broker: KafkaBroker, records: Sequence[Record]) -> None:
        told.passing("producing")
        await produce(broker, records)
        told.passing("produced")

    async def committing(member: KafkaMember, offsets: Mapping[Partition, int]) -> None:
        told.passing("offsetting")
        await commit(member, offsets)
        told.passing("offset")

    patches = (
        (SystemClock, "now", shifted),
        (Database, "__init__", opening),
        (Database, "transaction", dying),
        (KafkaBroker, "produce", producing),
        (KafkaMember, "commit", committing),
    )
    for owner, name, changed in patches:
        setattr(owner, name, changed)


if __name__ == "__main__":
    module = sys.argv.pop(1)
    mortal(Told(Path(os.environ["CHAOS_HOME"]), module.rpartition(".")[2]))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
