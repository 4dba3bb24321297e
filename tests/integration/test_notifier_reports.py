"""What becomes of a report or a form after it was handed in: answers, statuses, hand-overs, stops."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
import sqlalchemy as sa

from services.notifier.answers import AnswerRow
from services.notifier.channels.api.following import Follower
from services.notifier.channels.form.channel import Form
from services.notifier.channels.form.handing import hand_over_due
from services.notifier.delivery.sender import Sender
from services.notifier.orders import handed_over, stopped
from services.notifier.removal.watching import Rhythm
from services.notifier.store import APPROVED, SENT, Delivery, delivery, watch_of
from shared.clock import ManualClock
from shared.events import (
    AnswerKind,
    Envelope,
    HandedOver,
    HandOverDue,
    NoticeAnswered,
    NoticeBounced,
    NoticeSent,
    NoticesStopped,
    NoticeWithdrawn,
    ReviewDecided,
    Verdict,
)
from shared.events.base import REGISTRY
from shared.events.examples import FINDING
from shared.failures import Rejected
from shared.outbox import OUTBOX
from tests.support.report_apis import BOARD, CASE, Apis, api_notice, report_apis
from tests.support.report_peers import Cloudflare

RHYTHM = Rhythm((3.0, 5.0), confirm_after=2.0)


class Cases:
    """The notifier's tables of one approved case."""

    def __init__(self, apis: Apis) -> None:
        self.apis, self.follower = apis, Follower(apis.api)

    async def approved(self, *notices) -> None:
        event = ReviewDecided(
            case_id=CASE,
            verdict=Verdict.APPROVED,
            note="",
            approved=notices,
            finding=FINDING.model_copy(update={"url": f"{BOARD}/post/1"}),
            reviewer="reviewer-7",
            scripted=False,
            seal="0" * 64,
            decided_at=self.apis.clock.now(),
        )
        async with self.apis.database.transaction() as tx:
            tx.add(watch_of(event, APPROVED))
            for notice in notices:
                tx.add(delivery(event, notice, f"<{notice.notice_id}@agency.test>", tx.clock.now()))

    async def do(self, work, event=None):
        cause = Envelope(event, uuid4(), "/test", self.apis.clock.now()) if event else None
        async with self.apis.database.transaction(cause) as tx:
            return await (work(event, tx) if event else work(tx))

    async def sent_by_api(self, connector: str, *others):
        """One notice, taken by the API and on record as sent; `others` were approved with it."""
        notice = api_notice(connector)
        await self.approved(notice, *others)
        await self.apis.deliver(notice)
        async with self.apis.database.transaction() as tx:
            (await tx.get(Delivery, notice.notice_id)).state = SENT
        (number,) = self.apis.peer(connector).reports
        return notice, number

    async def round(self) -> None:
        await self.follower.round(self.apis.database, self.apis.clock)

    async def row(self, notice) -> Delivery:
        async with self.apis.database.transaction() as tx:
            row = await tx.get(Delivery, notice.notice_id)
        assert row is not None
        return row

    async def told(self, *types):
        async with self.apis.database.transaction() as tx:
            rows = (await tx.execute(sa.select(OUTBOX.c.value, OUTBOX.c.headers).order_by(OUTBOX.c.position))).all()
        events = [REGISTRY[headers["ce_type"]].model_validate_json(value) for value, headers in rows]
        return [event for event in events if isinstance(event, types)]


@pytest.fixture(scope="module")
async def serving_apis(migrated_once, tmp_path_factory):
    async with report_apis(migrated_once.dsn_for("notifier"), tmp_path_factory.mktemp("apis")) as made:
        yield made


@pytest.fixture
async def cases(serving_apis):
    await serving_apis.forget("answers", "deliveries", "watches", "outbox", "ladders", "stops")
    return Cases(serving_apis)


