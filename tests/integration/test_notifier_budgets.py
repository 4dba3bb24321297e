"""Nobody gets more mail than its budget, nobody starves, and what waits together may go together."""

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from services.notifier.channels.mail.smtp import Server
from services.notifier.delivery.budget import Budget
from services.notifier.delivery.ledger import KEPT, Closed, Mailing, forget
from services.notifier.domain import Accepted, Failed
from services.notifier.store import Delivery
from shared.clock import ManualClock
from shared.database import Database
from shared.events import NoticeBounced, NoticeSent
from shared.events.examples import NOTICE
from shared.identity import case_id
from shared.notices import sealed
from tests.support.notifier import LEASE_S, ORIGIN, Notifier, approval, approving

TIGHT = Budget(gap_s=0, mailbox_per_hour=3, mailbox_per_day=5, domain_per_hour=4, domain_per_day=100)
HOUR_S = 3600.0
A = "abuse@host.test"


@pytest.fixture
async def notifier(migrated, mail):
    clock = ManualClock()
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", clock)
    made = Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    made.sender = replace(made.sender, budget=TIGHT)
    yield made
    await database.close()


class Posted:
    """A server that keeps what it takes, and answers as told."""

    def __init__(self, *outcomes):
        self.mails, self._outcomes = [], iter(outcomes)

    async def __call__(self, raw, envelope):
        self.mails.append((envelope, message_from_bytes(raw, policy=policy.default)))
        return next(self._outcomes, Accepted("250 kept"))

    @property
    def names(self):
        return [mail["Message-ID"] for _, mail in self.mails]


async def approve(notifier, count, to=A, start=0, **more):
    """Cases with one notice each to a recipient."""
    for number in range(start, start + count):
        url = f"http://host{number}.test/"
        recipient = NOTICE.recipient.model_copy(update={"email": to, "can": more.get("can", ())})
        notice = sealed(
            NOTICE.model_copy(
                update={
                    "notice_id": case_id(url + to),
                    "recipient": recipient,
                    "urgent": more.get("urgent", False),
                }
            )
        )
        await notifier.handle(approving(case_id(url), notice, url=url))


async def drained(notifier, sender):
    """Rounds until nothing is due; how many notices each attempted."""
    counts = []
    while count := await sender.round(notifier.database, notifier.clock):
        counts.append(count)
    return counts


async def states(notifier):
    return Counter(state for state, _ in await notifier.states())


async def test_a_mailbox_gets_its_budget_an_hour_and_a_day_and_the_rest_waits(notifier):
    posted = Posted()
    sender = notifier.with_post(posted)
    await approve(notifier, 7)
    for total in (3, 5, 5):
        await drained(notifier, sender)
        assert len(posted.mails) == total
        notifier.clock.advance(HOUR_S)
    assert await states(notifier) == {"sent": 5, "waiting": 2}
    notifier.clock.advance(22 * HOUR_S)
    await drained(notifier, sender)
    assert await states(notifier) == {"sent": 7}
    assert len(set(posted.names)) == 7


async def test_the_mailboxes_of_a_domain_share_one_and_others_do_not_wait_for_it(notifier):
    posted = Posted()
    await approve(notifier, 3, to="abuse@a.host.co.kr")
    await approve(notifier, 3, to="abuse@b.host.co.kr", start=10)
    await approve(notifier, 1, to="abuse@elsewhere.co.kr", start=20)
    await drained(notifier, notifier.with_post(posted))
    got = Counter(
        envelope.recipient.rpartition("@")[2].removeprefix("a.").removeprefix("b.") for envelope, _ in posted.mails
    )
    assert got == {"host.co.kr": 4, "elsewhere.co.kr": 1}


