"""A case is closed by two proofs in a row, and by nothing else."""

import pytest

from services.notifier.channels.mail.smtp import Server
from services.notifier.removal.checks import PATIENCE, ask_again
from services.notifier.store import WatchRow
from shared.clock import ManualClock
from shared.database import Database
from shared.events import CheckRequested, RemovalVerified
from shared.events.values import ProbeOutcome
from shared.failures import Rejected
from tests.support.notifier import ORIGIN, RHYTHM, Notifier, approval

GONE, PRESENT, SOFT = ProbeOutcome.GONE, ProbeOutcome.PRESENT, ProbeOutcome.SOFT_404
A, B = "abuse@harbour-board.en.test", "abuse@second.en.test"
EVENT = approval(A)
CASE = EVENT.case_id


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
    assert await asked(watching) == [1, 2]
    async with watching.database.transaction() as tx:
        row = await tx.get(WatchRow, CASE)
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


async def test_an_answer_about_an_unknown_case_is_put_aside(watching):
    with pytest.raises(Rejected, match="not watched"):
        await watching.answer(approval(url="http://other.test/").case_id, 1, GONE)


async def test_a_notice_that_is_sent_after_the_removal_does_not_open_the_case_again(watching, mail):
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
    assert len(await mail.messages(to=B)) == 1
    assert len(await watching.published(CheckRequested)) == before
    async with watching.database.transaction() as tx:
        row = await tx.get(WatchRow, late.case_id)
    assert (row.state, row.notices_sent) == ("removed", 2)


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


async def test_a_closed_case_is_never_asked_for_again(watching):
    for number in (1, 2):
        watching.clock.advance(5)
        await watching.answer(CASE, number, GONE)
    watching.clock.advance(30 * 86_400)
    async with watching.database.transaction() as tx:
        assert await ask_again(tx) == 0
