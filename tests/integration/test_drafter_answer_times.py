"""How long providers take to react, as a real database measures it."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.drafter.contacts import measured
from shared.clock import ManualClock
from shared.database import Database
from shared.events import AnswerKind, NoticeAnswered, NoticeSent, RemovalVerified
from shared.events.examples import EXAMPLES, T0

CLOCK = ManualClock()


@pytest.fixture
async def database(migrated):
    made = Database(migrated.dsn_for("drafter"), "/haetae/drafter", CLOCK)
    yield made
    await made.close()


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


async def told(database, handler, event):
    async with database.transaction() as tx:
        await handler(event, tx)


async def sent(database, provider: str, case: UUID, hours: float = 0, email: str = "") -> UUID:
    notice = uuid4()
    example = EXAMPLES[NoticeSent]
    to = example.recipient.model_copy(update={"provider": provider, "email": email})
    change = {"notice_id": notice, "case_id": case, "recipient": to, "sent_at": at(hours)}
    await told(database, measured.sent, example.model_copy(update=change))
    return notice


async def answered(database, notice: UUID | None, hours: float, kind: AnswerKind = AnswerKind.RECEIPT):
    change = {"notice_id": notice, "kind": kind, "answered_at": at(hours)}
    await told(database, measured.answered, EXAMPLES[NoticeAnswered].model_copy(update=change))


async def medians(database):
    async with database.transaction() as tx:
        return await measured.measured(tx)


async def test_the_median_of_first_reactions_counts_and_no_mail_server(database):
    for hours in (2, 4, 90):
        notice = await sent(database, "boat", uuid4())
        await answered(database, notice, 0.1, AnswerKind.DELIVERED)
        await answered(database, notice, 0.2, AnswerKind.AUTO_REPLY)
        await answered(database, notice, hours)
        await answered(database, notice, hours + 50, AnswerKind.REMOVED)
        await answered(database, notice, hours)  # the same again
    await answered(database, None, 1)
    await answered(database, uuid4(), 1)
    silent = await sent(database, "boat", uuid4())
    assert silent
    assert (await medians(database))["boat"] == 4.0


async def test_few_reactions_are_no_measure_and_a_mailbox_stands_for_itself(database):
    for hours in (1, 2):
        await answered(database, await sent(database, "few", uuid4()), hours)
    for hours in (5, 6, 7):
        await answered(database, await sent(database, "", uuid4(), email="Abuse@Lone.test"), hours)
    now = await medians(database)
    assert "few" not in now
    assert now["abuse@lone.test"] == 6.0


async def test_a_removal_is_the_reaction_of_who_was_asked_last(database):
    for _ in range(3):
        case = uuid4()
        await sent(database, "first-asked", case, 0)
        await sent(database, "asked-then", case, 24)
        await sent(database, "asked-after", case, 40)
        gone = EXAMPLES[RemovalVerified].model_copy(update={"case_id": case, "first_gone_at": at(30)})
        await told(database, measured.removed, gone)
        await told(database, measured.removed, gone)
    now = await medians(database)
    assert now["asked-then"] == 6.0
    assert not {"first-asked", "asked-after"} & now.keys()
