"""Five bugs on purpose, each in the product's own code: an interleaving must find each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

import shared.relay
from shared.approvals import Approvals
from shared.bus.partition import PartitionWorker
from shared.bus.port import Record
from shared.database import Transaction
from tests.support.interleaving.world import World

Mutant = Callable[[pytest.MonkeyPatch], None]


def no_inbox(patch: pytest.MonkeyPatch) -> None:
    """Every record is handled as if it were new."""

    async def always(tx: Transaction) -> bool:
        return True

    patch.setattr(Transaction, "first_time", always)


def offsets_first(patch: pytest.MonkeyPatch) -> None:
    """A record counts as done before it is handled."""
    handles = PartitionWorker._run

    async def run(worker: PartitionWorker) -> None:
        while not worker._queue:
            await asyncio.sleep(0)
        worker.settled(worker._queue[0])
        await handles(worker)

    patch.setattr(PartitionWorker, "_run", run)


def published_outside(patch: pytest.MonkeyPatch) -> None:
    """Events go to the broker while their transaction may still fail."""
    finish = Transaction._finish

    async def produce_at_once(tx: Transaction) -> None:
        await World.newest.broker.produce(
            [Record(one.event.topic.name, one.key, one.value, one.headers) for one in tx.published]
        )
        await finish(tx)

    patch.setattr(Transaction, "_finish", produce_at_once)


def two_relays(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks whether another relay is at work."""
    patch.setattr(shared.relay, "TRY_LOCK", sa.text("SELECT true"))


def approval_not_checked(patch: pytest.MonkeyPatch) -> None:
    """Whoever can write to the topic can have a notice sent."""
    patch.setattr(Approvals, "check", lambda *_: None)


# By the invariant that must find each.
MUTANTS: dict[Mutant, str] = {
    no_inbox: "handled_once",
    offsets_first: "nothing_lost",
    published_outside: "published_as_committed",
    two_relays: "published_as_committed",
    approval_not_checked: "nothing_unapproved",
}
