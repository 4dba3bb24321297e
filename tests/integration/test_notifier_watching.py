"""A case is closed by two proofs in a row, and by nothing else."""

from itertools import pairwise
from uuid import UUID

import pytest

from services.notifier.channels.mail.smtp import Server
from services.notifier.ladder import store as ladder
from services.notifier.removal.checks import PATIENCE, ask_again
from services.notifier.rounds import next_round
from services.notifier.store import WatchRow
from shared.clock import ManualClock
from shared.database import Database
from shared.events import (
    CheckRequested,
    ContentReappeared,
    CustodyAction,
    CustodyNoted,
    FollowUpAsked,
    NoticeWithdrawn,
    RemovalVerified,
)
from shared.events.examples import EXAMPLES
from shared.events.values import ProbeOutcome
from shared.failures import Rejected
from tests.support.notifier import ORIGIN, RHYTHM, Notifier, approval

GONE, PRESENT, SOFT = ProbeOutcome.GONE, ProbeOutcome.PRESENT, ProbeOutcome.SOFT_404
A, B = "abuse@harbour-board.en.test", "abuse@second.en.test"
EVENT = approval(A)
CASE = EVENT.case_id
NIL = UUID(int=0)


@pytest.fixture
async def watching(migrated, mail):
    """A notifier whose case has its notice sent and its first check asked for."""
    clock = ManualClock()
    database = Database(migrated.dsn_for("notifier"), "/haetae/notifier", clock)
    notifier = Notifier(database, clock, Server(mail.host, mail.port, ORIGIN.sender, timeout_s=10))
    await notifier.handle(EVENT)
    await notifier.round()
    yield notifier
    await database.close()


async def asked(notifier):
    return [check.number for check in await notifier.published(CheckRequested)]


async def test_gone_twice_apart_verifies_the_removal_once(watching):
    watching.clock.advance(3)
    first = watching.clock.now()
    await watching.answer(CASE, 1, GONE)
    watching.clock.advance(2)
    await watching.answer(CASE, 2, GONE)
    await watching.answer(CASE, 2, GONE)
    (removed,) = await watching.published(RemovalVerified)
    assert (removed.url, removed.checks, removed.first_gone_at) == (EVENT.finding.url, 2, first)
    assert await asked(watching) == [1, 2, 3]  # whether it stays away
    row = await watch_row(watching)
    assert (row.state, row.checks_done, row.notices_sent) == ("removed", 2, 1)


async def test_the_same_answer_again_is_no_second_proof(watching):
    await watching.answer(CASE, 1, GONE)
    watching.clock.advance(60)
    await watching.answer(CASE, 1, GONE)
    assert await watching.published(RemovalVerified) == []
    assert await asked(watching) == [1, 2]


@pytest.mark.parametrize("outcome", [SOFT, PRESENT, ProbeOutcome.UNREACHABLE])
async def test_what_only_looks_like_a_removal_never_verifies(watching, outcome):
    for number in range(1, 30):
        watching.clock.advance(60)
        await watching.answer(CASE, number, outcome)
    assert await watching.published(RemovalVerified) == []
    assert await asked(watching) == list(range(1, 31))


async def test_a_page_that_comes_back_starts_the_count_again(watching):
    for number, outcome in enumerate((GONE, SOFT, GONE, PRESENT, GONE), start=1):
        watching.clock.advance(60)
        await watching.answer(CASE, number, outcome)
    assert await watching.published(RemovalVerified) == []
    watching.clock.advance(60)
    await watching.answer(CASE, 6, GONE)
    assert len(await watching.published(RemovalVerified)) == 1


async def test_checks_follow_the_schedule_and_the_confirmation_comes_soon(watching):
    for number, outcome in enumerate((PRESENT, PRESENT, PRESENT, GONE), start=1):
        await watching.answer(CASE, number, outcome)
    due = [watching.seconds_until(check.due_at) for check in await watching.published(CheckRequested)]
    assert due == [3, 5, 8, 8, 2]


async def gone_for_good(notifier):
    for number in (1, 2):
        notifier.clock.advance(3)
        await notifier.answer(CASE, number, GONE)


async def watch_row(notifier):
    async with notifier.database.transaction() as tx:
        return await tx.get(WatchRow, CASE)


async def test_what_is_gone_is_looked_for_by_the_rest_of_the_schedule_until_its_time_is_over(watching):
    await gone_for_good(watching)
    for number in range(3, 10):
        watching.clock.advance(5 if number == 3 else 8)
        await watching.answer(CASE, number, GONE)
    due = [check.due_at for check in await watching.published(CheckRequested)]
    assert [(later - earlier).total_seconds() for earlier, later in pairwise(due[2:])] == [8] * 7
    watching.clock.advance(RHYTHM.guard_s)
    await watching.answer(CASE, 10, SOFT)
    await watching.answer(CASE, 11, PRESENT)  # nobody asked
    assert await asked(watching) == list(range(1, 11))
    row = await watch_row(watching)
    assert (row.state, row.awaited_at) == ("removed", None)
    assert (row.finding["title"], row.finding["excerpt"]) == ("", "")
    assert row.finding["pictures"] == EVENT.finding.model_dump(mode="json")["pictures"]
    watching.clock.advance(30 * 86_400)
    async with watching.database.transaction() as tx:
        assert await ask_again(tx) == 0


