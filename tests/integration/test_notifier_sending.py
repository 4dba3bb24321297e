"""A notice goes out once, whatever happens between acceptance and record; nothing goes out that was not approved."""

import asyncio
import itertools

import pytest
import sqlalchemy as sa

from services.notifier.channels.mail.smtp import Server
from services.notifier.channels.mail.submission import Submission
from services.notifier.delivery.budget import Budget
from services.notifier.delivery.claims import LOOK_AHEAD, Terms, claim
from services.notifier.domain import Accepted, Failed
from services.notifier.store import Delivery, WatchRow
from shared.clock import ManualClock
from shared.database import Database
from shared.events import CheckRequested, NoticeBounced, NoticeSent, Verdict
from shared.events.examples import NOTICE
from shared.failures import Rejected, Transient
from shared.handling import Context
from tests.support.approvals import APPROVALS
from tests.support.notifier import LEASE_S, ORIGIN, Notifier, approval, notice
from tests.support.poll import eventually

A, B = "abuse@harbour-board.en.test", "abuse@second.en.test"


WAITING_FOR_A_LOCK = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def notifier(migrated, mail):
    clock = ManualClock()
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", clock)
    yield Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    await database.close()


async def test_an_approved_notice_is_in_the_mailbox_once_as_it_was_approved(notifier, mail):
    event = approval(A)
    await notifier.handle(event)
    assert await notifier.round() == 1
    assert await notifier.round() == 0
    (message,) = await mail.messages(to=A)
    assert message["body"].replace("\r\n", "\n") == NOTICE.body
    assert message["subject"] == NOTICE.subject
    assert message["suppressed_repeats"] == 0
    (sent,) = await notifier.published(NoticeSent)
    assert message["message_id"] == sent.message_id == ORIGIN.message_id(sent.notice_id)
    assert (sent.attempt, sent.recipient.email) == (1, A)
    assert "kept" in sent.receipt


async def test_the_same_approval_again_sends_nothing(notifier, mail):
    for _ in range(2):
        await notifier.handle(approval(A))
        await notifier.round()
    assert len(await mail.messages()) == 1
    assert len(await notifier.published(NoticeSent)) == 1


async def test_another_approval_of_a_decided_case_is_not_swallowed(notifier):
    await notifier.handle(approval(A))
    with pytest.raises(Rejected, match="decided before"):
        await notifier.handle(approval(A, B))


@pytest.mark.parametrize("field", ["body", "subject", "sha256"])
async def test_what_was_not_approved_byte_for_byte_is_refused_with_all_of_its_approval(notifier, mail, field):
    forged = {"body": "Something else.\n", "subject": "else", "sha256": "0" * 64}
    event = approval(A, B)
    wrong = event.approved[1].model_copy(update={field: forged[field]})
    approved = (event.approved[0], wrong)
    changed = APPROVALS.sealed(event.model_copy(update={"approved": approved}))  # the digest is wrong, not the seal
    with pytest.raises(Rejected, match="approved"):
        await notifier.handle(changed)
    assert await notifier.round() == 0
    assert await mail.messages() == []


async def test_a_row_that_was_changed_after_the_approval_is_not_sent(notifier, mail):
    await notifier.handle(approval(A))
    async with notifier.database.transaction() as tx:
        row = await tx.get(Delivery, notice(approval(A).case_id, A).notice_id)
        row.notice = {**row.notice, "body": "Something else.\n"}
    await notifier.round()
    assert await mail.messages() == []
    assert len(await notifier.published(NoticeBounced)) == 1


async def test_nothing_is_sent_for_a_rejected_verdict(notifier, mail):
    await notifier.handle(approval(A, verdict=Verdict.REJECTED))
    assert await notifier.round() == 0
    assert await mail.messages() == []


async def test_killed_after_acceptance_it_sends_again_with_the_same_message_id(notifier, mail):
    await notifier.handle(approval(A))

    async def killed_after(raw, to):
        await notifier.post(raw, to)
        raise Killed

    with pytest.raises(Killed):
        await notifier.with_post(killed_after).round(notifier.database, notifier.clock)
    assert await notifier.states() == [("sending", 1)]
    assert await notifier.round() == 0  # somebody may still be at it
    notifier.clock.advance(LEASE_S)
    assert await notifier.round() == 1
    (message,) = await mail.messages(to=A)
    assert message["suppressed_repeats"] == 1
    (sent,) = await notifier.published(NoticeSent)
    assert sent.attempt == 2


async def test_killed_before_the_network_it_sends_once(notifier, mail):
    await notifier.handle(approval(A))

    async def killed_before(raw, to):
        raise Killed

    with pytest.raises(Killed):
        await notifier.with_post(killed_before).round(notifier.database, notifier.clock)
    notifier.clock.advance(LEASE_S)
    await notifier.round()
    (message,) = await mail.messages(to=A)
    assert message["suppressed_repeats"] == 0


