"""`haetae inbox` and `haetae notices reconcile` as a person uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from services.notifier.inbox.taking import Reading, place, take
from services.notifier.store import SENT, WATCHING, AnswerRow, Delivery, delivery, watch_of
from shared.database import Database, Transaction
from shared.notices import reference
from tests.support.commands import Haetae
from tests.support.notifier import approval
from tests.support.stack import Migrated

EVENT = approval("abuse@harbour.test")
REFERENCE = reference(EVENT.case_id)
MAIL = "From: desk@helpdesk.test\r\nSubject: {}\r\nMessage-ID: <{}@helpdesk.test>\r\n\r\nYour ticket is {}.\r\n"


@pytest.fixture
def within(migrated: Migrated) -> Callable[[Callable[[Transaction], Awaitable[Any]]], Any]:
    def run(work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        async def do() -> Any:
            database = Database(migrated.dsn_for("notifier"), "/haetae/notifier")
            try:
                async with database.transaction() as tx:
                    return await work(tx)
            finally:
                await database.close()

        return asyncio.run(do())

    return run


@pytest.fixture
def mails(within: Any) -> list[str]:
    """A notice that was sent; two mails from a helpdesk with a domain of its own, the second names our reference."""

    async def do(tx: Transaction) -> list[str]:
        row = delivery(EVENT, EVENT.approved[0], "<x.0123456789abcdef@agency.test>", tx.clock.now())
        row.state, row.sent_at = SENT, tx.clock.now()
        tx.add(row)
        tx.add(watch_of(EVENT, WATCHING))
        await tx.flush()
        for number, subject in enumerate(("[#7001] report", f"[#7002] {REFERENCE}")):
            raw = MAIL.format(subject, number, 7001 + number).encode()
            await take(tx, raw, place("INBOX", 1, number), tx.clock.now(), Reading(frozenset()))
        return [str(place("INBOX", 1, number)) for number in (0, 1)]

    made: list[str] = within(do)
    return made


def test_a_mail_that_waits_is_assigned_once_by_a_person(haetae: Haetae, mails: list[str], within: Any) -> None:
    status, shown = haetae("inbox", "list")
    assert status == 0
    assert "desk@helpdesk.test [#7001] report receipt 7001" in shown
    assert f"receipt 7002 {REFERENCE} a reference of ours, but not from its recipient's domain" in shown
    status, said = haetae("inbox", "assign", mails[0][:8], REFERENCE, "--by", "kim")
    assert (status, said) == (0, f"assigned to case {REFERENCE}: answers the notice to abuse@harbour.test")
    status, said = haetae("inbox", "assign", mails[0], EVENT.case_id)
    assert (status, "was assigned by kim" in said) == (1, True)
    assert "7001" not in haetae("inbox", "list", "--json")[1]

    async def kept(tx: Transaction) -> tuple[Any, Any]:
        return await tx.scalar(sa.select(AnswerRow)), await tx.scalar(sa.select(Delivery))

    answer, notice = within(kept)
    assert (answer.kind, answer.ticket, answer.notice_id) == ("receipt", "7001", notice.notice_id)
    assert (notice.ticket, notice.received_how) == ("7001", "person")


def test_what_cannot_be_assigned_says_why(haetae: Haetae, mails: list[str]) -> None:
    for mail, case, why in (
        ("abc", REFERENCE, "give at least 8 letters"),
        ("00000000", REFERENCE, "there is none"),
        (mails[0], "HT-AAAAAAAA", "no notice of such a case was sent"),
        (mails[0], "case seven", "give its id or its reference"),
    ):
        status, said = haetae("inbox", "assign", mail, case)
        assert (status, why in said) == (1, True), why


def test_the_reconciliation_compares_with_what_the_gateway_approved(
    haetae: Haetae, mails: list[str], migrated: Migrated
) -> None:
    status, said = haetae("notices", "reconcile")
    assert "1 approved notices, 1 Message-IDs accepted 1 2 mails answer no notice for certain" in said
    assert (status, "neither an end nor a next step" in said) == (1, True)  # no ladder was begun for it
    with psycopg.connect(libpq_url(migrated.owner_url), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway.cases (case_id, state, rank, updated_at) "
            "VALUES (gen_random_uuid(), 'approved', 0, now())"
        )
        connection.execute(
            "INSERT INTO gateway.notices (notice_id, case_id, approved_at) "
            "SELECT gen_random_uuid(), case_id, now() - interval '1 hour' FROM gateway.cases"
        )
    assert "1 notices were approved but never reached the notifier" in haetae("notices", "reconcile")[1]