def done(notice, receipt: str = "", failed: str = "") -> HandedOver:
    return HandedOver(
        case_id=CASE,
        notice_id=notice.notice_id,
        receipt=receipt,
        failed=failed,
        by="reviewer-7",
        handed_at=notice_time(),
    )


def notice_time():
    return ManualClock().now() + timedelta(minutes=5)


async def test_an_acceptance_is_a_provable_receipt_with_its_number_once(cases: Cases):
    notice, number = await cases.sent_by_api("deletion-support")
    accepted_at = cases.apis.clock.now()
    cases.apis.clock.advance(30)
    for _ in range(2):
        await cases.round()
    (answered,) = await cases.told(NoticeAnswered)
    assert (answered.kind, answered.ticket, answered.channel) == (AnswerKind.RECEIPT, number, "api")
    row = await cases.row(notice)
    assert (row.received_how, row.received_at, row.ticket) == ("api", accepted_at, number)


@pytest.mark.parametrize(
    ("connector", "changed", "kind"),
    [
        ("deletion-support", {"state": "removed"}, AnswerKind.REMOVED),
        ("deletion-support", {"state": "refused"}, AnswerKind.REFUSED),
        ("aws-xarf", {"status": "COMPLETED", "reasonCode": "ACTIONED"}, AnswerKind.REMOVED),
        ("aws-xarf", {"status": "COMPLETED", "reasonCode": "NOT_RESOLVABLE_TO_AWS"}, AnswerKind.REFUSED),
        ("aws-xarf", {"status": "COMPLETED", "reasonCode": "NEED_MORE_INFORMATION"}, AnswerKind.QUESTION),
        ("cloudflare", {"mitigation_summary": {"active_count": 2}}, AnswerKind.REMOVED),
        ("cloudflare", {"mitigation_summary": {"external_host_notified": True}}, AnswerKind.RECEIPT),
    ],
)
async def test_a_status_that_means_something_is_an_answer_once(cases: Cases, connector, changed, kind):
    _, number = await cases.sent_by_api(connector)
    peer = cases.apis.peer(connector)
    await cases.round()
    await cases.round()
    assert peer.looked == 0  # not before its time
    for _ in range(3):
        cases.apis.clock.advance(3600)
        await cases.round()
        peer.reports[number].update(changed)
    answered = await cases.told(NoticeAnswered)
    assert [one.kind for one in answered[1:]] == [kind]
    final = kind in (AnswerKind.REMOVED, AnswerKind.REFUSED, AnswerKind.QUESTION)
    looked = peer.looked
    cases.apis.clock.advance(7200)
    await cases.round()
    assert peer.looked == looked + (0 if final else 1)


async def test_a_status_that_is_not_told_is_asked_for_less_and_less_and_not_for_ever(cases: Cases):
    await cases.sent_by_api("deletion-support")
    await cases.round()
    peer = cases.apis.peer("deletion-support")
    peer.reports.clear()  # it knows nothing of it any more
    for _ in range(24):
        cases.apis.clock.advance(900)
        await cases.round()
    assert 2 <= peer.looked <= 5
    cases.apis.clock.advance(61 * 86_400)
    await cases.round()
    looked = peer.looked
    cases.apis.clock.advance(10 * 86_400)
    await cases.round()
    assert peer.looked == looked


async def test_a_form_waits_for_a_person_whose_receipt_is_proof(cases: Cases):
    notice = api_notice("", channel="form")
    await cases.approved(notice)
    assert [await cases.do(hand_over_due), await cases.do(hand_over_due)] == [1, 0]
    (due,) = await cases.told(HandOverDue)
    assert due.notice_id == notice.notice_id
    assert (await cases.row(notice)).state == "handing"
    for _ in range(2):
        await cases.do(partial(handed_over, rhythm=RHYTHM), done(notice, receipt="F-2026-77"))
    row = await cases.row(notice)
    assert (row.state, row.receipt, row.ticket, row.received_how) == ("sent", "F-2026-77", "F-2026-77", "person")
    (sent,) = await cases.told(NoticeSent)
    (answered,) = await cases.told(NoticeAnswered)
    assert (sent.receipt, answered.kind, answered.channel) == ("F-2026-77", AnswerKind.RECEIPT, "form")


