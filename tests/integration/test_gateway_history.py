"""Events into rows, and the audit history, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.gateway import accounts, history
from services.gateway.accounts import Account, AccountProblem, create_account, set_password
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.casefile import open_file
from services.gateway.problems import Problem
from services.gateway.rights.vocabulary import Role
from services.gateway.verdict import Decision
from shared.database import Database
from shared.events import NoticeSent, Verdict
from shared.events.examples import EXAMPLES
from tests.support.approvals import APPROVALS
from tests.support.gateway import PASSWORD, Desk, Story, decide, make_desk
from tests.support.passwords import OF_A_HOUSE
from tests.support.stack import Migrated


@pytest.fixture
async def desk(migrated: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated.dsn_for("gateway"), tmp_path)
    yield desk
    await desk.database.close()


async def official(desk: Desk, login: str = "kim") -> Account:
    await create_account(desk.database, login, PASSWORD, [Role.REVIEWER])
    async with desk.database.transaction() as tx:
        account = await tx.get(Account, login)
    assert account
    return account


def approval(story: Story) -> Decision:
    return Decision(Verdict.APPROVED, {notice.notice_id: notice.sha256 for notice in story.notices}, "")


async def published(desk: Desk) -> list[tuple[str, str]]:
    """Topic and, for public events, the state."""
    async with desk.database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT topic, convert_from(value, 'UTF8')::json->>'state' FROM outbox"))
        return [(topic, state) for topic, state in rows]


async def test_events_at_the_same_time_leave_one_case_and_an_intact_chain(desk: Desk) -> None:
    story = Story.of()
    sent = EXAMPLES[NoticeSent].model_copy(update={"case_id": story.case, "notice_id": story.notices[0].notice_id})
    events = [story.flagged, story.sealed, story.drafted, sent]
    random.shuffle(events)
    await asyncio.gather(*(desk.tell(event) for event in events))
    file = await open_file(desk.database, story.case)
    assert (file.case.state, file.broken) == ("sent", None)
    assert sorted(line.action for line in file.history) == [
        "content-flagged", "evidence-sealed", "notice-sent", "notices-drafted",
    ]  # fmt: skip
    assert ("case.events", "sent") in await published(desk)


async def test_subscribers_hear_of_each_new_state_once(desk: Desk) -> None:
    story = Story.of()
    await desk.tell(story.flagged, story.flagged, story.sealed, story.drafted)
    assert await published(desk) == [
        ("case.events", "flagged"),
        ("case.events", "sealed"),
        ("case.events", "drafted"),
    ]


async def test_of_two_officials_at_once_one_decides(desk: Desk) -> None:
    story = await desk.awaiting_review()
    officials = [await official(desk, "kim"), await official(desk, "lee")]
    results = await asyncio.gather(
        *(decide(desk.database, APPROVALS, story.case, approval(story), one) for one in officials * 3),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] + ["Problem"] * 5
    assert {result.code for result in results if isinstance(result, Problem)} == {"decided"}
    assert [topic for topic, _ in await published(desk)].count("review.decided") == 1


async def test_no_verdict_before_the_evidence_is_there(desk: Desk) -> None:
    story = Story.of()
    await desk.tell(story.drafted)
    with pytest.raises(Problem, match="not-drafted"):
        await decide(desk.database, APPROVALS, story.case, approval(story), await official(desk))


async def test_the_history_refuses_changes_to_the_role_and_to_the_owner(desk: Desk, migrated: Migrated) -> None:
    await desk.awaiting_review()
    owner = Database(migrated.owner_url, "/haetae/test", schema="gateway")
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with desk.database.transaction() as tx:
                await tx.execute(sa.text(statement))
        with pytest.raises(DBAPIError, match="append-only"):
            async with owner.transaction() as tx:
                await tx.execute(sa.text(statement))
    await owner.close()


@pytest.mark.parametrize(
    ("forgery", "kind"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 2 AND chain = :chain", "changed"),
        ("""UPDATE audit SET details = details || '{"x": 1}' WHERE seq = 1 AND chain = :chain""", "changed"),
        ("DELETE FROM audit WHERE seq = 2 AND chain = :chain", "missing"),
        ("DELETE FROM audit WHERE seq = 3 AND chain = :chain", "cut"),
        ("DELETE FROM audit WHERE chain = :chain", "cut"),
    ],
)
async def test_a_forged_table_is_found(desk: Desk, migrated: Migrated, forgery: str, kind: str) -> None:
    """Somebody with the owner's rights takes the trigger away first."""
    story, other = await desk.awaiting_review(), await desk.awaiting_review("post/2")
    owner = Database(migrated.owner_url, "/haetae/test", schema="gateway")
    async with owner.transaction() as tx:
        await tx.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER append_only"))
        await tx.execute(sa.text(forgery), {"chain": story.case})
    await owner.close()
    async with desk.database.transaction() as tx:
        assert (await history.read(tx, other.case))[1] is None
        broken = (await history.read(tx, story.case))[1]
    assert broken
    assert broken.kind == kind
    assert (await open_file(desk.database, story.case)).broken == broken


async def test_lines_added_at_the_same_time_keep_one_chain(desk: Desk) -> None:
    chain = uuid4()

    async def add(number: int) -> None:
        async with desk.database.transaction() as tx:
            await history.append(tx, chain, "test", Action.SEALED, {"number": number, "text": "해태 \u2028 \\u0000"})

    await asyncio.gather(*(add(number) for number in range(20)))
    async with desk.database.transaction() as tx:
        lines, broken = await history.read(tx, chain)
    assert ([line.seq for line in lines], broken) == (list(range(1, 21)), None)


@pytest.mark.parametrize(
    ("login", "password", "roles", "named"),
    [
        ("Kim Kim", PASSWORD, ["reviewer"], "login"),
        ("kim", "short", ["reviewer"], "12"),
        ("kim", "x" * 513, ["reviewer"], "512"),
        ("kim", PASSWORD, ["admin"], "viewer, counsellor, reviewer, senior-reviewer"),
        ("kim", PASSWORD, [], "roles"),
        ("taken", PASSWORD, ["viewer"], "exists"),
    ],
)
async def test_accounts_name_what_is_wrong(desk: Desk, login: str, password: str, roles: list[str], named: str) -> None:
    await official(desk, "taken")
    with pytest.raises(AccountProblem, match=named):
        await create_account(desk.database, login, password, roles)


async def test_passwords_are_kept_as_argon2_and_changes_are_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the cost that RFC 9106 recommends (section 4, the second): 64 MiB, three passes, four lanes."""
    monkeypatch.setattr(accounts, "_hasher", OF_A_HOUSE)
    before = (await official(desk)).password_hash
    await set_password(desk.database, "kim", "another harbour entirely")
    async with desk.database.transaction() as tx:
        account = await tx.get(Account, "kim")
        lines, broken = await history.read(tx, ACCESS_CHAIN)
    assert account
    assert account.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert account.password_hash != before
    assert ([line.action for line in lines], broken) == (["account-created", "password-changed"], None)
