"""Each promise about a whole house, broken in a real database, store, mailbox or topic: it is told by its name."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from chaos.invariants import INVARIANTS
from deploy.local.buckets import S3Address
from services.notifier.channels.mail.together import compose_together
from services.notifier.channels.port import Letter
from shared.bus.port import Record
from shared.events import CaseChanged, CheckRequested, NoticeSent, RemovalVerified
from shared.events.examples import EXAMPLES
from shared.identity import identity
from shared.notices import sealed
from tests.support.notifier import ORIGIN, approving
from tests.support.settled import Settled, settled
from tests.support.stack import Mail, Migrated

OTHER = str(uuid4())
Break = Callable[[Settled], Awaitable[None]]


@pytest.fixture
async def house(
    migrated: Migrated, mail: Mail, kafka_bootstrap: str, topic_prefix: str, s3_settings: S3Address, tmp_path: Path
) -> AsyncIterator[Settled]:
    async with settled(migrated, mail, kafka_bootstrap, topic_prefix, s3_settings, tmp_path) as made:
        yield made


async def a_report_lost(house: Settled) -> None:
    house.acknowledged("report", url="http://harbour-board.en.test/post/lost", number="8765-4321")


async def a_report_without_its_case(house: Settled) -> None:
    await house.change("UPDATE reported_pages SET case_id = gen_random_uuid() WHERE case_id = :case")


async def one_page_twice(house: Settled) -> None:
    await house.change(
        "INSERT INTO cases (case_id, agency, state, rank, url, alarm, updated_at) "
        "SELECT gen_random_uuid(), agency, '', 0, url, 'no-recipient', updated_at FROM cases WHERE case_id = :case"
    )


async def an_approval_lost(house: Settled) -> None:
    house.acknowledged("approval", case=OTHER)


async def an_approval_without_its_notice(house: Settled) -> None:
    house.acknowledged("approval", case=str(house.case), notice=OTHER)


async def nobody_looks_any_more(house: Settled) -> None:
    await house.change("UPDATE notifier.watches SET awaited_at = NULL WHERE case_id = :case")


async def the_same_words_again(house: Settled) -> None:
    await house.post("<another@agency.test>")


async def the_same_mail_within_another(house: Settled) -> None:
    (notice,) = house.story.notices
    letter = Letter(house.case, notice, (), ORIGIN.message_id(notice.notice_id))
    await house.deliver(compose_together([letter], "<carrier@agency.test>", ORIGIN, house.clock.now()))


async def a_mail_lost(house: Settled) -> None:
    await house.mail.empty()


async def another_word(house: Settled) -> None:
    await house.post("<another@agency.test>", word=(b"Please", b"Gladly"))


async def another_subject(house: Settled) -> None:
    await house.post("<another@agency.test>", subject=(b"Request", b"Advice "))


async def a_forged_approval(house: Settled) -> None:
    """In the topic, of other words, which went out: the gateway's seal is all that is missing."""
    (notice,) = house.story.notices
    other = sealed(notice.model_copy(update={"body": notice.body.replace("Please", "Gladly")}))
    forged = approving(house.case, other).model_copy(update={"seal": "0" * 64})
    await house.say(forged)
    await house.post("<another@agency.test>", word=(b"Please", b"Gladly"))


async def other_bytes_in_the_store(house: Settled) -> None:
    client = S3Address.of(house.world.env).client()
    names = [one.object_name for one in client.list_objects("evidence", f"cases/{house.case}/")]
    client.put_object("evidence", str(names[0]), io.BytesIO(b"other"), 5)


async def a_line_of_custody_changed(house: Settled) -> None:
    await house.change("UPDATE evidence.custody SET actor = 'nobody' WHERE case_id = :case AND seq = 1")


async def a_seal_lost(house: Settled) -> None:
    await house.change("DELETE FROM evidence.seals WHERE case_id = :case")


async def a_line_of_history_changed(house: Settled) -> None:
    await house.change("UPDATE audit SET actor = 'nobody' WHERE chain = :case AND seq = 2")


async def history_cut(house: Settled) -> None:
    await house.change(
        "DELETE FROM audit WHERE chain = :case AND seq = (SELECT length FROM chains WHERE chain = :case)"
    )


async def a_head_forged(house: Settled) -> None:
    await house.change("UPDATE audit_heads SET root = repeat('1', 64)")


async def a_line_outside_the_tree(house: Settled) -> None:
    await house.change("DELETE FROM audit_leaves WHERE position = (SELECT max(position) FROM audit_leaves)")


async def back_to_an_earlier_state(house: Settled) -> None:
    example = EXAMPLES[CaseChanged]
    await house.say(example.model_copy(update={"case_id": house.case, "state": "flagged"}))


async def a_check_left_out(house: Settled) -> None:
    await house.say(EXAMPLES[CheckRequested].model_copy(update={"case_id": house.case, "number": 3}))


async def removed_without_a_check(house: Settled) -> None:
    removed = EXAMPLES[RemovalVerified].model_copy(update={"case_id": house.case})
    await house.say(removed)
    await house.desk.tell(removed)
    await house.relay()


async def an_event_that_waits(house: Settled) -> None:
    await house.change("UPDATE gateway.outbox SET published_at = NULL WHERE topic = 'review.decided'")


async def an_event_that_never_came(house: Settled) -> None:
    await house.change("UPDATE notifier.outbox SET event_id = gen_random_uuid() WHERE topic = 'notice.sent'")


