"""A verdict waits for its undo window: given once by whichever replica, taken back, or told when it cannot be given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from services.gateway import history
from services.gateway.accounts import Account
from services.gateway.casefile import CaseFile, open_file
from services.gateway.deciding import finishing, undoing
from services.gateway.deciding.proposing import propose
from services.gateway.deciding.store import Pending
from services.gateway.domain import Alarm, State
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision
from shared.clock import ManualClock
from shared.events import Verdict
from tests.support.approvals import APPROVALS
from tests.support.gateway import Desk, Story, make_desk
from tests.support.stack import Migrated

WINDOW = timedelta(seconds=10)
POSTS = count()


def person(name: str, scripted: bool = False) -> Visitor:
    return Visitor(
        Account(login=name, roles=["reviewer"], pseudonym=f"reviewer-{name}", scripted=scripted, agency="home"),
        "",
        False,
    )


KIM, LEE = person("kim"), person("lee")


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    made = make_desk(migrated_once.dsn_for("gateway"), tmp_path, ManualClock())
    yield made
    made.parts.clock.advance(3600)  # type: ignore[attr-defined]  # a ManualClock; nothing is left for the next test
    while await finishing.finish_next(made.database, APPROVALS):
        pass
    await made.database.close()


async def waiting_case(desk: Desk) -> Story:
    return await desk.awaiting_review(f"post/{next(POSTS)}")


def approval(story: Story) -> Decision:
    return Decision(Verdict.APPROVED, {one.notice_id: one.sha256 for one in story.notices}, "as drafted")


async def proposed(
    desk: Desk, story: Story, by: Visitor = KIM, batch: UUID | None = None, window: timedelta = WINDOW
) -> Pending | None:
    async with desk.database.transaction() as tx:
        return await propose(tx, APPROVALS, story.case, approval(story), by, window=window, batch=batch)


async def undone(desk: Desk, batch: UUID, by: Visitor = KIM) -> int:
    async with desk.database.transaction() as tx:
        return len(await undoing.undo(tx, batch, by))


async def decided_events(desk: Desk, story: Story) -> int:
    async with desk.database.transaction() as tx:
        rows = await tx.execute(
            sa.text("SELECT count(*) FROM outbox WHERE topic = 'review.decided' AND key = :key"),
            {"key": str(story.case).encode()},
        )
        return int(rows.scalar_one())


async def shown(desk: Desk, story: Story) -> CaseFile:
    return await open_file(desk.database, story.case)


def later(desk: Desk, seconds: float) -> None:
    desk.parts.clock.advance(seconds)  # type: ignore[attr-defined]  # a ManualClock


async def test_it_is_out_of_the_queue_and_given_when_the_window_ends(desk: Desk) -> None:
    story = await waiting_case(desk)
    pending = await proposed(desk, story)
    assert pending is not None
    assert (await shown(desk, story)).case.state == State.DECIDING
    assert not await finishing.finish_next(desk.database, APPROVALS)
    assert await decided_events(desk, story) == 0
    later(desk, 10)
    assert await finishing.finish_next(desk.database, APPROVALS)
    file = await shown(desk, story)
    assert (file.case.state, file.case.reviewer) == (State.APPROVED, "reviewer-kim")
    assert [line.action for line in file.history][-2:] == ["verdict-proposed", "notices-approved"]
    assert await decided_events(desk, story) == 1


@pytest.mark.parametrize(("window", "scripted"), [(timedelta(0), False), (WINDOW, True)])
async def test_without_a_window_and_by_programs_it_is_given_at_once(
    desk: Desk, window: timedelta, scripted: bool
) -> None:
    story = await waiting_case(desk)
    assert await proposed(desk, story, person("kim", scripted), window=window) is None
    assert await decided_events(desk, story) == 1


async def test_taken_back_it_awaits_review_again(desk: Desk) -> None:
    story = await waiting_case(desk)
    pending = await proposed(desk, story)
    assert pending is not None
    with pytest.raises(Problem, match="no-pending"):
        await undone(desk, pending.batch, LEE)
    later(desk, 9.9)
    assert await undone(desk, pending.batch) == 1
    later(desk, 60)
    assert not await finishing.finish_next(desk.database, APPROVALS)
    assert (await shown(desk, story)).case.state == State.DRAFTED
    with pytest.raises(Problem, match="undo-late"):
        await undone(desk, pending.batch)
    assert await proposed(desk, story, LEE) is not None


async def test_a_second_verdict_while_one_waits_is_refused(desk: Desk) -> None:
    story = await waiting_case(desk)
    await proposed(desk, story)
    for window in (WINDOW, timedelta(0)):
        with pytest.raises(Problem, match="deciding"):
            await proposed(desk, story, LEE, window=window)


async def test_a_draft_that_changed_meanwhile_is_not_sent_and_the_person_is_told(desk: Desk) -> None:
    story = await waiting_case(desk)
    await proposed(desk, story)
    await desk.tell(story.redrafted("Other words.\n"))
    later(desk, 10)
    assert await finishing.finish_next(desk.database, APPROVALS)
    file = await shown(desk, story)
    assert (file.case.state, file.case.alarm) == (State.DRAFTED, Alarm.NOT_DECIDED)
    assert file.history[-1].details == {"why": "draft-changed", "by": "reviewer-kim"}
    assert await decided_events(desk, story) == 0
    async with desk.database.transaction() as tx:
        assert [(one.why, list(one.titles)) for one in await undoing.told(tx, KIM)] == [("draft-changed", [story.case])]
        assert not await undoing.told(tx, LEE)


async def test_what_was_decided_together_is_taken_back_together(desk: Desk) -> None:
    stories = [await waiting_case(desk) for _ in range(3)]
    batch = uuid4()
    for story in stories:
        await proposed(desk, story, batch=batch)
    async with desk.database.transaction() as tx:
        (one,) = [one for one in await undoing.told(tx, KIM) if one.batch == batch]
        assert (set(one.titles), one.why) == ({story.case for story in stories}, "")
    assert await undone(desk, batch) == 3
    assert {(await shown(desk, story)).case.state for story in stories} == {State.DRAFTED}


async def test_replicas_give_each_verdict_once(desk: Desk, migrated_once: Migrated, tmp_path: Path) -> None:
    stories = [await waiting_case(desk) for _ in range(6)]
    for story in stories:
        await proposed(desk, story)
    later(desk, 10)
    other = make_desk(migrated_once.dsn_for("gateway"), tmp_path, desk.parts.clock)

    async def finish_all(one: Desk) -> int:
        finished = 0
        while await finishing.finish_next(one.database, APPROVALS):
            finished += 1
        return finished

    finished = await asyncio.gather(finish_all(desk), finish_all(other))
    await other.database.close()
    assert sum(finished) == 6
    assert [await decided_events(desk, story) for story in stories] == [1] * 6


async def test_undone_and_finished_at_the_same_moment_one_of_them_wins(desk: Desk) -> None:
    story = await waiting_case(desk)
    pending = await proposed(desk, story)
    assert pending is not None
    async with desk.database.transaction() as tx:
        await undoing.undo(tx, pending.batch, KIM)
        later(desk, 10)
        assert not await finishing.finish_next(desk.database, APPROVALS)  # passes over what is held
    assert not await finishing.finish_next(desk.database, APPROVALS)
    assert await decided_events(desk, story) == 0
    async with desk.database.transaction() as tx:
        assert (await history.read(tx, story.case))[1] is None


@pytest.mark.parametrize("fact", ["withdrawn_at", "destroyed_at"])
async def test_what_was_taken_back_or_destroyed_meanwhile_is_not_given(desk: Desk, fact: str) -> None:
    story = await waiting_case(desk)
    await proposed(desk, story, LEE)
    later(desk, 1)
    async with desk.database.transaction() as tx:
        taken = sa.text(f"UPDATE cases SET {fact} = :at WHERE case_id = :case")
        await tx.execute(taken, {"at": tx.clock.now(), "case": story.case})
    later(desk, 10)
    assert await finishing.finish_next(desk.database, APPROVALS)
    assert await decided_events(desk, story) == 0
    assert (await shown(desk, story)).case.undecided_at, "the officials are told"
    await proposed(desk, story, LEE)
    later(desk, 10)
    assert await finishing.finish_next(desk.database, APPROVALS)
    assert await decided_events(desk, story) == 1, "who decides anew knows it"
