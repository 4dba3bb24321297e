"""Orders about evidence, on a real database: each carried out once, holds before destruction, refusals said."""

import asyncio

import pytest
import sqlalchemy as sa

from haetae_verify.chain import broken_at
from services.evidence.custody.lines import SELF
from services.evidence.orders import destruction, facts, holds
from services.evidence.orders.handlers import decided, ordered
from services.evidence.orders.planning import due, plan_of
from services.evidence.orders.taking import LEASE_S, take
from services.evidence.orders.worker import TRIES
from shared.database import Database
from shared.events import EvidenceOrderDone, EvidenceOrdered, OrderKind, ReviewDecided, Verdict
from shared.events.examples import EXAMPLES
from shared.failures import Transient
from shared.identity import identity
from tests.support.orders import Desk
from tests.support.outbox import told
from tests.support.service import envelope


@pytest.fixture
async def database(migrated, clock):
    made = Database(migrated.dsn_for("evidence"), "/haetae/evidence", clock)
    yield made
    await made.close()


@pytest.fixture
def desk(tmp_path, database, clock):
    return Desk.at(tmp_path, database, clock)


async def test_several_holds_stand_at_once_and_each_is_released_by_itself(desk):
    case = await desk.sealed()
    court = await desk.order(case, OrderKind.HOLD, "clerk-1")
    police = await desk.order(case, OrderKind.HOLD, "clerk-2")
    unsaid = await desk.done(case, OrderKind.RELEASE)
    assert "several holds stand" in unsaid.error
    assert str(court) in unsaid.error
    assert str(police) in unsaid.error
    assert (await desk.done(case, OrderKind.RELEASE, hold=str(court))).result == {"hold": str(court)}
    refused = await desk.done(case, OrderKind.DESTROY)
    assert str(police) in refused.error
    assert str(court) not in refused.error
    assert (await desk.done(case, OrderKind.RELEASE)).error is None
    assert "no hold stands" in (await desk.done(case, OrderKind.RELEASE)).error
    assert (await desk.done(case, OrderKind.DESTROY)).error is None
    assert await desk.actions(case) == [
        "collected", "sealed", "held", "held", "released", "released", "destroyed"
    ]  # fmt: skip
    custody = await desk.custody(case)
    assert broken_at(custody) is None
    assert custody[2]["actor"] == "clerk-1"
    assert custody[2]["details"] == {
        "order_id": str(court), "why": "the requester wishes it", "basis": "Rule 2-6", "until": None
    }  # fmt: skip


async def test_a_hold_that_is_ordered_while_a_destruction_waits_comes_first(desk):
    case = await desk.sealed()
    destroying, holding = await desk.order(case, OrderKind.DESTROY), await desk.order(case, OrderKind.HOLD)
    while await desk.step():
        pass
    assert f"was ordered and is about to stand (order {holding})" in (await desk.of(destroying)).error
    assert (await desk.of(holding)).error is None
    assert (await desk.row(case)).destroy_order is None


async def test_a_hold_ends_on_its_day(desk):
    case = await desk.sealed()
    until = "2026-01-10T00:00:00+00:00"
    assert (await desk.done(case, OrderKind.HOLD, until=until)).result == {"until": "2026-01-10T00:00:00.000Z"}
    assert (await desk.done(case, OrderKind.DESTROY)).result is None
    desk.later(days=10)
    assert "would have ended" in (await desk.done(case, OrderKind.HOLD, until=until)).error
    for beyond in ("9999-12-31T23:59:59-12:00", "9999-12-31T23:00:00+00:00"):
        assert "beyond the calendar" in (await desk.done(case, OrderKind.HOLD, until=beyond)).error
    assert (await desk.done(case, OrderKind.DESTROY)).error is None


async def test_nothing_is_ordered_about_a_case_that_is_unknown_or_destroyed(desk):
    unknown = identity("case", "nowhere")
    for kind in (OrderKind.HOLD, OrderKind.DESTROY, OrderKind.RELEASE, OrderKind.CLASS, OrderKind.BUNDLE):
        assert "no evidence of case" in (await desk.done(unknown, kind)).error
    case = await desk.sealed()
    await desk.done(case, OrderKind.DESTROY)
    for kind in OrderKind:
        assert "destroyed on 2026-01-01" in (await desk.done(case, kind)).error