async def test_content_that_is_back_twice_apart_is_told_and_watched_again_from_the_beginning(watching):
    await gone_for_good(watching)
    removed_at = watching.clock.now()
    watching.clock.advance(5)
    seen_at = watching.clock.now()
    await watching.answer(CASE, 3, PRESENT)
    assert await watching.published(ContentReappeared) == []
    watching.clock.advance(1)
    await watching.answer(CASE, 4, PRESENT)  # too soon: a cache may still have it
    await watching.answer(CASE, 5, ProbeOutcome.UNREACHABLE)
    assert await watching.published(ContentReappeared) == []
    watching.clock.advance(8)
    await watching.answer(CASE, 6, PRESENT)
    await watching.answer(CASE, 6, PRESENT)
    (back,) = await watching.published(ContentReappeared)
    assert (back.removed_at, back.seen_at, back.number) == (removed_at, seen_at, 1)
    (follow_up,) = await watching.published(FollowUpAsked)
    assert (follow_up.round, follow_up.why, follow_up.url) == (1, "reappeared", EVENT.finding.url)
    assert follow_up.notices == (EVENT.approved[0].notice_id,)
    async with watching.database.transaction() as tx:
        (asked_for,) = (await ladder.held(tx, CASE)).asked
    assert (asked_for["round"], asked_for["why"]) == (1, "reappeared")
    again = (await watching.published(CheckRequested))[-1]
    assert (again.number, watching.seconds_until(again.due_at)) == (7, 3)
    for number in (7, 8):  # and it goes again
        watching.clock.advance(3)
        await watching.answer(CASE, number, GONE)
    assert len(await watching.published(RemovalVerified)) == 2
    row = await watch_row(watching)
    assert (row.state, row.reappeared, row.removed_at) == ("removed", 1, watching.clock.now())
    for number in (9, 10):  # and is back, while nobody decided yet on what was asked for then
        watching.clock.advance(8)
        await watching.answer(CASE, number, PRESENT)
    assert [one.number for one in await watching.published(ContentReappeared)] == [1, 2]
    assert len(await watching.published(FollowUpAsked)) == 1


@pytest.mark.parametrize("between", [GONE, SOFT, ProbeOutcome.REPLACED])
async def test_content_that_is_seen_once_and_not_again_is_not_back(watching, between):
    await gone_for_good(watching)
    for number, outcome in enumerate((PRESENT, between) * 3, start=3):
        watching.clock.advance(8)
        await watching.answer(CASE, number, outcome)
    assert await watching.published(ContentReappeared, FollowUpAsked) == []


async def test_rounds_of_a_case_are_never_given_twice(watching):
    async with watching.database.transaction() as tx:
        assert [await next_round(tx, CASE), await next_round(tx, CASE), await next_round(tx, NIL)] == [1, 2, 1]
    async with watching.database.transaction() as tx:
        assert await next_round(tx, CASE) == 3


async def test_of_destroyed_evidence_the_watch_keeps_no_words(watching):
    assert (await watch_row(watching)).finding["excerpt"]
    for action in (CustodyAction.VIEWED, CustodyAction.DESTROYED):
        noted = EXAMPLES[CustodyNoted]
        await watching.handle(noted.model_copy(update={"case_id": CASE, "action": action}))
        kept = (await watch_row(watching)).finding["excerpt"]
        assert bool(kept) == (action is CustodyAction.VIEWED)
    first, second = await watching.published(CheckRequested)
    assert (second.number, second.due_at, second.finding.excerpt) == (2, first.due_at, "")
    await watching.answer(CASE, 1, GONE)  # of the check that gave way
    assert (await watch_row(watching)).checks_done == 0


async def test_an_answer_about_an_unknown_case_is_put_aside(watching):
    with pytest.raises(Rejected, match="not watched"):
        await watching.answer(approval(url="http://other.test/").case_id, 1, GONE)


async def test_a_notice_that_still_waits_when_the_removal_is_proven_is_withdrawn(watching, mail):
    late = approval(A, B, url="http://harbour-board.en.test/post/42")
    await mail.fault(reject_recipient=B, code=451)
    await watching.handle(late)
    watching.clock.advance(1)
    await watching.round()
    for number in (1, 2):
        watching.clock.advance(2)
        await watching.answer(late.case_id, number, GONE)
    before = len(await watching.published(CheckRequested))
    await mail.empty()
    watching.clock.advance(60)
    await watching.round()
    assert await mail.messages(to=B) == []
    (withdrawn,) = await watching.published(NoticeWithdrawn)
    assert (withdrawn.notice_id, withdrawn.why) == (late.approved[1].notice_id, "removed")
    assert len(await watching.published(CheckRequested)) == before
    async with watching.database.transaction() as tx:
        row = await tx.get(WatchRow, late.case_id)
    assert (row.state, row.notices_sent) == ("removed", 1)


async def test_a_check_that_is_never_answered_is_asked_for_again_and_its_late_answer_is_not_heard(watching):
    async with watching.database.transaction() as tx:
        assert await ask_again(tx) == 0
    watching.clock.advance(PATIENCE.total_seconds() + RHYTHM.waits[0])
    async with watching.database.transaction() as tx:
        assert await ask_again(tx) == 0  # not over yet
    watching.clock.advance(1)
    for found in (1, 0):
        async with watching.database.transaction() as tx:
            assert await ask_again(tx) == found
    assert await asked(watching) == [1, 2]
    assert (await watching.published(CheckRequested))[-1].due_at == watching.clock.now()
    await watching.answer(CASE, 1, GONE)
    await watching.answer(CASE, 2, GONE)
    watching.clock.advance(2)
    await watching.answer(CASE, 3, GONE)
    assert len(await watching.published(RemovalVerified)) == 1


async def test_a_check_that_is_lost_uses_up_no_step_of_the_schedule(watching):
    watching.clock.advance(PATIENCE.total_seconds() + RHYTHM.waits[0] + 1)
    async with watching.database.transaction() as tx:
        await ask_again(tx)
    await watching.answer(CASE, 2, PRESENT)
    assert watching.seconds_until((await watching.published(CheckRequested))[-1].due_at) == 5