async def test_several_processes_keep_one_budget(notifier):
    posted = Posted()
    await approve(notifier, 12)
    await approve(notifier, 3, to="abuse@other.test", start=20)
    several = [notifier.with_post(posted, instance=str(number)) for number in range(3)]
    await asyncio.gather(*(drained(notifier, one) for one in several))
    assert Counter(envelope.recipient for envelope, _ in posted.mails) == {A: 3, "abuse@other.test": 3}


async def test_a_mail_that_certainly_did_not_go_out_costs_nothing(notifier):
    posted = Posted(*[Failed("451 busy")] * 5)
    sender = notifier.with_post(posted)
    sender = replace(sender, attempts=20)
    await approve(notifier, 3)
    for _ in range(6):
        await drained(notifier, sender)
        notifier.clock.advance(100)
    assert await states(notifier) == {"sent": 3}


async def test_a_mail_that_perhaps_went_out_is_counted(notifier):
    sender = notifier.with_post(Posted(*[Failed("lost", perhaps_taken=True)] * 3), attempts=20)
    await approve(notifier, 1)
    for _ in range(5):
        await drained(notifier, sender)
        notifier.clock.advance(100)
    assert await states(notifier) == {"waiting": 1}
    notifier.clock.advance(HOUR_S)
    await drained(notifier, sender)
    assert await states(notifier) == {"sent": 1}


async def test_a_child_goes_first_but_nobody_waits_for_ever(notifier):
    posted = Posted()
    sender = notifier.with_post(posted, budget=replace(TIGHT, mailbox_per_hour=1, mailbox_per_day=100))
    await approve(notifier, 1)
    numbers = itertools.count(10)
    for _ in range(8):
        notifier.clock.advance(1)
        await approve(notifier, 1, start=next(numbers), urgent=True)
        await drained(notifier, sender)
        notifier.clock.advance(HOUR_S)
    ordinary = ORIGIN.message_id(case_id(f"http://host0.test/{A}"))
    assert posted.names[0] != ordinary
    assert ordinary in posted.names[5:8]


async def test_what_waits_beyond_the_budget_goes_together_to_whom_reads_it_so(notifier):
    posted = Posted(*[Accepted("250 kept" + " for you" * 100)] * 3)
    await approve(notifier, 9, can=("remove", "digest"))
    await drained(notifier, notifier.with_post(posted))
    kinds = [mail.get_content_type() for _, mail in posted.mails]
    assert kinds.count("multipart/digest") == 1
    assert len(kinds) == 3
    assert kinds[-1] == "multipart/digest"
    envelope, digest = posted.mails[-1]
    inner = [part.get_content()["Message-ID"] for part in digest.iter_parts()]
    assert len({*posted.names[:2], *inner}) == 9
    assert await states(notifier) == {"sent": 9}
    told = await notifier.published(NoticeSent)
    assert {sent.message_id for sent in told} == {*posted.names[:2], *inner}
    assert {sent.message_id for sent in told if digest["Message-ID"] in sent.receipt} == {*inner}
    async with notifier.database.transaction() as tx:
        rows = await tx.scalars(sa.select(Delivery))
        counted = await tx.scalars(sa.select(Mailing).where(Mailing.name == A))
    assert {row.carrier_id for row in rows if row.message_id in inner} == {digest["Message-ID"]}
    assert digest["Message-ID"] == f"<{envelope.id}@agency.test>"
    assert len(counted) == 3


async def one_digest(notifier, *outcomes, **more):
    """Three notices in one mail, attempted once; the server's answers from now on."""
    posted = Posted(*outcomes)
    sender = notifier.with_post(posted, budget=replace(TIGHT, mailbox_per_hour=1), attempts=20, **more)
    await approve(notifier, 3, can=("digest",))
    await sender.round(notifier.database, notifier.clock)
    assert [mail.get_content_type() for _, mail in posted.mails] == ["multipart/digest"]
    return posted, sender