async def test_between_a_hold_and_a_destruction_the_lock_of_the_case_decides(desk, monkeypatch):
    """While the destruction has the case under lock, a hold waits, and is refused then."""
    case = await desk.sealed()
    await desk.order(case, OrderKind.DESTROY)
    begun, may_go_on, begin = asyncio.Event(), asyncio.Event(), destruction._begin

    async def slowly(*given):
        await begin(*given)
        begun.set()
        await may_go_on.wait()

    monkeypatch.setattr(destruction, "_begin", slowly)
    destroying = asyncio.create_task(desk.step("a"))
    await begun.wait()
    holding = asyncio.create_task(hold_now(desk, case))
    done, _ = await asyncio.wait([holding], timeout=0.3)
    assert not done
    may_go_on.set()
    await destroying
    with pytest.raises(destruction.Refused, match=r"being destroyed|was destroyed"):
        await holding


async def hold_now(desk, case):
    """Past the queue of the case's orders."""
    order = await desk.of(await desk.order(case, OrderKind.HOLD))
    async with desk.database.transaction() as tx:
        await holds.hold(order, tx)


async def test_an_order_is_one_processs_until_its_lease_is_over(desk):
    case, other = await desk.sealed(1), await desk.sealed(2)
    first = await desk.order(case, OrderKind.HOLD)
    behind, beside = await desk.order(case, OrderKind.RELEASE), await desk.order(other, OrderKind.HOLD)
    async with desk.database.transaction() as tx:
        assert (await take(tx, "killed")).order_id == first
    assert await desk.step("b")
    assert (await desk.of(beside)).done_at
    assert not await desk.step("b")
    assert not (await desk.of(behind)).done_at
    desk.later(seconds=LEASE_S + 1)
    assert [await desk.step("b"), await desk.step("b")] == [True, True]
    assert (await desk.of(behind)).result == {"hold": str(first)}
    assert await desk.actions(case) == ["collected", "sealed", "held", "released"]


async def test_two_processes_do_every_order_once(desk):
    cases = [await desk.sealed(number) for number in range(6)]
    for case in cases:
        await desk.order(case, OrderKind.HOLD)
    while any(await asyncio.gather(desk.step("a"), desk.step("b"))):
        pass
    for case in cases:
        assert await desk.actions(case) == ["collected", "sealed", "held"]
    assert len(await told(desk.database, EvidenceOrderDone)) == len(cases)


async def test_who_lost_the_lease_writes_nothing_down(desk, monkeypatch):
    case = await desk.sealed()
    order_id = await desk.order(case, OrderKind.DESTROY)

    async def lost(order, tools):
        desk.later(seconds=LEASE_S + 1)
        async with tools.database.transaction() as tx:
            assert await take(tx, "another")
        return {"mine": "no"}

    monkeypatch.setattr(destruction, "destroy", lost)
    await desk.step("first")
    order = await desk.of(order_id)
    assert (order.done_at, order.result, order.taken_by) == (None, None, "another")


