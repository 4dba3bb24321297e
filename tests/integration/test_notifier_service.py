"""Drafter and notifier as services: sealed evidence becomes mail, and answers to checks become a verified removal."""

from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa

from services.drafter.app import app as drafter
from services.drafter.settings import Settings as DrafterSettings
from services.notifier.app import app as notifier
from services.notifier.removal import checks
from services.notifier.settings import Settings as NotifierSettings
from shared.bus.memory import MemoryBroker
from shared.clock import SystemClock
from shared.database import Database
from shared.events import (
    CheckRequested,
    ContentChecked,
    EvidenceSealed,
    NoticeDrafted,
    NoticeSent,
    RemovalVerified,
    ReviewDecided,
    Verdict,
)
from shared.events.envelope import decode
from shared.events.examples import FINDING
from shared.events.values import Probe, ProbeOutcome
from tests.support.approvals import APPROVALS, KEY
from tests.support.cases import sealed
from tests.support.poll import eventually
from tests.support.service import record, running


@pytest.fixture
async def broker(migrated, mail, monkeypatch):
    """A broker with both services at work on it."""
    monkeypatch.setattr(checks, "LOOK_S", 0.1)
    basics = {"kafka_bootstrap": "unused"}
    sending = {"smtp_host": mail.host, "smtp_port": mail.port, "approval_key": KEY}
    sending |= {"check_schedule": "0.1", "confirm_after": 0.001}
    urls = {name: migrated.dsn_for(name) for name in ("drafter", "notifier")}
    services = {
        "drafter": drafter(DrafterSettings(database_url=urls["drafter"], **basics)),
        "notifier": notifier(NotifierSettings(database_url=urls["notifier"], **basics, **sending)),
    }
    async with AsyncExitStack() as stack:
        made = MemoryBroker()
        for name, service in services.items():
            database = Database(urls[name], f"/haetae/{name}")
            stack.push_async_callback(database.close)
            await stack.enter_async_context(running(service, made, database))
        yield made


async def nth(broker, wanted, number=1):
    """The event of this type that came to the broker as its `number`th."""
    found = []

    async def arrived():
        records = (one for log in broker.logs(wanted.topic.name) for one in log)
        events = (decode(one.value, dict(one.headers)).event for one in records)
        found[:] = [event for event in events if isinstance(event, wanted)]
        return len(found) >= number

    await eventually(arrived)
    return found[number - 1]


def answer(case, check):
    probe = Probe(url=FINDING.url, vantage="honest", status=410, outcome=ProbeOutcome.GONE, why="")
    return ContentChecked(
        case_id=case,
        check_id=check.check_id,
        number=check.number,
        outcome=ProbeOutcome.GONE,
        probes=(probe,),
        checked_at=SystemClock().now(),
    )


async def test_from_sealed_evidence_to_a_verified_removal(broker, mail):
    event = await approve(broker)
    sent = await nth(broker, NoticeSent)
    (message,) = await mail.messages(to=event.finding.site.abuse_email)
    assert message["message_id"] == sent.message_id
    assert event.finding.url in message["body"].split()
    for number in (1, 2):
        check = await nth(broker, CheckRequested, number)
        await broker.produce([record(answer(event.case_id, check))])
    assert (await nth(broker, RemovalVerified)).url == event.finding.url


async def test_a_check_whose_answer_was_lost_is_followed_by_another(broker, migrated):
    await approve(broker)
    lost = await nth(broker, CheckRequested)
    database = Database(migrated.dsn_for("notifier"), "/test")
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE watches SET awaited_at = now() - interval '1 day'"))
    await database.close()
    another = await nth(broker, CheckRequested, 2)
    assert (another.case_id, another.number) == (lost.case_id, 2)
    assert another.check_id != lost.check_id


async def approve(broker) -> EvidenceSealed:
    """Sealed evidence, drafted and approved as drafted."""
    event: EvidenceSealed = sealed()
    await broker.produce([record(event)])
    drafted = await nth(broker, NoticeDrafted)
    approved = ReviewDecided(
        case_id=event.case_id,
        verdict=Verdict.APPROVED,
        note="",
        approved=drafted.notices,
        finding=event.finding,
        reviewer="reviewer-7",
        scripted=False,
        seal="0" * 64,
        decided_at=SystemClock().now(),
    )
    await broker.produce([record(APPROVALS.sealed(approved))])
    return event