async def test_a_form_that_could_not_be_handed_in_is_an_alarm(cases: Cases):
    notice = api_notice("", channel="form")
    await cases.approved(notice)
    await cases.do(hand_over_due)
    await cases.do(partial(handed_over, rhythm=RHYTHM), done(notice, failed="the form is gone"))
    (bounced,) = await cases.told(NoticeBounced)
    assert bounced.reason == "the form is gone"
    assert (await cases.row(notice)).state == "bounced"


async def test_nobody_hands_over_what_was_not_approved_or_is_not_with_a_person(cases: Cases):
    notice, other = api_notice("", channel="form"), api_notice("", channel="form", reference="HT-OTHER234")
    await cases.approved(notice)
    with pytest.raises(Rejected, match="never approved"):
        await cases.do(partial(handed_over, rhythm=RHYTHM), done(other))
    await cases.do(partial(handed_over, rhythm=RHYTHM), done(notice, receipt="F-1"))
    assert (await cases.row(notice)).state == "waiting"


async def test_what_is_stopped_is_not_sent_and_what_was_sent_stays_sent(cases: Cases):
    later = api_notice("", channel="form")
    sent, _ = await cases.sent_by_api("deletion-support", later)
    await cases.do(hand_over_due)
    order = NoticesStopped(case_id=CASE, notices=(), why="by mistake", by="reviewer-7", stopped_at=notice_time())
    for _ in range(2):
        await cases.do(stopped, order)
    (withdrawn,) = await cases.told(NoticeWithdrawn)
    assert (withdrawn.notice_id, withdrawn.why, withdrawn.by) == (later.notice_id, "stopped", "reviewer-7")
    assert [(await cases.row(one)).state for one in (sent, later)] == ["sent", "withdrawn"]
    await cases.do(partial(handed_over, rhythm=RHYTHM), done(later, receipt="F-2"))
    assert (await cases.row(later)).state == "withdrawn"


async def test_the_sender_brings_a_notice_to_an_api_and_what_it_does_not_take_from_us_to_a_person(cases: Cases):
    apis = cases.apis
    channels = {"api": apis.api, "form": Form()}
    sender = Sender(channels=channels, rhythm=RHYTHM, instance="0", lease_s=45.0)
    taken, refused, form = api_notice("aws-xarf"), api_notice("cloudflare"), api_notice("", channel="form")
    apis.peers["cloudflare"].entitled = False
    await cases.approved(taken, refused, form)
    assert await sender.round(apis.database, apis.clock) == 2
    assert await sender.round(apis.database, apis.clock) == 0
    assert [(await cases.row(one)).state for one in (taken, refused, form)] == ["sent", "handing", "waiting"]
    (sent,) = await cases.told(NoticeSent)
    (number,) = apis.peer("aws-xarf").reports
    assert sent.receipt == f"aws-xarf: report {number}"
    (due,) = await cases.told(HandOverDue)
    assert due.notice_id == refused.notice_id
    assert Cloudflare.ENTITLEMENT in due.why
    assert Cloudflare.ENTITLEMENT in ((await cases.row(refused)).receipt or "")
    await cases.do(partial(handed_over, rhythm=RHYTHM), done(refused, receipt="CF-77"))
    assert (await cases.row(refused)).state == "sent"


async def test_answers_are_rows_without_secrets(cases: Cases):
    await cases.sent_by_api("deletion-support")
    await cases.round()
    async with cases.apis.database.transaction() as tx:
        (row,) = await tx.scalars(sa.select(AnswerRow))
    assert row.source.startswith("api:deletion-support:")
    assert "stand-in" not in f"{row.source} {row.words} {row.ticket}"
