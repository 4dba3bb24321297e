"""The drafter on a real database: one draft a case, with the event in the same transaction."""

from functools import partial
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.drafter.handlers import report_failure, write, write_round
from services.drafter.store import DraftRow
from shared.clock import ManualClock
from shared.database import Database
from shared.events import Envelope, EvidenceFailed, FollowUpAsked, NoticeDrafted
from shared.events.examples import EXAMPLES
from shared.failures import Rejected, Transient
from shared.outbox import OUTBOX
from tests.support.cases import office, sealed

CLOCK = ManualClock()


@pytest.fixture
async def database(migrated):
    made = Database(migrated.dsn_for("drafter"), "/haetae/drafter", CLOCK)
    yield made
    await made.close()


async def handle(database, handler, event):
    async with database.transaction(Envelope(event, uuid4(), "/test", CLOCK.now())) as tx:
        prepared = ({},) if handler is write else ()  # by no language model
        await partial(handler, office=office())(event, *prepared, tx)


async def published(database):
    async with database.transaction() as tx:
        rows = (await tx.execute(sa.select(OUTBOX.c.value).order_by(OUTBOX.c.position))).scalars().all()
    return [NoticeDrafted.model_validate_json(row) for row in rows]


async def test_sealed_evidence_is_drafted_once_however_often_it_comes(database):
    event = sealed()
    await handle(database, write, event)
    await handle(database, write, event)
    (drafted,) = await published(database)
    assert drafted.notices[0].recipient.email == event.finding.site.abuse_email
    async with database.transaction() as tx:
        row = await tx.get(DraftRow, event.case_id)
    assert [notice["sha256"] for notice in row.notices] == [notice.sha256 for notice in drafted.notices]


async def test_evidence_that_comes_after_a_failure_is_drafted(database):
    event = sealed()
    failed = EXAMPLES[EvidenceFailed].model_copy(update={"case_id": event.case_id})
    await handle(database, report_failure, failed)
    await handle(database, write, event)
    await handle(database, report_failure, failed)  # a later failure takes no notice away from the reviewer
    assert [bool(drafted.notices) for drafted in await published(database)] == [False, True]


async def test_a_round_for_a_draft_without_evidence_holds_nobody_up(database):
    failed, asked = EXAMPLES[EvidenceFailed], EXAMPLES[FollowUpAsked]
    await handle(database, report_failure, failed.model_copy(update={"case_id": asked.case_id}))
    with pytest.raises(Rejected, match="by hand"):
        await handle(database, write_round, asked)


async def test_content_that_came_back_is_asked_for_again_from_what_was_sealed(database):
    event = sealed(title="MARKED-TITLE", excerpt="MARKED-TEXT")
    asked = EXAMPLES[FollowUpAsked].model_copy(update={"case_id": event.case_id, "why": "reappeared", "log": ()})
    with pytest.raises(Transient):
        await handle(database, write_round, asked)
    await handle(database, write, event)
    await handle(database, write_round, asked)
    await handle(database, write_round, asked)
    first, again = await published(database)
    assert (again.round, again.why) == (1, "reappeared")
    assert again.notices
    assert {notice.notice_id for notice in again.notices}.isdisjoint(notice.notice_id for notice in first.notices)
    assert all(notice.occasion in ("reappeared", "reminder") for notice in again.notices)
    async with database.transaction() as tx:
        row = await tx.get(DraftRow, event.case_id)
    assert "MARKED" not in str(row.sealed)
