"""Bugs on purpose, each in the product's own code: an interleaving must find each, so that each promise can fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

import services.gateway.handlers as projecting
import shared.relay
from services.gateway.notices.rows import Held
from services.gateway.projections import Step
from services.notifier.delivery import outcomes
from services.notifier.store import WAITING, Delivery
from shared.approvals import Approvals
from shared.bus.memory_group import MemoryMember
from shared.bus.partition import PartitionWorker
from shared.bus.port import Partition, Record
from shared.database import Transaction
from shared.events import ContentFlagged, Event, NoticeSent
from shared.failures import Rejected
from shared.outbox import OUTBOX
from tests.support.interleaving.world import World

Mutant = Callable[[pytest.MonkeyPatch], None]


def no_inbox(patch: pytest.MonkeyPatch) -> None:
    """Every record is handled as if it were new."""

    async def always(tx: Transaction) -> bool:
        return True

    patch.setattr(Transaction, "first_time", always)


def inbox_only_read(patch: pytest.MonkeyPatch) -> None:
    """What another is handling at this moment looks new: the inbox is asked, and its word on entering is not."""
    enters = Transaction.first_time

    async def look_first(tx: Transaction) -> bool:
        known = await tx.handled_before()
        await enters(tx)
        return not known

    patch.setattr(Transaction, "first_time", look_first)


def nobody_fenced(patch: pytest.MonkeyPatch) -> None:
    """The broker takes offsets from whoever comes."""

    async def commit(member: MemoryMember, offsets: Mapping[Partition, int]) -> None:
        member._group.offsets.update(offsets)

    patch.setattr(MemoryMember, "commit", commit)


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
    """Events go to the broker while their transaction may still fail, and count as published."""
    finish = Transaction._finish

    async def produce_at_once(tx: Transaction) -> None:
        await World.newest.broker.produce(
            [Record(one.event.topic.name, one.key, one.value, one.headers) for one in tx.published]
        )
        await finish(tx)
        ids = [one.id for one in tx.published]
        await tx.execute(sa.update(OUTBOX).where(OUTBOX.c.event_id.in_(ids)).values(published_at=sa.func.now()))

    patch.setattr(Transaction, "_finish", produce_at_once)


def two_relays(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks whether another relay is at work."""
    patch.setattr(shared.relay, "TRY_LOCK", sa.text("SELECT true"))


def approval_not_checked(patch: pytest.MonkeyPatch) -> None:
    """Whoever can write to the topic can have a notice sent."""
    patch.setattr(Approvals, "check", lambda *_: None)


def newest_first(patch: pytest.MonkeyPatch) -> None:
    """The relay begins at the wrong end."""
    last = shared.relay.WAITING.order_by(None).order_by(OUTBOX.c.position.desc())
    patch.setattr(shared.relay, "WAITING", last)


def acceptance_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What the mail server took is told, and waits to be sent all the same."""
    tells = outcomes.sent

    async def forget(row: Delivery, *more: Any) -> None:
        await tells(row, *more)
        row.state = WAITING

    patch.setattr(outcomes, "sent", forget)


def predecessors_wanted(patch: pytest.MonkeyPatch) -> None:
    """The gateway refuses what overtook the event that it belongs to."""
    applies = projecting.apply

    def apply(held: Held, event: Event) -> Step | None:
        if not isinstance(event, ContentFlagged) and held.case.flagged_at is None:
            raise Rejected("the case was never flagged")
        return applies(held, event)

    patch.setattr(projecting, "apply", apply)


def last_word_counts(patch: pytest.MonkeyPatch) -> None:
    """A receipt that is told late undoes the removal."""
    applies = projecting.apply

    def apply(held: Held, event: Event) -> Step | None:
        if isinstance(event, NoticeSent):
            held.case.removed_at = None
        return applies(held, event)

    patch.setattr(projecting, "apply", apply)


# By the invariant that must find each.
MUTANTS: dict[Mutant, str] = {
    no_inbox: "handled_once",
    inbox_only_read: "handled_once",
    nobody_fenced: "fenced",
    offsets_first: "nothing_lost",
    published_outside: "published_as_committed",
    two_relays: "published_as_committed",
    approval_not_checked: "nothing_unapproved",
    newest_first: "in_order",
    acceptance_forgotten: "one_notice_each",
    predecessors_wanted: "dead_letters_planted",
    last_word_counts: "same_end",
}