async def test_what_is_away_is_waited_for_and_a_fault_is_given_up(desk, monkeypatch):
    case, other = await desk.sealed(1), await desk.sealed(2)
    order_id = await desk.order(case, OrderKind.DESTROY)

    async def away(*_):
        raise Transient("bucket 'keys' does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(desk.tools.vault, "destroy", away)
        for _ in range(TRIES + 2):
            assert await desk.step()
            desk.later(minutes=1)
    order = await desk.of(order_id)
    assert (order.done_at, order.error) == (None, "bucket 'keys' does not answer")

    async def broken(*_):
        raise ZeroDivisionError("of a text of the page")

    with monkeypatch.context() as patched:
        patched.setattr(desk.tools.vault, "destroy", broken)
        for _ in range(TRIES + 1):
            await desk.step()
            desk.later(minutes=1)
    order = await desk.of(order_id)
    assert order.done_at
    assert "given up after 3 tries: a fault of the program (ZeroDivisionError)" in order.error
    assert "page" not in order.error
    assert (await desk.done(other, OrderKind.HOLD)).error is None
    assert "being destroyed" in (await desk.done(case, OrderKind.HOLD)).error
    assert (await desk.done(case, OrderKind.DESTROY)).error is None  # another order takes the begun one over


async def test_an_official_hears_what_became_of_an_order(desk):
    case = await desk.sealed()
    example = EXAMPLES[EvidenceOrdered].model_copy(update={"case_id": case, "kind": OrderKind.HOLD})
    empty = example.model_copy(update={"order_id": identity("order", "empty"), "basis": " "})
    for event in (example, example, empty):
        async with desk.database.transaction(envelope(event)) as tx:
            await ordered(event, tx)
    while await desk.step():
        pass
    right, wrong = await told(desk.database, EvidenceOrderDone)
    assert (right.order_id, right.kind, right.error, right.by) == (example.order_id, "hold", None, example.by)
    assert wrong.error.startswith("basis is empty")


async def test_the_class_follows_from_category_verdict_and_order(desk):
    case = await desk.sealed()

    async def planned():
        async with desk.database.transaction() as tx:
            return await plan_of(tx, case, desk.tools.rules)

    async def over():
        async with desk.database.transaction() as tx:
            return [one.case_id for one in await due(tx, desk.tools.rules, desk.clock.now())]

    assert (await planned()).kept.kept_as == "five-years"
    rejected = {"case_id": case, "verdict": Verdict.REJECTED, "decided_at": desk.clock.now()}
    event = EXAMPLES[ReviewDecided].model_copy(update=rejected)
    async with desk.database.transaction(envelope(event)) as tx:
        await decided(event, tx)
    assert (await planned()).kept.kept_as == "rejected"
    assert await over() == []
    desk.later(days=31)
    assert await over() == [case]
    await desk.done(case, OrderKind.HOLD)
    assert await over() == []
    await desk.done(case, OrderKind.RELEASE)
    changed = await desk.done(case, OrderKind.CLASS, retention="permanent")
    assert changed.result == {"class_before": "rejected", "class_after": "permanent"}
    assert await over() == []
    assert "kept for ever as permanent" in (await desk.done(case, OrderKind.DESTROY)).error
    assert "'thousand' is no retention class" in (await desk.done(case, OrderKind.CLASS, retention="thousand")).error
    await desk.done(case, OrderKind.CLASS, retention="destroy-now")
    assert await over() == [case]
    assert (await desk.actions(case))[2:] == ["held", "released", "class-changed", "class-changed"]


async def test_a_category_once_told_stays_and_an_older_verdict_does_not_count(desk):
    case = await desk.sealed()
    async with desk.database.transaction() as tx:
        for hours, verdict in ((2, Verdict.APPROVED), (1, Verdict.REJECTED)):
            at = desk.clock.now().replace(hour=hours)
            said = {"case_id": case, "verdict": verdict, "decided_at": at}
            await facts.decided(tx, EXAMPLES[ReviewDecided].model_copy(update=said))
        known = await facts.of(tx, case)
    assert (known.verdict, known.decided_at.hour) == ("approved", 2)
    assert "known_content" in known.categories


REWRITTEN = (
    "UPDATE orders SET why = 'another reason'",
    "UPDATE orders SET result = '{}'",
    "UPDATE orders SET done_at = NULL, result = NULL, error = NULL",
    "DELETE FROM orders",
    "UPDATE holds SET placed_at = now()",
    "UPDATE holds SET until = now()",
    "DELETE FROM holds",
    "DELETE FROM evidence",
    "UPDATE signing_keys SET since = now()",
    "DELETE FROM signing_keys",
    "UPDATE custody SET actor = 'another'",
    "DELETE FROM custody_ends",
)


async def test_the_service_itself_cannot_rewrite_what_was_ordered_held_and_sealed(desk, database):
    case = await desk.sealed()
    await desk.done(case, OrderKind.HOLD)
    for statement in REWRITTEN:
        with pytest.raises(sa.exc.DBAPIError, match=r"permission denied|has ended|append-only"):
            async with database.transaction() as tx:
                await tx.execute(sa.text(statement))


async def test_a_person_does_not_wait_for_what_the_service_ordered_itself(desk):
    over, wanted = await desk.sealed(1), await desk.sealed(2)
    own, persons = await desk.order(over, OrderKind.HOLD, SELF), await desk.order(wanted, OrderKind.HOLD)
    assert await desk.step()
    assert [(await desk.of(one)).done_at is not None for one in (own, persons)] == [False, True]
