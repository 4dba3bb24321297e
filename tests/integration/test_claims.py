"""Claims: never two on one case, whoever asks and whenever a lease ends; and what comes next for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.gateway.accounts import Account, create_account
from services.gateway.care import choices
from services.gateway.claims import choosing, claiming
from services.gateway.claims.choosing import PUT_ASIDE, Wish
from services.gateway.claims.claiming import LEASE, Claim
from services.gateway.claims.store import Turn
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from services.gateway.store import Case
from shared.clock import ManualClock
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.stack import Migrated

SECOND = timedelta(seconds=1)


@dataclass
class Room:
    """A gateway with its clock, and three who work there."""

    desk: Desk
    clock: ManualClock
    people: dict[str, Visitor]

    async def next(self, who: str, wish: Wish | None = None) -> UUID | None:
        async with self.desk.database.transaction() as tx:
            taken = await choosing.claim_next(tx, self.people[who], wish or Wish(), self.clock.now())
        return taken.case_id if taken else None

    async def claim(self, who: str, case: UUID) -> Claim:
        async with self.desk.database.transaction() as tx:
            return await claiming.claim(tx, case, self.name(who), self.clock.now())

    async def holder(self, case: UUID) -> str | None:
        async with self.desk.database.transaction() as tx:
            held = await claiming.holder(tx, case, self.clock.now())
        return held.holder if held else None

    def pass_by(self, time: timedelta) -> None:
        self.clock.advance(time.total_seconds())

    def name(self, who: str) -> str:
        return self.people[who].account.pseudonym

    async def waits(self, post: str, score: float = 0.9, category: str | None = None) -> UUID:
        story = Story.of(post, score=score)
        about = {"matches": ()} | ({"category": category} if category else {})
        assessment = story.flagged.assessment.model_copy(update=about)
        flagged, sealed = (one.model_copy(update={"assessment": assessment}) for one in (story.flagged, story.sealed))
        await self.desk.tell(flagged, sealed, story.drafted)
        return story.case


@pytest.fixture
async def room(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Room]:
    clock = ManualClock()
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path, clock)
    people = {}
    for login in ("kim", "lee", "park"):
        await create_account(desk.database, login, PASSWORD, ["reviewer"])
        async with desk.database.transaction() as tx:
            account = await tx.get(Account, login)
        assert account
        people[login] = Visitor(account, f"token of {login}", by_cookie=False)
    yield Room(desk, clock, people)
    await desk.database.close()


async def test_each_gets_the_most_pressing_that_nobody_has(room: Room) -> None:
    least, most, middle = [await room.waits(f"post/{n}", score) for n, score in ((1, 0.1), (2, 0.9), (3, 0.5))]
    assert [await room.next(who) for who in ("kim", "lee", "park")] == [most, middle, least]
    assert await room.next("kim") is None
    async with room.desk.database.transaction() as tx:
        held = await claiming.mine(tx, room.name("lee"), room.clock.now())
    assert [(one.case_id, one.until) for one in held] == [(middle, room.clock.now() + LEASE)]


async def test_many_at_once_get_different_cases(room: Room) -> None:
    cases = {await room.waits(f"post/{n}") for n in range(8)}
    taken = await asyncio.gather(*(room.next(who) for who in ("kim", "lee", "park") * 4))
    assert sorted(filter(None, taken), key=str) == sorted(cases, key=str)
    assert taken.count(None) == 4


async def test_one_person_holds_only_so_many_even_who_asks_for_all_at_once(room: Room) -> None:
    cases = [await room.waits(f"post/{n}") for n in range(4)]

    async def asked(case: UUID | None) -> str:
        try:
            async with room.desk.database.transaction() as tx:
                now = room.clock.now()
                if case:
                    await claiming.claim(tx, case, room.name("kim"), now, 2)
                else:
                    await choosing.claim_next(tx, room.people["kim"], Wish(), now, 2)
        except Problem as refused:
            return refused.code
        return "taken"

    answers = await asyncio.gather(*(asked(one) for one in (None, *cases[:2], None, *cases[2:])))
    async with room.desk.database.transaction() as tx:
        held = await claiming.mine(tx, room.name("kim"), room.clock.now())
    assert (len(held), "too-many-claims" in answers) == (2, True)
    assert await asked(held[0].case_id) == "taken", "what one has is renewed"
    async with room.desk.database.transaction() as tx:
        await claiming.release(tx, held[0].case_id, room.name("kim"), room.clock.now())
    assert await asked(None) == "taken"
    room.pass_by(LEASE + SECOND)
    assert await asked(None) == "taken", "leases that ended count for nothing"


async def test_one_case_is_one_persons_until_the_lease_ends_and_then_its_taker_s(room: Room) -> None:
    case = await room.waits("post/1")
    first = await room.claim("kim", case)
    with pytest.raises(Problem, match="claimed") as refused:
        await room.claim("lee", case)
    assert refused.value.values == {"by": room.name("kim"), "until": first.until}
    room.pass_by(LEASE - SECOND)
    renewed = await room.claim("kim", case)
    assert (renewed.claimed_at, renewed.until) == (first.claimed_at, room.clock.now() + LEASE)
    room.pass_by(LEASE + SECOND)
    assert await room.holder(case) is None
    assert await room.next("lee") == case
    async with room.desk.database.transaction() as tx:
        with pytest.raises(Problem, match="claimed"):
            await claiming.check(tx, case, room.name("kim"), room.clock.now())
        with pytest.raises(Problem, match="claimed"):
            await claiming.renew(tx, case, room.name("kim"), room.clock.now())


async def test_two_who_take_the_same_ended_lease_do_not_both_get_it(room: Room) -> None:
    case = await room.waits("post/1")
    await room.claim("kim", case)
    room.pass_by(LEASE + SECOND)
    async with room.desk.database.transaction() as tx:
        await claiming.check(tx, case, room.name("lee"), room.clock.now())
        other = asyncio.create_task(room.claim("park", case))
        await waiting_for_a_lock(room)
    with pytest.raises(Problem, match="claimed"):
        await other
    assert await room.holder(case) == room.name("lee")


async def waiting_for_a_lock(room: Room) -> None:
    waits = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while True:
            async with room.desk.database.transaction() as tx:
                if (await tx.execute(waits)).scalar():
                    return


async def test_what_is_given_back_is_free_at_once_and_is_not_renewed(room: Room) -> None:
    case = await room.waits("post/1")
    await room.claim("kim", case)
    async with room.desk.database.transaction() as tx:
        assert not await claiming.release(tx, case, room.name("lee"), room.clock.now())
        assert await claiming.release(tx, case, room.name("kim"), room.clock.now())
    async with room.desk.database.transaction() as tx:
        with pytest.raises(Problem, match="claim-lost"):
            await claiming.renew(tx, case, room.name("kim"), room.clock.now())
    assert await room.next("lee") == case


async def test_what_somebody_put_aside_comes_to_others_and_later_to_them_again(room: Room) -> None:
    first, second = await room.waits("post/1", 0.9), await room.waits("post/2", 0.5)
    assert await room.next("kim") == first
    async with room.desk.database.transaction() as tx:
        await choosing.skip(tx, room.people["kim"], first, room.clock.now())
    assert await room.next("kim") == second
    assert await room.next("kim") is None
    assert await room.next("lee") == first
    room.pass_by(PUT_ASIDE)
    assert {await room.next("kim"), await room.next("kim")} == {first, second}


async def test_a_claim_outlives_what_becomes_known_of_the_case_and_ends_with_its_turn(room: Room) -> None:
    case = await room.waits("post/1")
    await room.claim("kim", case)
    await room.desk.tell(Story.of("post/1").redrafted("Please remove it today."))
    assert await room.holder(case) == room.name("kim")
    async with room.desk.database.transaction() as tx:
        await tx.execute(sa.update(Case).where(Case.case_id == case).values(removed_at=room.clock.now()))
    await room.desk.tell(Story.of("post/1").redrafted("Please remove it now."))
    async with room.desk.database.transaction() as tx:
        assert await tx.get(Turn, case) is None
        with pytest.raises(Problem, match="not-waiting"):
            await claiming.claim(tx, case, room.name("kim"), room.clock.now())


async def test_wishes_and_what_somebody_opted_out_of_are_kept(room: Room) -> None:
    severe = await room.waits("post/1", 0.9, "minor_apparent")
    trade = await room.waits("post/2", 0.5, "trade_offer")
    text = await room.waits("post/3", 0.1, "suspected_text")
    async with room.desk.database.transaction() as tx:
        await choices.choose(tx, "lee", None, ["minor_apparent", "trade_offer"])
    assert await room.next("kim", Wish(category="trade_offer")) == trade
    assert await room.next("kim", Wish(language="ja")) is None
    assert await room.next("lee") == text
    assert await room.next("lee") is None
    scripted = room.people["lee"]
    room.people["script"] = replace(scripted, account=Account(**fields(scripted.account) | {"scripted": True}))
    assert await room.next("script") == severe


def fields(account: Account) -> dict[str, object]:
    return {name: value for name, value in vars(account).items() if not name.startswith("_")}
