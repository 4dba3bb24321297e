"""What is stated without anybody asking for it: hashes of approved cases, and how providers acted in a month."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from services.gateway.federation import keys
from services.gateway.federation.house import Federation
from services.gateway.federation.outcomes import Outcomes, about
from services.gateway.federation.own_hashes import Fallen, state_case
from services.gateway.federation.statements import Statement, proved
from services.gateway.federation.store import Issued
from shared.clock import ManualClock
from shared.events import CaseListed, StatementIssued, StatementKind
from shared.events.examples import EXAMPLES
from shared.failures import Transient
from tests.support.federated import new_key
from tests.support.gateway import Desk, Story, make_desk
from tests.support.outbox import told
from tests.support.service import envelope
from tests.support.stack import Migrated

NOW = datetime(2026, 11, 6, 9, tzinfo=UTC)
MONTH = date(2026, 10, 1)
SHARES = Federation("lantern", new_key(), frozenset({"known", "outcome"}))


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    made = make_desk(migrated.dsn_for("gateway"), tmp_path, ManualClock(NOW))
    async with made.database.transaction() as tx:
        await keys.take_over(tx, SHARES.signing())
    with psycopg.connect(libpq_url(migrated.owner_url), autocommit=True) as owner:
        owner.execute("INSERT INTO gateway.agencies VALUES ('guest', 'Guest', '{en}', '', '{}', 1, now(), now())")
    yield made
    await made.database.close()


async def run(desk: Desk, text: str, **values: Any) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute(sa.text(text), values)


async def verdict(desk: Desk, story: Story, said: str | None, **more: Any) -> None:
    given = {"alarm": None, "agency": "home", **more}
    changes = "verdict = :verdict, alarm = :alarm, agency = :agency"
    await run(desk, f"UPDATE cases SET {changes} WHERE case_id = :id", id=story.case, verdict=said, **given)


def listed(story: Story) -> CaseListed:
    example = EXAMPLES[CaseListed]
    assert isinstance(example, CaseListed)
    return example.model_copy(update={"case_id": story.case})


async def tell(desk: Desk, event: CaseListed, house: Federation = SHARES) -> None:
    async with desk.database.transaction(envelope(event)) as tx:
        await state_case(event, tx, house=house)


async def stated(desk: Desk) -> list[Statement]:
    """As peers read it."""
    key, later = SHARES.signing(), NOW + timedelta(days=99)
    public = {str(key.kid): keys.public_key(keys.public_text(key))}
    events = await told(desk.database, StatementIssued)
    return [proved(one.statement, "lantern", public, later) for one in events]


async def withdraw(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        return await Fallen(SHARES).withdraw(tx)


async def test_an_approved_case_states_its_pictures_once_and_nothing_of_the_page(desk: Desk) -> None:
    story = await desk.awaiting_review()
    await verdict(desk, story, "approved")
    event = listed(story)
    await tell(desk, event)
    await tell(desk, event)
    said = await stated(desk)
    assert [one.kind for one in said] == [StatementKind.KNOWN] * len(event.pictures)
    for one, picture in zip(said, event.pictures, strict=True):
        assert one.body["hashes"][0] == {"algorithm": "sha256", "hash": picture.sha256}
        assert {"algorithm": "pdq", "hash": picture.variants[0].pdq} in one.body["hashes"]
        text = one.model_dump_json()
        assert not [
            word
            for word in (story.flagged.finding.site.host, story.flagged.finding.url, str(story.case))
            if word in text
        ]


@pytest.mark.parametrize(
    ("said", "more", "house"),
    [
        ("approved", {}, replace(SHARES, shares=frozenset())),
        ("approved", {}, replace(SHARES, shares=frozenset({"outcome"}))),
        ("approved", {}, Federation(shares=frozenset({"known"}))),
        ("rejected", {}, SHARES),
        ("approved", {"alarm": "counter-notice"}, SHARES),
        ("approved", {"agency": "guest"}, SHARES),
    ],
)
async def test_nothing_leaves_that_is_not_shared_approved_and_ours(
    desk: Desk, said: str, more: dict[str, Any], house: Federation
) -> None:
    story = await desk.awaiting_review()
    await verdict(desk, story, said, **more)
    await tell(desk, listed(story), house)
    assert await stated(desk) == []


async def test_it_waits_for_the_verdict(desk: Desk) -> None:
    story = await desk.awaiting_review()
    with pytest.raises(Transient):
        await tell(desk, listed(story))


@pytest.mark.parametrize(
    ("said", "alarm", "why"), [("rejected", None, "mistake"), ("approved", "counter-notice", "appeal")]
)
async def test_what_falls_is_withdrawn_and_not_stated_again(desk: Desk, said: str, alarm: str | None, why: str) -> None:
    story, other = await desk.awaiting_review(), await desk.awaiting_review("post/42")
    for one in (story, other):
        await verdict(desk, one, "approved")
        await tell(desk, listed(one))
    assert await withdraw(desk) == 0
    before = await stated(desk)
    await verdict(desk, story, said, alarm=alarm)
    pictures = len(listed(story).pictures)
    assert (await withdraw(desk), await withdraw(desk)) == (pictures, 0)
    after = (await stated(desk))[len(before) :]
    assert [one.body["why"] for one in after] == [why] * pictures
    assert {one.body["statement_id"] for one in after} == {str(one.id) for one in before[:pictures]}
    await verdict(desk, story, "approved")
    await tell(desk, listed(story))
    assert len(await stated(desk)) == len(before) + len(after)


async def sent(
    desk: Desk, domain: str, notices: int, *, answered: int = 0, removed: int = 0, on: date = date(2026, 10, 20)
) -> None:
    """Answers after two hours, removals after a day."""
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    for number in range(notices):
        case, notice = uuid4(), uuid4()
        gone = at + timedelta(days=1) if number < removed else None
        await run(
            desk,
            "INSERT INTO cases (case_id, agency, state, rank, updated_at, removed_at)"
            " VALUES (:case, 'home', 'sent', 0, :at, :gone)",
            case=case, at=at, gone=gone,
        )  # fmt: skip
        content = json.dumps({"recipient": {"email": f"abuse@{domain}", "name": "x", "provider": "ours"}})
        await run(
            desk,
            "INSERT INTO notices (notice_id, case_id, sent_at, content) VALUES (:notice, :case, :at, :content)",
            notice=notice, case=case, at=at, content=content,
        )  # fmt: skip
        if number < answered:
            await run(
                desk,
                "INSERT INTO answers (answer_id, case_id, notice_id, kind, recipient, ticket, words, channel,"
                " answered_at) VALUES (:answer, :case, :notice, 'receipt', 'x', '', '', 'mail', :at)",
                answer=uuid4(), case=case, notice=notice, at=at + timedelta(hours=2),
            )  # fmt: skip


async def month(desk: Desk) -> list[dict[str, Any]]:
    async with desk.database.transaction() as tx:
        await Outcomes(SHARES).state(tx)
        return [row.body for row in await tx.scalars(sa.select(Issued).order_by(Issued.position))]


async def test_a_month_is_stated_once_with_no_number_that_tells_of_a_few(desk: Desk) -> None:
    await sent(desk, "boat.test", 24, answered=12, removed=7)
    await sent(desk, "few.test", 9, answered=9)
    await sent(desk, "late.test", 12, on=date(2026, 11, 1))
    await sent(desk, "long-ago.test", 12, on=date(2026, 9, 30))
    expected = [
        {
            "domain": "boat.test", "month": "2026-10-01", "notices": 20, "answered": 10, "removed": 10,
            "answer_s": 7200.0,
        }
    ]  # fmt: skip
    assert await month(desk) == expected
    await sent(desk, "boat.test", 20)
    await sent(desk, "new.test", 20)
    assert await month(desk) == expected, "what comes later would show what came"


async def test_a_month_is_waited_for(desk: Desk) -> None:
    await sent(desk, "boat.test", 20)
    clock = desk.parts.clock
    assert isinstance(clock, ManualClock)
    clock.advance(-2 * 86400)  # the fourth day
    assert await month(desk) == []
    clock.advance(2 * 86400)
    assert len(await month(desk)) == 1


@pytest.mark.parametrize(("n", "said"), [(0, 0), (4, 0), (5, 10), (14, 10), (15, 20), (1_004, 1_000)])
def test_numbers_are_multiples_of_ten(n: int, said: int) -> None:
    assert about(n) == said