async def a_record_put_aside(house: Settled) -> None:
    headers = {"dead_service": b"drafter", "dead_partition": b"0", "dead_offset": b"7", "dead_error": b"no such law"}
    await house.broker.ensure_topics({"evidence.sealed.dead": 1})
    await house.broker.produce([Record("evidence.sealed.dead", b"k", b"{", headers)])


async def a_state_that_nothing_led_to(house: Settled) -> None:
    await house.change("UPDATE cases SET state = 'removed' WHERE case_id = :case")


async def an_event_that_was_not_taken(house: Settled) -> None:
    (notice,) = house.story.notices
    sent = EXAMPLES[NoticeSent].model_copy(
        update={
            "case_id": house.case,
            "notice_id": notice.notice_id,
            "message_id": ORIGIN.message_id(notice.notice_id),
            "sent_at": house.clock.now().replace(year=2030),
        }
    )
    await house.say(sent)


async def a_case_lost(house: Settled) -> None:
    """Of a page that nobody reported."""
    lost = house.story.flagged.model_copy(update={"case_id": identity("case", "lost")})
    await house.say(lost)


async def an_error(house: Settled) -> None:
    house.acknowledged("answer", method="GET", path="/api/cases", status=500, retry_after=None)


async def no_word_of_when_to_come_again(house: Settled) -> None:
    house.acknowledged("answer", method="GET", path="/api/cases", status=503, retry_after=None)


async def a_login_forgotten(house: Settled) -> None:
    house.acknowledged("answer", method="GET", path="/api/cases", status=401, retry_after=None)


BREAKS: tuple[tuple[Break, str, str], ...] = (
    (a_report_lost, "one_case_each", "report 8765-4321"),
    (a_report_without_its_case, "one_case_each", "is no case"),
    (one_page_twice, "one_case_each", "is 2 cases"),
    (an_approval_lost, "approvals_kept", OTHER),
    (an_approval_without_its_notice, "approvals_kept", OTHER),
    (nobody_looks_any_more, "at_rest", "is sent, and nothing happens next"),
    (the_same_words_again, "one_notice_each", "was written to 2 times (first)"),
    (the_same_mail_within_another, "one_notice_each", "lies 2 times in the mailbox"),
    (a_mail_lost, "one_notice_each", "lies in no mailbox"),
    (another_word, "nothing_unapproved", "<another@agency.test>"),
    (another_subject, "nothing_unapproved", "Advice"),
    (a_forged_approval, "nothing_unapproved", "was approved by nobody"),
    (other_bytes_in_the_store, "evidence_whole", "case "),
    (a_line_of_custody_changed, "evidence_whole", "broken at line 1"),
    (a_seal_lost, "evidence_whole", "has no seal"),
    (a_line_of_history_changed, "audit_verifies", "line 2 is changed"),
    (history_cut, "audit_verifies", "is cut"),
    (a_head_forged, "audit_verifies", "the tree"),
    (a_line_outside_the_tree, "audit_verifies", "no place in the tree"),
    (back_to_an_earlier_state, "in_order", "flagged after it had been sent"),
    (a_check_left_out, "in_order", "its checks were told as 1, 3"),
    (removed_without_a_check, "in_order", "never checked"),
    (an_event_that_waits, "published_as_committed", "waits in the outbox"),
    (an_event_that_never_came, "published_as_committed", "is not in notice.sent"),
    (a_record_put_aside, "dead_letters_planted", "no such law"),
    (a_state_that_nothing_led_to, "state_is_fold", "'removed' in the gateway and 'sent'"),
    (an_event_that_was_not_taken, "state_is_fold", "sent_at"),
    (a_case_lost, "state_is_fold", "not in the gateway"),
    (an_error, "refused_politely", "answered 500"),
    (no_word_of_when_to_come_again, "refused_politely", "without Retry-After"),
    (a_login_forgotten, "refused_politely", "answered 401"),
)
# What also breaks then, because it is the same thing seen from another side.
ALSO = {one_page_twice: {"state_is_fold"}}


async def test_a_house_at_rest_breaks_no_promise(house: Settled) -> None:
    assert await house.broken() == {}


@pytest.mark.parametrize(("breaks", "name", "said"), BREAKS, ids=[breaks.__name__ for breaks, _, _ in BREAKS])
async def test_a_broken_promise_is_told_by_its_name(house: Settled, breaks: Break, name: str, said: str) -> None:
    await breaks(house)
    found = await house.broken()
    assert found.keys() == {name} | ALSO.get(breaks, set()), found
    assert any(said in sentence for sentence in found[name]), found


async def test_what_was_planted_may_be_put_aside(house: Settled) -> None:
    await a_record_put_aside(house)
    house.world.planted["evidence.sealed"] = 1  # type: ignore[index]  # a dict, here
    assert await house.broken("dead_letters_planted") == {}


async def test_only_some_promises_are_asked_for_and_a_long_list_is_cut(house: Settled) -> None:
    for _ in range(25):
        await an_error(house)
    await an_approval_lost(house)
    found = await house.broken("refused_politely")
    assert found.keys() == {"refused_politely"}
    assert (len(found["refused_politely"]), found["refused_politely"][-1]) == (21, "and 5 more")


def test_no_promise_is_without_its_break() -> None:
    assert {name for _, name, _ in BREAKS} == {invariant.name for invariant in INVARIANTS}
