"""A new major of an event goes out on a topic of its own, and readers of the old one are told in its words: both in the
transaction that caused them, or neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from shared.clock import ManualClock
from shared.database import Database
from shared.events import REGISTRY, CaseChanged, Event
from shared.events.base import Lane, Topic
from shared.events.codes import CaseState
from shared.events.envelope import decode
from shared.events.example_values import CASE, T0
from shared.failures import Undeclared
from shared.identity import identity
from shared.outbox import OUTBOX
from tests.support.stack import Migrated

SECOND = Topic("case.events.v2", "case_id", Lane.CASE, "An example of a new major", public=True)
GATEWAY = "https://gateway.example.test"


def in_old_words(event: CaseMoved) -> CaseChanged | None:
    """A case that moved within a state is no change in the old words."""
    if event.before == event.after:
        return None
    return CaseChanged(case_id=event.case_id, state=event.after, category="other", country=None, changed_at=T0)


class CaseMoved(
    Event,
    topic=SECOND,
    type="case.changed.v2",
    key="case_id",
    owner="gateway",
    minor=3,
    replaces=CaseChanged,
    downgrade=in_old_words,
):
    """Public: an example of a major that says more than its predecessor can."""

    case_id: UUID
    before: CaseState
    after: CaseState


@pytest.fixture(scope="module", autouse=True)
def only_here():
    yield
    REGISTRY.pop(CaseMoved.type, None)


@pytest.fixture
async def database(migrated_once: Migrated) -> AsyncIterator[Database]:
    database = Database(migrated_once.dsn_for("gateway"), "/haetae/gateway", ManualClock(T0))
    database.publishes, database.gateway_url = frozenset({CaseMoved, CaseChanged}), GATEWAY
    yield database
    await database.close()


async def told(database: Database, *ids: UUID) -> list[tuple]:
    async with database.transaction() as tx:
        query = sa.select(OUTBOX.c.topic, OUTBOX.c.value, OUTBOX.c.headers)
        rows = (await tx.execute(query.where(OUTBOX.c.event_id.in_(ids)).order_by(OUTBOX.c.position))).all()
    decoded = [(row.topic, decode(row.value, {n: t.encode() for n, t in row.headers.items()})) for row in rows]
    return [(topic, envelope.event, envelope.dataschema) for topic, envelope in decoded]


def both(id: UUID) -> tuple[UUID, UUID]:
    return id, identity("older", id, CaseChanged.type)


async def test_both_go_out_in_one_transaction_each_with_its_schema(database: Database) -> None:
    id, moved = uuid4(), CaseMoved(case_id=CASE, before="drafted", after="sent")
    async with database.transaction() as tx:
        assert tx.publish(moved, id=id) == id
    async with database.transaction() as tx:  # done twice is done once
        tx.publish(moved, id=id)
    assert await told(database, *both(id)) == [
        ("case.events.v2", moved, f"{GATEWAY}/schemas/case.changed.v2/2.3"),
        ("case.events", in_old_words(moved), f"{GATEWAY}/schemas/case.changed.v1/1.0"),
    ]


async def test_what_the_old_words_cannot_say_goes_out_in_the_new_ones_alone(database: Database) -> None:
    id, moved = uuid4(), CaseMoved(case_id=CASE, before="sent", after="sent")
    async with database.transaction() as tx:
        tx.publish(moved, id=id)
    assert [event for _, event, _ in await told(database, *both(id))] == [moved]


async def test_neither_goes_out_where_the_transaction_fails(database: Database) -> None:
    id, moved = uuid4(), CaseMoved(case_id=CASE, before="drafted", after="sent")

    async def fail() -> None:
        async with database.transaction() as tx:
            tx.publish(moved, id=id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await told(database, *both(id)) == []


async def test_who_publishes_the_new_one_has_to_say_that_it_publishes_the_old_one(database: Database) -> None:
    """Rights at the broker follow from what services say."""
    database.publishes = frozenset({CaseMoved})
    async with database.transaction() as tx:
        with pytest.raises(Undeclared):
            tx.publish(CaseMoved(case_id=CASE, before="drafted", after="sent"), id=uuid4())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"topic": CaseChanged.topic, "replaces": CaseChanged, "downgrade": in_old_words}, "topic of its own"),
        ({"topic": SECOND, "replaces": CaseChanged}, "go together"),
        ({"topic": SECOND, "type": "case.changed"}, "must end with its major version"),
        ({"topic": SECOND, "type": "case.changed.v0"}, "must end with its major version"),
    ],
)
def test_a_major_that_was_declared_wrongly_is_named(wrong, sentence) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        type(Event)("Wrong", (Event,), {}, **{"type": "wrong.v2", "key": "x", "owner": "gateway", **wrong})
    assert not [name for name in REGISTRY if name.startswith("wrong")]