async def test_the_next_life_of_a_process_does_not_wait_for_its_own_lease(notifier, mail):
    await notifier.handle(approval(A))

    async def killed(raw, to):
        raise Killed

    for instance, delivered in (("another", 0), (notifier.sender.instance, 1)):
        with pytest.raises(Killed):
            await notifier.with_post(killed).round(notifier.database, notifier.clock)
        await run_one_life(notifier.with_post(notifier.post, instance=instance), notifier)
        assert len(await mail.messages()) == delivered
        notifier.clock.advance(LEASE_S)


async def run_one_life(sender, notifier):
    """A start, a few looks at what is due, a stop."""
    asked = itertools.count()
    context = Context(notifier.database, notifier.clock, None, stopping=lambda: next(asked) > 8)
    running = asyncio.create_task(sender.run(context))
    while not running.done():
        await asyncio.sleep(0.01)
        notifier.clock.advance(0.1)
    await running


async def test_a_lost_answer_leads_to_one_mail_and_one_receipt(notifier, mail):
    await mail.fault(drop_reply_after_accept_next=1)
    await notifier.handle(approval(A))
    await notifier.round()
    assert await notifier.published() == []
    notifier.clock.advance(5)
    await notifier.round()
    (message,) = await mail.messages(to=A)
    assert message["suppressed_repeats"] == 1
    assert [sent.attempt for sent in await notifier.published(NoticeSent)] == [2]


async def test_a_database_that_is_away_after_the_acceptance_does_not_send_twice(notifier, mail, monkeypatch):
    await notifier.handle(approval(A))
    real, failures = notifier.database.transaction, iter([Transient("away"), Transient("away")])

    def away_after_claim(*arguments):
        if accepted.is_set() and (failure := next(failures, None)):
            raise failure
        return real(*arguments)

    async def post(raw, to):
        outcome = await notifier.post(raw, to)
        accepted.set()
        return outcome

    accepted = asyncio.Event()
    monkeypatch.setattr(notifier.database, "transaction", away_after_claim)
    running = asyncio.create_task(notifier.with_post(post).round(notifier.database, notifier.clock))
    while not running.done():
        await asyncio.sleep(0.01)
        notifier.clock.advance(1)
    await running
    (message,) = await mail.messages(to=A)
    assert message["suppressed_repeats"] == 0
    assert await notifier.states() == [("sent", 1)]


async def test_a_busy_server_is_tried_again(notifier, mail):
    await mail.fault(reject_next=1, code=451)
    await notifier.handle(approval(A))
    await notifier.round()
    assert await notifier.states() == [("waiting", 1)]
    assert await notifier.round() == 0
    notifier.clock.advance(5)
    await notifier.round()
    assert len(await mail.messages(to=A)) == 1
    assert [sent.attempt for sent in await notifier.published(NoticeSent)] == [2]


async def test_a_server_that_stays_busy_ends_in_an_alarm(notifier, mail):
    await mail.fault(reject_next=3, code=451)
    await notifier.handle(approval(A))
    for _ in range(3):
        await notifier.round()
        notifier.clock.advance(3600)
    assert await notifier.round() == 0
    (bounced,) = await notifier.published()
    assert isinstance(bounced, NoticeBounced)
    assert "3 attempts" in bounced.reason
    assert "451" in bounced.reason


async def test_a_refused_recipient_is_an_alarm_at_once_and_no_other_waits_for_it(notifier, mail):
    await mail.fault(reject_recipient=A, code=550)
    await notifier.handle(approval(A, B))
    await notifier.round()
    assert await notifier.states() == [("bounced", 1), ("sent", 1)]
    (bounced,) = await notifier.published(NoticeBounced)
    assert bounced.reason.startswith("550")
    assert [message["rcpt"] for message in await mail.messages()] == [B]


async def test_a_server_that_cannot_be_reached_blames_no_notice(notifier, migrated):
    nowhere = Server("127.0.0.1", 1, ORIGIN.sender, timeout_s=5)
    await notifier.handle(approval(A))
    await notifier.with_post(Submission(nowhere).post).round(notifier.database, notifier.clock)
    assert await notifier.states() == [("waiting", 1)]


async def test_a_crash_at_every_attempt_ends_in_an_alarm_too(notifier, mail):
    await notifier.handle(approval(A))

    async def killed(raw, to):
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            await notifier.with_post(killed).round(notifier.database, notifier.clock)
        notifier.clock.advance(LEASE_S)
    await notifier.round()
    assert await mail.messages() == []
    assert len(await notifier.published(NoticeBounced)) == 1


