"""Nothing is sent without an approval recorded before it, of the exact bytes: ways around it that we can think of."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.notifier.channels.mail.smtp import Server
from shared.approvals import Approvals, former_keys
from shared.clock import ManualClock
from shared.database import Database
from shared.events import NoticeWithdrawn, Verdict
from shared.events.values import Attachment, NoticeClock
from shared.failures import Rejected
from shared.notices import sealed
from tests.support.approvals import APPROVALS
from tests.support.notifier import ORIGIN, Notifier, approval

A, B = "abuse@harbour-board.en.test", "abuse@other.test"
CLOCK = NoticeClock(kind="hours", law="US_TIDA", hours=1)
# Everything that leaves, or decides when, how and to whom it leaves.
CHANGES = {
    "subject": {"subject": "else"},
    "body": {"body": "Something else.\n"},
    "digest": {"sha256": "0" * 64},
    "id": {"notice_id": uuid4()},
    "attachment": {"attachments": (Attachment(name="a.json", media_type="application/json", text="{}"),)},
    "fields": {"fields": {"page": "http://other.test/"}},
    "rung": {"rung": 3},
    "time": {"after_hours": 5},
    "occasion": {"occasion": "reminder"},
    "follows": {"follows": uuid4()},
    "clock": {"clock": CLOCK},
    "urgent": {"urgent": True},
}
TO = {
    "email": {"email": B},
    "channel": {"channel": "api", "connector": "cloudflare"},
    "anonymity": {"anonymity": "anonymous"},
    "provider": {"provider": "other"},
    "can": {"can": ("digest",)},
}


@pytest.fixture
async def notifier(migrated_once, mail):
    """One database for all: nothing is ever written but by those two that say so."""
    clock = ManualClock()
    database = Database(migrated_once.dsn_for("notifier"), "/haetae/notifier", clock)
    yield Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    await database.close()


async def nothing_is_sent(notifier, mail, event) -> None:
    with pytest.raises(Rejected):
        await notifier.handle(event)
    assert await notifier.round() == 0
    assert await mail.messages() == []


@pytest.mark.parametrize("digest_too", [False, True], ids=["digest as it was", "digest made anew"])
@pytest.mark.parametrize("part", [*CHANGES, *TO])
async def test_a_draft_that_was_changed_after_the_approval(notifier, mail, part, digest_too):
    event = approval(A)
    notice = event.approved[0]
    changed = notice.model_copy(
        update=CHANGES[part] if part in CHANGES else {"recipient": notice.recipient.model_copy(update=TO[part])}
    )
    changed = sealed(changed) if digest_too and part != "digest" else changed
    await nothing_is_sent(notifier, mail, event.model_copy(update={"approved": (changed,)}))


async def test_a_changed_draft_is_refused_even_under_a_seal_over_its_false_digest(notifier, mail):
    event = approval(A)
    changed = event.approved[0].model_copy(update={"body": "Something else.\n"})
    await nothing_is_sent(notifier, mail, APPROVALS.sealed(event.model_copy(update={"approved": (changed,)})))


@pytest.mark.parametrize(
    "forged",
    [
        {"seal": "0" * 64},
        {"case_id": uuid4()},
        {"approved": approval(A, B).approved},
        {"round": 1},
        {"policy": "another"},
        {"until": ManualClock().now() + timedelta(days=9)},
        {"reviewer": "reviewer-8"},
        {"finding": approval(A, url="http://harbour-board.en.test/other").finding},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_an_event_on_the_topic_that_the_gateway_did_not_write(notifier, mail, forged):
    await nothing_is_sent(notifier, mail, approval(A).model_copy(update=forged))


async def test_a_seal_by_another_key(notifier, mail):
    await nothing_is_sent(notifier, mail, Approvals(SecretStr("k" * 32)).sealed(approval(A)))


async def test_what_was_approved_before_the_key_changed_is_sent_until_the_former_key_is_given_up():
    event, newest, former = approval(A), SecretStr("n" * 32), Approvals(SecretStr("f" * 32))
    known = Approvals(newest, former_keys(SecretStr(f"{'x' * 32}, {'f' * 32}")))
    known.check(former.sealed(event))
    known.check(known.sealed(event))
    assert known.sealed(event).seal == Approvals(newest).sealed(event).seal
    assert known.derived_before("second factors")[1] == former.derived("second factors")
    with pytest.raises(Rejected):
        Approvals(newest).check(former.sealed(event))
    with pytest.raises(ValueError, match="HAETAE_FORMER_APPROVAL_KEYS"):
        former_keys(SecretStr("short"))


async def test_a_rejection_that_is_made_an_approval(notifier, mail):
    rejected = APPROVALS.sealed(approval(A).model_copy(update={"verdict": Verdict.REJECTED}))
    await nothing_is_sent(notifier, mail, rejected.model_copy(update={"verdict": Verdict.APPROVED}))


async def test_an_approval_that_is_played_again_sends_nothing_more(notifier, mail):
    event = approval(A)
    for _ in range(3):
        await notifier.handle(event)
        notifier.clock.advance(60)
        await notifier.round()
    assert len(await mail.messages()) == 1


async def test_an_approval_by_a_policy_that_has_expired(notifier, mail):
    late = approval(B, url="http://harbour-board.en.test/late")
    policy = {"policy": "p-1", "until": notifier.clock.now() - timedelta(seconds=1)}
    await notifier.handle(APPROVALS.sealed(late.model_copy(update=policy)))
    assert await notifier.round() == 0
    assert await mail.messages() == []
    (withdrawn,) = await notifier.published(NoticeWithdrawn)
    assert (withdrawn.why, withdrawn.notice_id) == ("expired", late.approved[0].notice_id)


async def test_a_notice_that_lacks_what_its_law_demands(notifier, mail):
    event = approval(A)
    thin = event.approved[0].model_copy(update={"missing": ("signature (47 USC 223a)",)})
    await nothing_is_sent(notifier, mail, APPROVALS.sealed(event.model_copy(update={"approved": (thin,)})))