async def test_a_digest_whose_answer_was_lost_goes_again_as_it_was(notifier):
    posted, sender = await one_digest(notifier, Failed("lost", perhaps_taken=True))
    await approve(notifier, 2, can=("digest",), start=50)
    for _ in range(2):
        notifier.clock.advance(HOUR_S)
        await drained(notifier, sender)
    first, others, again = posted.mails
    assert again[1]["Message-ID"] == first[1]["Message-ID"] != others[1]["Message-ID"]
    assert [len(list(mail.iter_parts())) for _, mail in (others, again)] == [2, 3]


async def test_a_digest_of_a_process_that_died_goes_again_as_it_was(notifier):
    class Killed(BaseException):
        pass

    async def killed(raw, envelope):
        names.append(message_from_bytes(raw, policy=policy.default)["Message-ID"])
        raise Killed

    names = []
    await approve(notifier, 3, can=("digest",))
    tight = replace(TIGHT, mailbox_per_hour=1)
    with pytest.raises(Killed):
        await notifier.with_post(killed, budget=tight).round(notifier.database, notifier.clock)
    notifier.clock.advance(max(LEASE_S, HOUR_S))
    posted = Posted()
    await drained(notifier, notifier.with_post(posted, budget=tight))
    assert posted.names == names
    assert await states(notifier) == {"sent": 3}


async def test_a_digest_that_certainly_did_not_go_out_may_be_another_next_time(notifier):
    posted, sender = await one_digest(notifier, Failed("451 busy"))
    await approve(notifier, 2, can=("digest",), start=50)
    notifier.clock.advance(100)
    await drained(notifier, sender)
    assert len(list(posted.mails[1][1].iter_parts())) == 5
    assert await states(notifier) == {"sent": 5}


async def test_a_refused_digest_refuses_no_notice_they_go_alone(notifier):
    posted, sender = await one_digest(notifier, Failed("552 too large", final=True))
    for _ in range(3):
        notifier.clock.advance(HOUR_S)
        await drained(notifier, sender)
    assert [mail.get_content_type() for _, mail in posted.mails[1:]] == ["text/plain"] * 3
    assert await states(notifier) == {"sent": 3}
    assert await notifier.published(NoticeBounced) == []


async def test_a_mail_whose_turn_came_after_its_lease_is_left_to_the_next(notifier):
    posted = Posted()
    await approve(notifier, 1)
    sender = notifier.with_post(posted, lease_s=0.0)
    assert await sender.round(notifier.database, notifier.clock) == 1
    assert posted.mails == []
    assert await states(notifier) == {"sending": 1}


async def test_what_follows_in_a_case_is_in_the_thread_of_its_recipient(notifier):
    posted = Posted()
    event = approval(A, "abuse@second.test")
    first = event.approved[0]
    later = sealed(
        first.model_copy(
            update={
                "notice_id": case_id("later"),
                "occasion": "reminder",
                "follows": first.notice_id,
                "after_hours": 24,
            }
        )
    )
    await notifier.handle(approving(event.case_id, *event.approved, later))
    await drained(notifier, notifier.with_post(posted))
    async with notifier.database.transaction() as tx:
        row = await tx.get(Delivery, later.notice_id)
        row.state, row.next_attempt_at = "waiting", tx.clock.now()
    await drained(notifier, notifier.with_post(posted))
    threads = {mail["Message-ID"]: mail["In-Reply-To"] for _, mail in posted.mails}
    assert threads.pop(ORIGIN.message_id(later.notice_id)) == ORIGIN.message_id(first.notice_id)
    assert set(threads.values()) == {None}


async def test_what_counts_for_nothing_any_more_is_forgotten(notifier):
    await approve(notifier, 1)
    await drained(notifier, notifier.with_post(Posted()))
    notifier.clock.advance((KEPT + timedelta(seconds=1)).total_seconds())
    async with notifier.database.transaction() as tx:
        await forget(tx)
    async with notifier.database.transaction() as tx:
        assert await tx.scalars(sa.select(Mailing)) == []
        assert await tx.scalars(sa.select(Closed)) == []