async def test_an_alarm_says_that_the_notice_may_have_arrived_all_the_same(notifier):
    answers = iter([Failed("lost", perhaps_taken=True), Failed("550 5.6.0 not this", final=True)])

    async def unsure(raw, envelope):
        return next(answers)

    await notifier.handle(approval(A))
    for _ in range(2):
        await notifier.with_post(unsure).round(notifier.database, notifier.clock)
        notifier.clock.advance(60)
    (bounced,) = await notifier.published(NoticeBounced)
    assert bounced.reason == "it may have arrived; 550 5.6.0 not this"


async def test_a_fault_of_ours_with_one_notice_keeps_no_other_and_ends_in_an_alarm(notifier):
    async def faulty(raw, envelope):
        if envelope.recipient == A:
            raise RuntimeError("the lantern parcel")
        return Accepted("250 kept")

    await notifier.handle(approval(A, B))
    for _ in range(3):
        await notifier.with_post(faulty).round(notifier.database, notifier.clock)
        notifier.clock.advance(60)
    assert await notifier.states() == [("bounced", 3), ("sent", 1)]
    (bounced,) = await notifier.published(NoticeBounced)
    assert "RuntimeError" in bounced.reason
    assert "parcel" not in bounced.reason


async def test_one_recipient_gets_its_mails_apart(notifier, mail):
    for number in range(3):
        await notifier.handle(approval(A, url=f"http://harbour-board.en.test/post/{number}"))
    for arrived in (1, 2, 3):
        assert await notifier.round() == 1
        assert await notifier.round() == 0
        assert len(await mail.messages(to=A)) == arrived
        notifier.clock.advance(1)


async def test_two_processes_never_claim_one_delivery(notifier, mail):
    for number in range(12):
        await notifier.handle(approval(f"abuse@host{number}.test", url=f"http://host{number}.test/"))
    others = [notifier.with_post(notifier.post, instance=str(number)) for number in range(3)]
    counts = await asyncio.gather(*(one.round(notifier.database, notifier.clock) for one in others))
    assert sum(counts) == 12
    messages = await mail.messages()
    assert len(messages) == 12
    assert sum(message["suppressed_repeats"] for message in messages) == 0


async def test_one_recipient_is_never_claimed_by_two_at_once(notifier):
    for number in range(LOOK_AHEAD + 1):
        await notifier.handle(approval(A, url=f"http://harbour-board.en.test/post/{number}"))

    async def claimed():
        async with notifier.database.transaction() as tx:
            return await claim(tx, Terms("mail", "second", LEASE_S, Budget(gap_s=0)), limit=1)

    async def waits_or_ended():
        async with notifier.database.transaction() as tx:
            return second.done() or (await tx.execute(sa.text(WAITING_FOR_A_LOCK))).scalar()

    async with notifier.database.transaction() as tx:
        assert len(await claim(tx, Terms("mail", "first", LEASE_S, Budget(gap_s=0)), limit=1)) == 1
        second = asyncio.create_task(claimed())
        await eventually(waits_or_ended)
    assert await second == []


@pytest.mark.parametrize("late", [Accepted("250 kept late"), Failed("451 late"), Failed("550 late", final=True)])
async def test_whoever_lost_the_lease_neither_doubles_nor_undoes_the_others_receipt(notifier, mail, late):
    await notifier.handle(approval(A))
    go_on = asyncio.Event()

    async def slow(raw, to):
        await go_on.wait()
        return late

    first = asyncio.create_task(notifier.with_post(slow).round(notifier.database, notifier.clock))

    async def leased():
        return await notifier.states() == [("sending", 1)]

    await eventually(leased)
    notifier.clock.advance(LEASE_S)
    await notifier.round()
    go_on.set()
    await first
    assert await notifier.states() == [("sent", 2)]
    assert len(await notifier.published()) == 2  # one receipt, one check
    async with notifier.database.transaction() as tx:
        watch = await tx.get(WatchRow, approval(A).case_id)
    assert watch.notices_sent == 1


async def test_the_first_receipt_asks_for_the_first_check(notifier, mail):
    await notifier.handle(approval(A, B))
    await notifier.round()
    (check,) = await notifier.published(CheckRequested)
    assert check.number == 1
    assert notifier.seconds_until(check.due_at) == 3
    assert check.finding == approval(A).finding.model_copy(update={"title": ""})  # no check needs it


async def test_the_task_sends_what_is_approved_while_it_runs(notifier, mail):
    stop = asyncio.Event()
    context = Context(notifier.database, notifier.clock, None, stopping=stop.is_set)
    running = asyncio.create_task(notifier.sender.run(context))
    await notifier.handle(approval(A))

    async def arrived():
        notifier.clock.advance(1)
        return await mail.messages(to=A)

    await eventually(arrived)
    stop.set()
    while not running.done():
        notifier.clock.advance(1)
        await asyncio.sleep(0.01)
    await running
