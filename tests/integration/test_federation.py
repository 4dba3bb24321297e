"""What two agencies state to one another, over real HTTP between two gateways with a database each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.gateway import history
from services.gateway.audit import FEDERATION_CHAIN, Action
from services.gateway.federation import accepting, dropping, issuing, peers, pulling
from services.gateway.federation.peers import Wanted
from services.gateway.federation.receiving import receive
from services.gateway.federation.statements import Statement, Withdrawal, sign
from services.gateway.problems import Problem
from services.gateway.rights import confirming
from services.gateway.routes.confirmations import carrying_out
from shared.clock import ManualClock
from shared.events import StatementDropped, StatementIssued, StatementKind, StatementTaken
from shared.events.federation import MAX_JWS
from shared.web import serving
from tests.support.federated import TAKEN, House, house, new_key
from tests.support.outbox import told
from tests.support.stack import Migrated, fresh

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
async def both(migrated: Migrated, databases, migrated_template, stack, tmp_path) -> AsyncIterator[tuple[House, House]]:
    async with (
        fresh(databases, migrated_template) as url,
        house("lantern", migrated, tmp_path / "a", ManualClock(NOW)) as lantern,
        house("harbour", Migrated(url, stack.role_passwords), tmp_path / "b", ManualClock(NOW)) as harbour,
    ):
        yield lantern, harbour


async def joined(lantern: House, harbour: House) -> None:
    await harbour.pin(lantern, f"http://peer.test:{lantern.port}", await lantern.token_for("harbour-reads"))


def later(one: House, seconds: float = 61) -> None:
    assert isinstance(one.desk.parts.clock, ManualClock)
    one.desk.parts.clock.advance(seconds)


async def read(one: House, seconds: float = 61) -> None:
    later(one, seconds)
    while await one.reader.read_next():
        pass


async def test_a_hash_that_one_agency_states_counts_at_another_until_it_is_withdrawn(both) -> None:
    lantern, harbour = both
    await joined(lantern, harbour)
    stated = await lantern.state("case:1")
    await read(harbour)
    waiting = await harbour.received(stated.statement_id)
    assert (waiting.state, waiting.issuer, await told(harbour.desk.database, StatementTaken)) == (
        "waiting", "lantern", [],
    )  # fmt: skip
    batch = await harbour.propose("lantern")
    async with harbour.desk.database.transaction() as tx:
        with pytest.raises(Problem, match="four-eyes"):
            await confirming.confirm(tx, batch, harbour.one, carrying_out(harbour.desk.parts))
    await harbour.confirm(batch)
    (event,) = await told(harbour.desk.database, StatementTaken)
    assert (event.issuer, event.kind, event.hashes, event.statement_id) == (
        "lantern", "known", TAKEN, stated.statement_id,
    )  # fmt: skip
    await lantern.withdraw(stated.statement_id)
    await read(harbour)
    (dropped,) = await told(harbour.desk.database, StatementDropped)
    assert (dropped.statement_id, dropped.why) == (stated.statement_id, "withdrawn")
    assert (await harbour.peer("lantern")).position == 2
    async with harbour.desk.database.transaction() as tx:
        lines, broken = await history.read(tx, FEDERATION_CHAIN)
    assert broken is None
    assert [line.action for line in lines if line.action.startswith("statements")] == [
        Action.STATEMENTS_RECEIVED, Action.STATEMENTS_TAKEN, Action.STATEMENTS_RECEIVED,
    ]  # fmt: skip


async def test_positions_have_no_gap_and_what_stands_is_stated_once(both) -> None:
    lantern, _ = both
    one = await lantern.state("case:1")
    again = await lantern.state("case:1")
    other = await lantern.state("case:1", TAKEN.model_copy(update={"category": "known_near"}))
    async with lantern.desk.database.transaction() as tx:
        rows = await issuing.after(tx, 0)
    assert again.statement_id == one.statement_id != other.statement_id
    assert [(row.position, row.kind) for row in rows] == [(1, "known"), (2, "withdrawal"), (3, "known")]
    events = await told(lantern.desk.database, StatementIssued)
    assert [event.about for event in events] == [one.statement_id, one.statement_id, other.statement_id]


async def test_nobody_counts_before_a_second_person_confirmed_their_keys(both) -> None:
    lantern, harbour = both
    wanted = Wanted("lantern", "Lantern", [str(lantern.key.as_dict(private=False)["x"])])
    async with harbour.desk.database.transaction() as tx:
        await peers.propose(tx, harbour.federation, harbour.one, wanted, "By post.", peer_id=uuid4())
    async with harbour.desk.database.transaction() as tx:
        with pytest.raises(Problem, match="no-peer"):
            await peers.needed(tx, "lantern")


def statement(lantern: House, *, key=None, issuer: str = "lantern", **more: object) -> str:
    said = {"id": uuid4(), "kind": "known", "issued_at": NOW, "body": TAKEN.model_dump(mode="json")} | more
    return sign(Statement.model_validate({"issuer": issuer, **said}), key or lantern.key)


async def given(harbour: House, *texts: str) -> dict[str, int]:
    async with harbour.desk.database.transaction() as tx:
        peer = await peers.needed(tx, "lantern", lock=True)
        return dict(await receive(tx, peer, texts, "test"))


async def test_what_is_forged_replayed_or_of_another_is_refused_by_name_and_kept_nowhere(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    good = statement(lantern)
    head, body, signature = good.split(".")
    forged = f"{head}.{body[:-4]}{'AAAA' if body[-4:] != 'AAAA' else 'BBBB'}.{signature}"
    bad = {
        "bad-signature": forged,
        "no-key-of-the-agency": statement(lantern, key=new_key()),
        "another-issuer": statement(lantern, issuer="pier"),
        "in-the-future": statement(lantern, issued_at=NOW + timedelta(hours=1)),
        "over-already": statement(lantern, until=NOW - timedelta(days=1)),
        "too-long": "x" * (MAX_JWS + 1),
    }
    assert await given(harbour, *bad.values()) == dict.fromkeys(bad, 1)
    assert await given(harbour, good) == {"kept": 1}
    assert await given(harbour, good) == {"known-already": 1}
    async with harbour.desk.database.transaction() as tx:
        kept = await tx.scalar(sa.select(sa.func.count()).select_from(accepting.Received))
    assert (kept, (await harbour.peer("lantern")).counts["bad-signature"]) == (1, 1)


async def test_a_number_is_used_once_and_nobody_withdraws_what_another_said(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    id = uuid4()
    await given(harbour, statement(lantern, id=id))
    changed = TAKEN.model_copy(update={"category": "known_near"}).model_dump(mode="json")
    assert await given(harbour, statement(lantern, id=id, body=changed)) == {"number-used-twice": 1}
    pier = replace(lantern, name="pier", key=new_key())
    await harbour.pin(pier)
    wish = Withdrawal(statement_id=id, why="mistake").model_dump(mode="json")
    theirs = statement(pier, key=pier.key, issuer="pier", kind="withdrawal", body=wish)
    async with harbour.desk.database.transaction() as tx:
        found = await receive(tx, await peers.needed(tx, "pier", lock=True), [theirs], "test")
    assert (dict(found), (await harbour.received(id)).state) == ({"not-theirs-to-withdraw": 1}, "waiting")


async def test_a_withdrawal_that_comes_first_holds(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    id = uuid4()
    wish = Withdrawal(statement_id=id, why="mistake").model_dump(mode="json")
    assert await given(harbour, statement(lantern, kind="withdrawal", body=wish)) == {"withdrawn": 1}
    assert await given(harbour, statement(lantern, id=id)) == {"withdrawn": 1}
    assert (await harbour.received(id)).state == "withdrawn"


async def test_a_revoked_key_proves_nothing_any_more(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    async with harbour.desk.database.transaction() as tx:
        await peers.revoke(tx, harbour.federation, harbour.one, "lantern", str(lantern.key.kid))
    assert await given(harbour, statement(lantern)) == {"revoked-key": 1}


async def test_what_is_over_or_believed_no_longer_is_dropped(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    short, long = uuid4(), uuid4()
    await given(harbour, statement(lantern, id=short, until=NOW + timedelta(days=1)), statement(lantern, id=long))
    await harbour.accept("lantern")
    later(harbour, 86_401)
    async with harbour.desk.database.transaction() as tx:
        assert await dropping.expire(tx) == 1
    assert await harbour.disbelieve("lantern") == 1
    dropped = await told(harbour.desk.database, StatementDropped)
    assert [(event.statement_id, event.why) for event in dropped] == [(short, "expired"), (long, "disbelieved")]
    with pytest.raises(Problem, match="no-peer"):
        await given(harbour, statement(lantern))


async def test_what_was_withdrawn_before_the_second_person_came_does_not_count(both) -> None:
    lantern, harbour = both
    await harbour.pin(lantern)
    id = uuid4()
    await given(harbour, statement(lantern, id=id))
    batch = await harbour.propose("lantern")
    wish = Withdrawal(statement_id=id, why="mistake").model_dump(mode="json")
    await given(harbour, statement(lantern, kind="withdrawal", body=wish))
    with pytest.raises(Problem, match="nothing-waits"):
        await harbour.confirm(batch)
    assert await told(harbour.desk.database, StatementTaken) == []


ANSWERS = {
    "not-json": b"{",
    "not-a-list": b'{"items": [{"position": "1", "statement": ""}]}',
    "out-of-order": b'{"items": [{"position": 2, "statement": "a"}, {"position": 1, "statement": "b"}]}',
    "no-whole-answer": b"x" * (pulling.MOST_BYTES + 1),
}


@pytest.mark.parametrize("failure", [*ANSWERS, "refused", "not-allowed", "not-reached"])
async def test_a_hostile_answer_is_bounded_and_named(both, failure: str) -> None:
    lantern, harbour = both
    status = {"refused": 302, "not-allowed": 401}.get(failure, 200)

    async def answer(request: Request) -> Response:
        return PlainTextResponse(ANSWERS.get(failure, b""), status, headers={"Location": "http://127.0.0.1/"})

    async with serving(Starlette(routes=[Route(pulling.PATH, answer)]), "127.0.0.1", 0) as port:
        await harbour.pin(lantern, f"http://peer.test:{1 if failure == 'not-reached' else port}")
        await read(harbour)
    row = await harbour.peer("lantern")
    assert (row.failure, row.failures, row.position, row.lease) == (failure, 1, 0, None)
    assert row.due_at > NOW + timedelta(seconds=61)


async def test_a_slow_peer_is_given_up_and_holds_nobody(both, monkeypatch) -> None:
    lantern, harbour = both
    monkeypatch.setattr(pulling, "CALL_S", 0.2)

    async def never(request: Request) -> Response:
        await request.app.state.end.wait()
        return Response()

    app = Starlette(routes=[Route(pulling.PATH, never)])
    app.state.end = asyncio.Event()
    async with serving(app, "127.0.0.1", 0) as port:
        await harbour.pin(lantern, f"http://peer.test:{port}")
        await read(harbour)
        app.state.end.set()
    assert (await harbour.peer("lantern")).failure == "no-whole-answer"


async def test_only_who_was_let_in_reads_statements_and_everybody_the_key(both) -> None:
    lantern, harbour = both
    await lantern.state("case:1")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{lantern.port}", trust_env=False) as client:
        assert (await client.get("/api/federation/statements")).status_code == 401
        key = (await client.get("/api/federation/key")).json()
    assert (key["issuer"], [one["kid"] for one in key["keys"]]) == ("lantern", [lantern.key.kid])
    await harbour.pin(lantern, f"http://peer.test:{lantern.port}", "nobody:wrong")
    await read(harbour)
    assert (await harbour.peer("lantern")).failure == "not-allowed"


async def test_a_statement_of_two_persons_is_issued_when_the_second_confirms(both) -> None:
    lantern, _ = both
    async with lantern.desk.database.transaction() as tx:
        asked = await issuing.propose(
            tx, lantern.federation, lantern.one, StatementKind.HARMLESS, TAKEN, "A stock picture.",
            subject="harmless:1", confirmation_id=uuid4(),
        )  # fmt: skip
    assert await told(lantern.desk.database, StatementIssued) == []
    await lantern.confirm(asked.confirmation_id)
    (event,) = await told(lantern.desk.database, StatementIssued)
    assert event.kind == "harmless"
